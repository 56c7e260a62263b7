"""The Kinesis source with leases: two instances, a table that cannot be had, positions that must be there before a read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from tests.aws.emulator import Emulator
from tests.aws.streams import HASHES, TABLE
from tests.sources.streaming import World, comes_true, streaming, working
from trailwarden.errors import StoreError
from trailwarden.model import Checkpoint, SystemClock
from trailwarden.sources import Given, SourceState
from trailwarden.sources.kinesis_custody import StoreCustody
from trailwarden.sources.kinesis_leased import LeaseCustody
from trailwarden.sources.kinesis_leases import Lease
from trailwarden.sources.kinesis_position import Position, read
from trailwarden.sources.kinesis_settings import KinesisSettings
from trailwarden.sources.kinesis_shards import Shard
from trailwarden.sources.problems import Problems

LEASED = {"lease_table": TABLE, "create_lease_table": True}


@pytest.fixture
async def world(emulator: Emulator) -> AsyncIterator[World]:
    async with streaming(emulator, shards=2) as made:
        yield made


async def put(world: World, *names: bytes) -> None:
    """To both shards in turn."""
    for number, name in enumerate(names):
        await world.stream.put(name, at=number % 2 * (HASHES - 1))


async def test_what_one_leaves_the_other_goes_on_with(world: World) -> None:
    await put(world, b"1", b"2")
    async with working(world, world.source(**LEASED)):
        await world.until(lambda: len(world.got) == 2)
    rows = await world.stream.leases()
    assert all("leaseOwner" not in row for row in rows.values())
    assert all(row["checkpoint"].isdecimal() for row in rows.values())
    await put(world, b"3", b"4")
    async with working(world, world.source(**LEASED)):
        await world.until(lambda: len(world.got) == 4)
    assert sorted(world.data()) == [b"1", b"2", b"3", b"4"]


async def test_two_share_the_shards_and_one_takes_over_from_a_dead_one(world: World) -> None:
    first, second = world.source(**LEASED), world.source(**LEASED)
    async with contextlib.AsyncExitStack() as stack:
        for source in (first, second):
            await stack.enter_async_context(working(world, source))
        await comes_true(lambda: len(first._readers) == len(second._readers) == 1)
        await put(world, b"1", b"2")
        await world.until(lambda: len(set(world.data())) == 2)
        for task in first._rounds._tasks:  # it is still there, and does nothing any more
            task.cancel()
        await comes_true(lambda: len(second._readers) == 2)
        await put(world, b"3", b"4")
        await world.until(lambda: len(set(world.data())) == 4)


async def test_a_table_that_cannot_be_written_stops_the_shards_until_it_can(world: World) -> None:
    await put(world, b"1", b"2")
    async with working(world, world.source(**LEASED)) as source:
        await world.until(lambda: len(world.got) == 2)
        world.proxy.always["UpdateItem"] = "internal"
        await comes_true(lambda: not source._readers and source.status().state is SourceState.FAILING)
        assert "InternalError" in source.status().detail
        await put(world, b"3", b"4")
        world.proxy.always.clear()
        await world.until(lambda: {b"3", b"4"} <= set(world.data()))
        await comes_true(lambda: source.status().problems == [])


async def test_a_batch_of_a_lost_shard_is_lost_and_its_ack_changes_nothing(world: World) -> None:
    await put(world, b"1", b"2")
    source = world.source(**LEASED)
    await source.open()
    runs = [run for _ in range(2) for run in await source.read(1)]
    assert not any(run.lost for run in runs)
    world.proxy.always["UpdateItem"] = "internal"
    await comes_true(lambda: all(run.lost for run in runs))
    for run in runs:
        await run.ack()
    world.proxy.always.clear()
    again = [run for _ in range(2) for run in await source.read(1)]
    assert {run.key for run in again} == {run.key for run in runs}
    await source.close()
    assert {row["checkpoint"] for row in (await world.stream.leases()).values()} == {"TRIM_HORIZON"}


@pytest.mark.parametrize(
    ("action", "fault"), [("Scan", "denied"), ("PutItem", "denied"), ("Scan", "bad key")]
)
async def test_a_table_that_is_denied_is_shown_and_passes(world: World, action: str, fault: str) -> None:
    world.proxy.always[action] = fault
    await put(world, b"1", b"2")
    async with working(world, world.source(**LEASED)) as source:
        await comes_true(lambda: source.status().state is SourceState.FAILING)
        assert "cannot be had" in source.status().detail
        world.proxy.always.clear()
        await world.until(lambda: len(world.got) == 2)


async def test_a_table_that_is_not_there_is_not_made_unasked(world: World) -> None:
    await put(world, b"1", b"2")
    async with working(world, world.source(lease_table=TABLE)) as source:
        await comes_true(lambda: "ResourceNotFound" in source.status().detail)
        client = await world.stream.aws.client("dynamodb")
        await client.create_table(
            TableName=TABLE,
            AttributeDefinitions=[{"AttributeName": "leaseKey", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "leaseKey", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        await world.until(lambda: len(world.got) == 2)


async def test_faults_on_a_fifth_of_all_calls_lose_nothing(world: World) -> None:
    world.proxy.share, world.proxy.stall = 0.2, 1.0
    names = [str(number).encode() for number in range(20)]
    async with working(world, world.source(**LEASED, failover="3s")):
        for number, name in enumerate(names):
            await world.stream.put(name, at=number % 2 * (HASHES - 1))
            if number == 10:
                await world.stream.split((await world.stream.open_shards())[0]["ShardId"])
            await asyncio.sleep(0)
        await world.until(lambda: set(world.data()) == set(names))


async def test_nothing_is_held_before_its_beginning_is_written() -> None:
    saved: dict[str, str] = {}
    broken = True

    async def save(checkpoints: object) -> None:
        if broken:
            raise StoreError("away")
        assert isinstance(checkpoints, list)
        saved.update((one.key, one.value) for one in checkpoints if isinstance(one, Checkpoint))

    custody = StoreCustody("logs", Given(SystemClock(), save=save), "latest")
    shards = {"shardId-0": Shard("shardId-0")}
    for _ in range(2):
        with pytest.raises(StoreError):
            await custody.attend(shards, "stream:1")
        assert custody.held() == {}
    broken = False
    await custody.attend(shards, "stream:1")
    position = read(saved["shardId-0"])
    assert position is not None
    assert position.since is not None
    assert abs((datetime.now(UTC) - position.since).total_seconds()) < 60
    assert custody.held() == {"shardId-0": position}


class _Table:
    """Takes whatever is written."""

    async def renew(self, lease: Lease, _position: Position) -> Lease:
        return lease

    take = release = renew


async def test_a_lease_that_is_lost_as_a_round_begins_costs_itself_alone() -> None:
    settings = KinesisSettings.model_validate(
        {"kind": "kinesis", "name": "logs", "stream": "s", "lease_table": TABLE}
    )
    now = 0.0
    custody = LeaseCustody(settings, cast(Any, _Table()), "me", SystemClock(), lambda: now, Problems("logs"))
    for key in "ab":
        await custody._take(Lease(key, None, 1, Position("1")))
    keeping = asyncio.create_task(custody.keep())
    await asyncio.sleep(0)  # the round has begun, and renewed nothing yet
    now = settings.failover.total_seconds() + 1
    assert custody.holding("a") is None
    await keeping
    assert "b" in custody._held
    leaving = asyncio.create_task(custody.release())
    await asyncio.sleep(0)
    custody._held.clear()
    await leaving
