"""Clients of one identity, against an emulator: they work, they are kept, they are found anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import NoCredentialsError
from botocore.utils import parse_timestamp

from tests.aws.emulator import ACCOUNT, Emulator
from trailwarden.aws import Aws, Role
from trailwarden.aws.session import _moment


async def _who(aws: Aws) -> str:
    arn: str = (await (await aws.client("sts")).get_caller_identity())["Arn"]
    return arn


async def test_a_client_is_made_once_per_service_and_region(emulator: Emulator) -> None:
    aws = Aws(emulator.settings())
    first = await aws.client("sqs", "eu-west-1")
    assert await aws.client("sqs", "eu-west-1") is first
    assert await aws.client("sqs", "us-east-1") is not first
    await aws.close()


async def test_a_role_is_assumed(emulator: Emulator) -> None:
    role = Role(role_arn="arn:aws:iam::222222222222:role/reader", external_id="of-our-own")
    aws = Aws(emulator.settings(), role)
    assert "222222222222" in await _who(aws)
    assert (await aws.credentials()).token
    await aws.close()


async def test_without_a_role_it_is_the_account_itself(emulator: Emulator) -> None:
    aws = Aws(emulator.settings())
    assert ACCOUNT in await _who(aws)
    await aws.close()


async def test_credentials_that_appear_later_are_found_by_renewing(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    aws = Aws(emulator.settings())
    with pytest.raises(NoCredentialsError):
        await _who(aws)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "later")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "later")
    await aws.renew()
    assert ACCOUNT in await _who(aws)
    await aws.close()


async def test_renewals_do_not_pile_up(emulator: Emulator) -> None:
    now = 100.0
    aws = Aws(emulator.settings(), monotonic=lambda: now)
    before = await aws.client("sts")
    await aws.renew()
    fresh = await aws.client("sts")
    assert fresh is not before
    await aws.renew()
    assert await aws.client("sts") is fresh
    now += 5
    await aws.renew()
    assert await aws.client("sts") is not fresh
    await aws.close()


async def test_a_call_under_way_survives_one_renewal(emulator: Emulator) -> None:
    aws = Aws(emulator.settings())
    client = await aws.client("sts")
    await aws.renew()
    assert (await client.get_caller_identity())["Account"] == ACCOUNT
    await aws.close()


async def test_an_assumed_role_is_assumed_anew_before_it_expires(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = Aws(emulator.settings(), Role(role_arn="arn:aws:iam::222222222222:role/reader"))
    first = await aws.credentials()
    assert await aws.credentials() == first
    assert aws._session is not None
    later = datetime.now(UTC) + timedelta(minutes=50)  # of sixty
    aws._session._credentials._time_fetcher = lambda: later
    monkeypatch.setattr("botocore.credentials._local_now", lambda: later)
    assert await aws.credentials() != first
    await aws.close()


@pytest.mark.parametrize(
    "told", [1767225600, 1767225600.123, "2026-01-01T00:00:00.123Z", "2026-01-01T00:00:00Z"]
)
def test_times_in_answers_are_read_exactly_and_in_utc(told: float | str) -> None:
    moment = _moment(told)
    assert moment.utcoffset() == timedelta(0)
    assert moment == parse_timestamp(told)
