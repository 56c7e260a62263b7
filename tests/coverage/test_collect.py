"""The calls about one account, against the emulator, and what is kept in time and number."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta

import pytest

from tests.aws.emulator import ACCOUNT, Emulator
from tests.coverage.collecting import (
    HANG,
    HERE,
    LONG,
    NOW,
    STATUS,
    THERE,
    TRAILS,
    Peer,
    StandingClock,
    account,
    arn,
    asked_of,
    bad,
    fault_of,
    names,
    verdict_of,
)
from trailwarden.aws import Aws
from trailwarden.coverage.binding import Arrived
from trailwarden.coverage.collect import collect
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import Failure, Fault, Selectors, Trail, TrailStatus
from trailwarden.coverage.verdict import judge
from trailwarden.model.clock import SystemClock
from trailwarden.model.log_key import LogKey

# --- against the emulator -----------------------------------------------------------------------------------


async def _trail(aws: Aws, name: str, home: str, *, multi: bool, started: bool) -> None:
    client = await aws.client("cloudtrail", home)
    await client.create_trail(Name=name, S3BucketName="logs", S3KeyPrefix="audit", IsMultiRegionTrail=multi)
    if started:
        await client.start_logging(Name=name)


async def _bucket(aws: Aws) -> None:
    await (await aws.client("s3", "us-east-1")).create_bucket(Bucket="logs")


async def test_a_multi_region_trail_that_logs_is_verified_in_every_region(emulator: Emulator) -> None:
    aws = Aws(emulator.settings())
    await _bucket(aws)
    await _trail(aws, "all", THERE, multi=True, started=True)
    client = await aws.client("cloudtrail", THERE)
    await client.put_event_selectors(
        TrailName="all", EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    )
    facts = await collect(aws, account(), SystemClock(), LONG)
    await aws.close()
    assert not isinstance(facts.regions, Failure)
    assert {HERE, THERE} < set(facts.regions)
    assert list(facts.regions) == sorted(facts.regions)
    assert facts.trails == (Trail(arn("all", THERE), "all", THERE, True, False, "logs", "audit"),)
    assert set(facts.statuses) == {(arn("all", THERE), region) for region in facts.regions}
    status = facts.statuses[arn("all", THERE), HERE]
    assert isinstance(status, TrailStatus)
    assert status.logging
    assert status.started is not None
    assert status.started.tzinfo is UTC
    selectors = facts.selectors[arn("all", THERE)]
    assert isinstance(selectors, Selectors)
    assert selectors.basic[0]["ReadWriteType"] == "All"
    assert not selectors.advanced
    for region in facts.regions:
        # The emulator's delivery times are in the time zone of the machine.
        assert bad(verdict_of(facts, region)) <= {"delivery"}


async def test_a_stopped_trail_is_a_gap(emulator: Emulator) -> None:
    aws = Aws(emulator.settings())
    await _bucket(aws)
    await _trail(aws, "all", HERE, multi=True, started=True)
    await (await aws.client("cloudtrail", HERE)).stop_logging(Name="all")
    facts = await collect(aws, account(HERE, THERE), SystemClock(), LONG)
    await aws.close()
    status = facts.statuses[arn("all"), THERE]
    assert isinstance(status, TrailStatus)
    assert not status.logging
    assert status.stopped is not None
    verdict = verdict_of(facts, THERE)
    assert verdict.state is State.GAP
    assert "logging" in bad(verdict)


async def test_trails_of_one_region_are_found_where_they_are(emulator: Emulator) -> None:
    aws = Aws(emulator.settings())
    await _bucket(aws)
    await _trail(aws, "here", HERE, multi=False, started=True)
    await _trail(aws, "there", THERE, multi=False, started=False)
    await _trail(aws, "far", "eu-north-1", multi=False, started=True)
    facts = await collect(aws, account(HERE, THERE), SystemClock(), LONG)
    await aws.close()
    assert facts.regions == (HERE, THERE)
    assert names(facts) == ["here", "there"]
    assert set(facts.statuses) == {(arn("here"), HERE), (arn("there", THERE), THERE)}
    assert bad(verdict_of(facts)) - {"delivery"} == {"multi_region"}
    assert verdict_of(facts).state is State.GAP


async def test_advanced_selectors_and_none(emulator: Emulator) -> None:
    aws = Aws(emulator.settings())
    await _bucket(aws)
    await _trail(aws, "reads", HERE, multi=True, started=True)
    await _trail(aws, "untouched", HERE, multi=True, started=True)
    fields = [
        {"Field": "eventCategory", "Equals": ["Management"]},
        {"Field": "readOnly", "Equals": ["true"]},
    ]
    await (await aws.client("cloudtrail", HERE)).put_event_selectors(
        TrailName="reads", AdvancedEventSelectors=[{"Name": "reads", "FieldSelectors": fields}]
    )
    facts = await collect(aws, account(HERE, trail="reads"), SystemClock(), LONG)
    await aws.close()
    reads = facts.selectors[arn("reads")]
    assert isinstance(reads, Selectors)
    assert reads.advanced[0]["FieldSelectors"] == fields
    assert not reads.basic
    assert facts.selectors[arn("untouched")] == Selectors([], [])
    key = LogKey("audit", "", ACCOUNT, "CloudTrail", HERE, facts.asked)
    verdict = judge(facts, HERE, [Arrived("logs", key, facts.asked)], wanted="reads")
    assert verdict.state is State.GAP
    assert "management_events" in bad(verdict)


async def test_an_account_without_trails_is_a_gap(emulator: Emulator) -> None:
    aws = Aws(emulator.settings())
    facts = await collect(aws, account(HERE, THERE), SystemClock(), LONG)
    await aws.close()
    assert facts.trails == ()
    assert verdict_of(facts).state is State.GAP


# --- time and number ----------------------------------------------------------------------------------------


async def test_what_hangs_is_lost_and_what_arrived_is_kept(peer: Peer) -> None:
    for operation in (TRAILS, STATUS):
        peer.says(operation, HANG, THERE)
    facts = await asked_of(peer, account(), timedelta(seconds=6))
    hung = facts.statuses[arn("all"), THERE]
    assert hung == Failure(Fault.NETWORK, "cloudtrail:GetTrailStatus", NOW, "no answer within 6 s")
    assert verdict_of(facts, HERE).state is State.VERIFIED
    assert verdict_of(facts, THERE).state is State.UNKNOWN


@pytest.mark.parametrize("operation", ["DescribeRegions", TRAILS])
async def test_where_the_first_call_hangs_nothing_is_known(peer: Peer, operation: str) -> None:
    peer.says(operation, HANG)
    facts = await asked_of(peer, account(), timedelta(seconds=0.3))
    assert fault_of(facts.trails) is Fault.NETWORK
    assert isinstance(facts.trails, Failure)
    assert facts.trails.detail.endswith("no answer within 0.3 s")
    assert verdict_of(facts).state is State.UNKNOWN


async def test_five_calls_at_once_and_no_more(peer: Peer) -> None:
    peer.seconds = 0.02
    regions = [f"eu-west-{number}" for number in range(1, 10)]
    peer.says("DescribeRegions", regions)
    facts = await asked_of(peer, account())
    assert len(facts.statuses) == len(regions)
    assert peer.most_busy == 5


@pytest.mark.parametrize("operation", ["DescribeRegions", STATUS])
async def test_being_cancelled_is_no_answer_of_the_account(peer: Peer, operation: str) -> None:
    peer.says(operation, HANG)
    aws = Aws(peer.settings())
    task = asyncio.create_task(collect(aws, account(), StandingClock(), LONG))
    await peer.hanging.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await aws.close()
