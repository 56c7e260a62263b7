"""Accounts side by side: each as its own identity, and none at the cost of another."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.aws.buckets import Bucket
from tests.aws.emulator import ACCOUNT, REGION, Emulator
from tests.aws.trails import make_trail
from trailwarden.aws import Fault
from trailwarden.coverage import round as rounds
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import AccountFacts, Failure
from trailwarden.coverage.report import reported
from trailwarden.coverage.round import Collector
from trailwarden.coverage.settings import AccountSettings, CoverageSettings
from trailwarden.model import SystemClock

OTHER = "222222222222"
ROLE = f"arn:aws:iam::{OTHER}:role/reader"


def account(number: str = ACCOUNT, **more: Any) -> AccountSettings:
    return AccountSettings.model_validate({"id": number, "regions": [REGION], **more})


async def asked(emulator: Emulator, *accounts: AccountSettings, **aws: Any) -> list[AccountFacts]:
    collector = Collector(emulator.settings(max_attempts=1, **aws), timedelta(seconds=10), SystemClock())
    try:
        return await collector.collect(accounts)
    finally:
        await collector.close()


@pytest.fixture
async def bucket(emulator: Emulator) -> Any:
    made = Bucket(emulator)
    await made.make()
    await make_trail(made)
    yield made
    await made.close()


async def test_each_account_is_asked_as_its_own_role(emulator: Emulator, bucket: Bucket) -> None:
    own, other = await asked(emulator, account(), account(OTHER, role_arn=ROLE))
    assert not isinstance(own.trails, Failure)
    assert len(own.trails) == 1
    assert list(other.trails) == []  # type: ignore[arg-type]


async def test_credentials_of_another_account_are_unknown_and_never_a_gap(
    emulator: Emulator, bucket: Bucket
) -> None:
    wrong = account(OTHER)
    (facts,) = await asked(emulator, wrong)
    assert isinstance(facts.trails, Failure)
    assert (facts.trails.fault, facts.trails.call) == (Fault.DENIED, "sts:GetCallerIdentity")
    settings = CoverageSettings(accounts=(wrong,))
    report = reported(SystemClock().now(), settings, {OTHER: facts}, [], [])
    assert {verdict.state for verdict in report.verdicts} == {State.UNKNOWN}
    assert f"belong to account {ACCOUNT}, not {OTHER}" in report.reason()


async def test_an_account_that_cannot_be_reached_does_not_hold_up_the_rest(
    emulator: Emulator, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = rounds.collect

    async def fragile(aws: Any, one: AccountSettings, *rest: Any) -> AccountFacts:
        if one.id == OTHER:
            raise RuntimeError("a bug")
        return await real(aws, one, *rest)

    monkeypatch.setattr(rounds, "collect", fragile)
    own, other = await asked(emulator, account(), account(OTHER, role_arn=ROLE))
    assert not isinstance(own.trails, Failure)
    assert isinstance(other.trails, Failure)
    assert (other.trails.fault, other.trails.detail) == (Fault.OTHER, "RuntimeError; see the log")


async def test_without_credentials_nothing_is_concluded(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    (facts,) = await asked(emulator, account())
    assert isinstance(facts.trails, Failure)
    assert facts.trails.fault is Fault.DENIED


async def test_nobody_there_is_a_network_fault(emulator: Emulator) -> None:
    (facts,) = await asked(emulator, account(), endpoints={"sts": "http://127.0.0.1:9"})
    assert isinstance(facts.trails, Failure)
    assert facts.trails.fault is Fault.NETWORK
