"""Events that come in a stream: what they prove of a feed, and what they do not."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from tests.aws.trails import call
from trailwarden.coverage.arrivals import Arrivals
from trailwarden.coverage.binding import Arrived, Streamed, binding
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import AccountFacts, Failure, Trail, TrailStatus
from trailwarden.coverage.freshness import freshness
from trailwarden.coverage.verdict import judge
from trailwarden.decode import Limits
from trailwarden.detection.places import places_of
from trailwarden.errors import Reason, UnusableError
from trailwarden.model.log_key import LogKey
from trailwarden.pipeline.looks import Looks

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
ACCOUNT, REGION = "123456789012", "eu-west-1"
TRAIL = Trail(
    f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/main", "main", REGION,
    multi_region=True, organization=False, bucket="logs",
)  # fmt: skip


def event(minutes: float, region: str = REGION) -> Streamed:
    return Streamed("bus", ACCOUNT, region, NOW - timedelta(minutes=minutes))


def file(minutes: float, bucket: str = "logs") -> Arrived:
    at = NOW - timedelta(minutes=minutes)
    return Arrived(bucket, LogKey("", "", ACCOUNT, "CloudTrail", REGION, at), at)


@pytest.mark.parametrize(
    ("arrived", "others", "state"),
    [
        ([event(1)], [], State.VERIFIED),
        ([event(1)], ["second"], State.UNKNOWN),
        ([event(1), file(1)], ["second"], State.VERIFIED),
        ([event(1), file(1, "another")], [], State.GAP),
        ([event(1, "us-east-1")], [], State.UNKNOWN),
    ],
)
def test_an_event_binds_the_only_trail_that_can_have_written_it(
    arrived: list[Arrived | Streamed], others: list[str], state: State
) -> None:
    finding = binding(TRAIL, ACCOUNT, REGION, arrived, others)
    assert finding.state is state
    if arrived == [event(1)]:
        assert finding.evidence["streams"] == ["bus"]
        assert ("second" in finding.sentence) is bool(others)


@pytest.mark.parametrize(
    ("second", "logging", "state"),
    [
        (replace(TRAIL, arn=TRAIL.arn + "2", name="second"), True, State.UNKNOWN),
        (replace(TRAIL, arn=TRAIL.arn + "2", name="second"), False, State.VERIFIED),
        (replace(TRAIL, arn=TRAIL.arn + "2", name="second"), None, State.UNKNOWN),
        (
            replace(TRAIL, arn=TRAIL.arn + "2", home_region="us-east-1", multi_region=False),
            True,
            State.VERIFIED,
        ),
        (TRAIL, True, State.VERIFIED),  # the same, listed by another Region
    ],
)
def test_another_trail_that_may_have_written_it_leaves_it_unknown(
    second: Trail, logging: bool | None, state: State
) -> None:
    statuses: dict[tuple[str, str], TrailStatus | Failure] = {(TRAIL.arn, REGION): TrailStatus(logging=True)}
    if second.arn != TRAIL.arn and logging is not None:
        statuses[second.arn, REGION] = TrailStatus(logging=logging)
    facts = AccountFacts(ACCOUNT, NOW, (REGION,), (TRAIL, second), statuses)
    verdict = judge(facts, REGION, [event(1)], TRAIL.arn)
    (finding,) = (one for one in verdict.findings if one.condition == "binding")
    assert finding.state is state


@pytest.mark.parametrize(
    ("arrived", "delivered", "state"),
    [
        ([event(1)], 1, State.VERIFIED),
        ([event(60)], 30, State.UNKNOWN),  # not every event of a stream is looked into
        ([event(1, "us-east-1")], 30, State.UNKNOWN),
        ([file(60)], 30, State.GAP),
        ([file(60), event(2)], 30, State.VERIFIED),
    ],
)
def test_an_event_is_fresh_and_none_is_no_gap(
    arrived: list[Arrived | Streamed], delivered: float, state: State
) -> None:
    status = TrailStatus(logging=True, latest_delivery=NOW - timedelta(minutes=delivered), latest_digest=None)
    facts = AccountFacts(ACCOUNT, NOW, (REGION,), (TRAIL,), {(TRAIL.arn, REGION): status})
    assert freshness(facts, TRAIL, REGION, arrived, timedelta(minutes=45)).state is state


def test_what_came_in_streams_is_kept_over_a_restart() -> None:
    arrivals = Arrivals()
    arrivals.note_event("bus", ACCOUNT, REGION, NOW)
    arrivals.note_event("bus", ACCOUNT, REGION, NOW + timedelta(minutes=1))
    again = Arrivals()
    again.restore(orjson.loads(orjson.dumps(arrivals.as_json())))
    assert list(again.everything()) == [Streamed("bus", ACCOUNT, REGION, NOW + timedelta(minutes=1))]
    assert list(again.latest()) == []


def test_accounts_and_regions_are_those_of_the_events_whatever_they_are_wrapped_in() -> None:
    def of(region: str, **more: Any) -> dict[str, Any]:
        return call("DescribeVpcs", awsRegion=region, **more)

    payloads: list[bytes | UnusableError] = [
        orjson.dumps(of("eu-west-1")),
        gzip.compress(orjson.dumps({"Records": [of("eu-west-2"), of("eu-west-3")]})),
        orjson.dumps({"message": orjson.dumps(of("us-east-1")).decode()}),
        b"no JSON",
        UnusableError(Reason.TOO_LARGE, "too large"),
        orjson.dumps(of("us-east-2", recipientAccountId="none")),
        orjson.dumps(of("us-west-1", requestParameters={"awsRegion": "eu-north-1"})),
    ]
    regions = ["eu-west-1", "eu-west-2", "eu-west-3", "us-east-1", "us-west-1"]
    assert places_of(payloads, Limits(), 100) == {(ACCOUNT, region) for region in regions}
    assert places_of(payloads, Limits(), 2) == {(ACCOUNT, region) for region in regions[:2]}
    assert places_of(payloads, Limits(), 0) == set()


def test_a_slow_stream_is_looked_at_whole_and_a_fast_one_in_part() -> None:
    looks = Looks(100)
    assert looks.take("slow", 3, NOW) == 3
    assert [looks.take("fast", 80, NOW) for _ in range(3)] == [80, 20, 0]
    assert looks.take("fast", 80, NOW + timedelta(seconds=0.5)) == 50
    assert looks.take("fast", 1000, NOW + timedelta(seconds=60)) == 100
    assert looks.take("slow", 97, NOW) == 97
