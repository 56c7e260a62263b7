"""What becomes of an object that was not read: each failure has its policy and its reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trailwarden.aws import AwsFailure, Fault
from trailwarden.aws.failures import classified_code
from trailwarden.errors import Reason, UnusableError
from trailwarden.model import Origin
from trailwarden.sources.s3_objects import ObjectBatch, Policy, object_key, put_back_for, ruling

LIMIT = 3


@pytest.mark.parametrize(
    ("code", "status", "policy", "reason"),
    [
        ("SlowDown", 503, Policy.HOLD, Reason.UNREADABLE),
        ("KMS.ThrottlingException", 400, Policy.HOLD, Reason.UNREADABLE),
        ("InternalError", 500, Policy.HOLD, Reason.UNREADABLE),
        ("RequestTimeout", 400, Policy.HOLD, Reason.UNREADABLE),
        ("ExpiredToken", 400, Policy.HOLD, Reason.UNREADABLE),
        ("InvalidAccessKeyId", 403, Policy.HOLD, Reason.UNREADABLE),
        ("AccessDenied", 403, Policy.BACK, Reason.UNAUTHORIZED),
        ("KMS.DisabledException", 400, Policy.BACK, Reason.UNAUTHORIZED),
        ("KMS.NotFoundException", 400, Policy.BACK, Reason.UNAUTHORIZED),
        ("NoSuchKey", 404, Policy.QUARANTINE, Reason.MISSING),
        ("NoSuchVersion", 404, Policy.QUARANTINE, Reason.MISSING),
        ("NoSuchBucket", 404, Policy.QUARANTINE, Reason.MISSING),
        ("InvalidObjectState", 403, Policy.QUARANTINE, Reason.ARCHIVED),
        ("InvalidRequest", 400, Policy.QUARANTINE, Reason.UNREADABLE),
    ],
)
def test_each_failure_has_a_policy_and_a_reason_at_the_last_receive(
    code: str, status: int, policy: Policy, reason: Reason
) -> None:
    failure = classified_code(code, status)
    for receives in (LIMIT, LIMIT + 1, 1000):
        ruled = ruling(failure, receives, LIMIT)
        assert (ruled.policy, ruled.reason) == (policy, reason)


@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("receives", [1, LIMIT - 1])
def test_nothing_is_given_up_before_the_last_receive(fault: Fault, receives: int) -> None:
    failure = AwsFailure(fault, "code", "detail")
    assert ruling(failure, receives, LIMIT).policy is not Policy.QUARANTINE


@pytest.mark.parametrize("fault", list(Fault))
def test_credentials_that_are_wrong_are_never_the_objects_fault(fault: Fault) -> None:
    failure = AwsFailure(fault, "code", "detail", credentials=True)
    assert ruling(failure, 1000, LIMIT).policy is Policy.HOLD


@pytest.mark.parametrize(
    ("receives", "first", "seconds"),
    [
        (1, 5, 5),
        (2, 5, 10),
        (3, 5, 20),
        (8, 5, 640),
        (9, 5, 900),
        (10_000, 5, 900),
        (1, 900, 900),
        (1, 0, 0),
        (10_000, 0, 0),
        (1, 0.5, 0),
        (2, 0.5, 1),
    ],
)
def test_what_failed_stays_away_twice_as_long_each_time(receives: int, first: float, seconds: int) -> None:
    assert put_back_for(receives, first) == seconds


@pytest.mark.parametrize(
    ("etag", "key"),
    [
        ("abc", "s3://b/k#1#abc"),
        ('"abc"', "s3://b/k#1#abc"),
        ("", "s3://b/k#1"),
        (None, "s3://b/k#1"),
    ],
)
def test_an_object_written_anew_is_another_one(etag: str | None, key: str) -> None:
    assert object_key("b", "k#1", etag) == key


def _batch(payload: bytes | UnusableError, answers: list[str | None]) -> ObjectBatch:
    origin = Origin("trail", "s3_sqs", "s3://b/k")
    return ObjectBatch(origin, "k", datetime.now(UTC), payload, lambda _batch, why: answers.append(why))


async def test_a_batch_is_answered_for_once() -> None:
    answers: list[str | None] = []
    batch = _batch(b"content", answers)
    assert (batch.load(), batch.size_hint) == (b"content", 7)
    await batch.ack()
    await batch.nack("too late")
    await batch.ack()
    assert answers == [None]


async def test_a_nack_takes_its_reason_along() -> None:
    answers: list[str | None] = []
    batch = _batch(b"", answers)
    await batch.nack("the store is away")
    await batch.ack()
    assert answers == ["the store is away"]


def test_what_is_unusable_is_raised_with_its_payload() -> None:
    batch = _batch(UnusableError(Reason.NOT_OURS, "no news", b"body"), [])
    assert batch.size_hint == 4
    with pytest.raises(UnusableError, match="no news") as caught:
        batch.load()
    assert caught.value.payload == b"body"
