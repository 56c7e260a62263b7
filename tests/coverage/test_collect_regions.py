"""One Region of several fails, is not enabled, or is not known."""

from __future__ import annotations

from typing import Any

import pytest

from tests.coverage.collecting import (
    FAR,
    HERE,
    LONG,
    STATUS,
    THERE,
    TRAILS,
    Peer,
    Refused,
    StandingClock,
    account,
    arn,
    asked_of,
    fault_of,
    listed,
    names,
    verdict_of,
)
from trailwarden.aws import Aws
from trailwarden.coverage.collect import collect
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import Failure, Fault

# --- one Region of several ----------------------------------------------------------------------------------


async def test_a_region_that_fails_does_not_hide_the_multi_region_trail(peer: Peer) -> None:
    for operation in (TRAILS, STATUS):
        peer.says(operation, Refused("InternalFailure", 500), THERE)
    facts = await asked_of(peer, account())
    assert names(facts) == ["all"]
    assert verdict_of(facts, HERE).state is State.VERIFIED
    assert verdict_of(facts, THERE).state is State.UNKNOWN


@pytest.mark.parametrize("found", [[], [listed("here", multi=False)]])
async def test_a_list_that_may_be_incomplete_is_a_failure(peer: Peer, found: list[dict[str, Any]]) -> None:
    peer.says(TRAILS, {"trailList": found})
    peer.says(TRAILS, Refused("ThrottlingException", message="slower"), THERE)
    facts = await asked_of(peer, account())
    assert fault_of(facts.trails) is Fault.THROTTLED
    assert isinstance(facts.trails, Failure)
    assert facts.trails.detail == f"{THERE}: ThrottlingException: slower"
    for region in (HERE, THERE):
        assert verdict_of(facts, region).state is State.UNKNOWN


async def test_the_trail_that_counts_may_be_where_no_answer_came_from(peer: Peer) -> None:
    peer.says(TRAILS, Refused("ThrottlingException"), THERE)
    assert fault_of((await asked_of(peer, account(trail="other"))).trails) is Fault.THROTTLED
    assert names(await asked_of(peer, account(trail="all"))) == ["all"]


async def test_without_the_regions_no_trail_is_missed_for_sure(peer: Peer) -> None:
    peer.says("DescribeRegions", Refused("UnauthorizedOperation", 403))
    peer.says(TRAILS, {"trailList": []})
    facts = await asked_of(peer, account())
    assert fault_of(facts.trails) is Fault.DENIED
    assert {region for _, region, _ in peer.asked} == {HERE}
    assert verdict_of(facts, THERE).state is State.UNKNOWN


@pytest.mark.parametrize("code", ["UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure"])
async def test_a_listed_region_that_is_not_enabled(peer: Peer, code: str) -> None:
    for operation in (TRAILS, STATUS):
        peer.says(operation, Refused(code), FAR)
    facts = await asked_of(peer, account(HERE, FAR), renewals=0)
    assert fault_of(facts.statuses[arn("all"), FAR]) is Fault.REGION_DISABLED
    assert verdict_of(facts, HERE).state is State.VERIFIED
    assert verdict_of(facts, FAR).state is State.UNKNOWN


async def test_credentials_refused_everywhere_are_wrong_credentials(peer: Peer) -> None:
    peer.says(TRAILS, Refused("UnrecognizedClientException"))
    facts = await asked_of(peer, account(HERE, FAR), renewals=1)
    assert fault_of(facts.trails) is Fault.DENIED


async def test_credentials_that_a_region_took_before_are_not_a_disabled_region(peer: Peer) -> None:
    peer.says(STATUS, Refused("UnrecognizedClientException"), FAR)
    facts = await asked_of(peer, account(HERE, FAR), renewals=1)
    assert fault_of(facts.statuses[arn("all"), FAR]) is Fault.DENIED


async def test_an_enabled_region_that_was_looked_up_is_not_disabled(peer: Peer) -> None:
    for operation in (TRAILS, STATUS):
        peer.says(operation, Refused("UnrecognizedClientException"), THERE)
    facts = await asked_of(peer, account(), renewals=1)
    assert fault_of(facts.statuses[arn("all"), THERE]) is Fault.DENIED


async def test_no_region_at_all_says_what_to_set(peer: Peer) -> None:
    aws = Aws(peer.settings(region=None))
    facts = await collect(aws, account(), StandingClock(), LONG)
    listed_ones = await collect(aws, account(HERE), StandingClock(), LONG)
    await aws.close()
    for answer in (facts.regions, facts.trails):
        assert isinstance(answer, Failure)
        assert fault_of(answer) is Fault.OTHER
        assert "aws.region" in answer.detail
    assert verdict_of(facts).state is State.UNKNOWN
    assert verdict_of(listed_ones).state is State.VERIFIED


async def test_the_first_region_as_botocore_finds_it(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", THERE)
    aws = Aws(peer.settings(region=None))
    await collect(aws, account(), StandingClock(), LONG)
    await aws.close()
    assert peer.asked[0][:2] == ("DescribeRegions", THERE)
