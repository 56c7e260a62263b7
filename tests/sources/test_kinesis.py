"""The Kinesis source against the emulator: resharding, faults, restarts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.aws.emulator import Emulator
from tests.aws.mended import Pages
from tests.aws.streams import HASHES
from tests.sources.streaming import World, comes_true, streaming, working
from trailwarden.sources import SourceState


@pytest.fixture
async def world(emulator: Emulator) -> AsyncIterator[World]:
    async with streaming(emulator) as made:
        yield made


class LateClock:
    """So much later than it is."""

    def __init__(self, later: timedelta) -> None:
        self.later = later

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later


async def test_a_split_and_a_merge_under_load_lose_nothing_and_keep_the_order(world: World) -> None:
    sent = [f"{number:04d}".encode() for number in range(120)]

    async def produce() -> None:
        for number, data in enumerate(sent):
            await world.stream.put(data, at=number % 8 * HASHES // 8)
            if number in (20, 40):
                await world.stream.split((await world.stream.open_shards())[0]["ShardId"])
            if number in (60, 80):
                one, other = (await world.stream.open_shards())[:2]
                await world.stream.merge(one["ShardId"], other["ShardId"])

    async with working(world, world.source(run_records=7)):
        await produce()
        await world.until(lambda: len(world.got) >= len(sent))
    assert sorted(world.data()) == sent
    # All records of one hash come in their order, through all the shards that had them.
    for lane in range(8):
        of_lane = [data for data in world.data() if int(data) % 8 == lane]
        assert of_lane == sorted(of_lane)
    assert len({shard for shard, _ in world.got}) >= 5


async def test_a_child_waits_until_all_of_its_parent_is_acked(world: World) -> None:
    await world.stream.put(b"parent")
    (parent,) = await world.stream.open_shards()
    await world.stream.split(parent["ShardId"])
    await world.stream.put(b"child")
    source = world.source()
    await source.open()
    (held_up,) = await source.read(4)
    reading = asyncio.create_task(source.read(4))
    await comes_true(lambda: source._readers[parent["ShardId"]][0].read_to_end)
    await asyncio.wait([reading], timeout=0.5)
    assert not reading.done()
    await world.done(held_up)
    (child,) = await reading
    await world.done(child)
    assert world.data() == [b"parent", b"child"]
    await source.close()


async def test_after_a_restart_finished_shards_are_not_read_again(world: World) -> None:
    await world.stream.put(b"old")
    (parent,) = await world.stream.open_shards()
    await world.stream.split(parent["ShardId"])
    async with working(world, world.source()):
        await world.until(lambda: len(world.got) == 1)
        await comes_true(lambda: "SHARD_END" in world.checkpoints.get(parent["ShardId"], ""))
    await world.stream.put(b"new")
    async with working(world, world.source()) as source:
        await world.until(lambda: len(world.got) == 2)
        assert parent["ShardId"] not in source._readers
    assert world.data() == [b"old", b"new"]


async def test_a_record_that_is_not_dealt_with_comes_again_and_holds_the_checkpoint(world: World) -> None:
    for data in (b"1", b"2", b"3"):
        await world.stream.put(data)
    source = world.source(run_records=1)
    await source.open()
    runs = [run for _ in range(3) for run in await source.read(1)]
    await runs[1].nack("the store is away")
    await world.done(runs[0])
    await world.done(runs[2])
    assert any("the store is away" in line for line in source.status().problems)
    await source.close()
    again = world.source()
    await again.open()
    (run,) = await again.read(4)
    await world.done(run)
    assert world.data() == [b"1", b"3", b"2", b"3"]
    await again.close()


@pytest.mark.parametrize(
    "fault", ["expired", "exceeded", "throttled", "internal", "reset", "truncate", "unavailable"]
)
async def test_faults_of_a_read_lose_and_double_nothing(world: World, fault: str) -> None:
    world.proxy.script["GetRecords"].extend(["", fault, "", fault, fault, ""])
    async with working(world, world.source()) as source:
        for number in range(8):
            await world.stream.put(str(number).encode())
            await world.until(lambda wanted=number + 1: len(world.got) == wanted)  # type: ignore[misc]
        await comes_true(lambda: not world.proxy.script["GetRecords"])
        await world.stream.put(b"8")
        await world.until(lambda: len(world.got) == 9)
        await comes_true(lambda: source.status().problems == [])
    assert world.data() == [str(number).encode() for number in range(9)]
    assert world.proxy.met[fault] >= 3


async def test_a_stalled_call_costs_its_shard_alone(emulator: Emulator) -> None:
    async with streaming(emulator, shards=2) as world:
        world.proxy.script["GetRecords"].append("stall")
        async with working(world, world.source()):
            await world.stream.put(b"a", at=0)
            await world.stream.put(b"b", at=HASHES - 1)
            await world.until(lambda: len(world.got) == 1)
            await world.until(lambda: len(world.got) == 2)


@pytest.mark.parametrize(
    ("action", "fault", "shown"),
    [
        ("ListShards", "denied", "AccessDenied"),
        ("GetRecords", "denied", "AccessDenied"),
        ("GetShardIterator", "denied", "AccessDenied"),
        ("ListShards", "bad key", "UnrecognizedClient"),
        ("GetRecords", "bad key", "UnrecognizedClient"),
    ],
)
async def test_what_is_denied_is_shown_in_one_line_and_passes(
    world: World, action: str, fault: str, shown: str
) -> None:
    world.proxy.always[action] = fault
    await world.stream.put(b"1")
    async with working(world, world.source()) as source:
        await comes_true(lambda: source.status().state is SourceState.FAILING)
        status = source.status()
        assert shown in status.detail
        assert "\n" not in status.detail
        assert world.stream.name in status.problems[0]
        world.proxy.always.clear()
        await world.until(lambda: len(world.got) == 1)
        await comes_true(lambda: source.status().state is SourceState.RUNNING)
        assert source.status().problems == []


async def test_a_stream_that_is_not_there_yet(world: World) -> None:
    world.stream.name = "later"
    async with working(world, world.source()) as source:
        await comes_true(lambda: "ResourceNotFound" in source.status().detail)
        assert source.status().state is SourceState.FAILING
        await world.stream.make()
        await world.stream.put(b"1")
        await world.until(lambda: len(world.got) == 1)


async def test_latest_means_from_the_first_start_on_over_a_restart_too(world: World) -> None:
    await world.stream.put(b"before")
    async with working(world, world.source(start="latest")) as source:
        await comes_true(lambda: source.status().state is SourceState.RUNNING and bool(source._readers))
    await world.stream.put(b"while it was away")
    async with working(world, world.source(start="latest")):
        await world.until(lambda: len(world.got) == 1)
    assert world.data() == [b"while it was away"]


async def test_from_a_time_on(world: World) -> None:
    await world.stream.put(b"before")
    between = datetime.now(UTC)
    await world.stream.put(b"after")
    async with working(world, world.source(start=between.isoformat())):
        await world.until(lambda: len(world.got) == 1)
    assert world.data() == [b"after"]


async def test_what_was_removed_unread_is_told_loudly(world: World) -> None:
    await world.stream.put(b"1")
    async with working(world, world.source()):
        await world.until(lambda: len(world.got) == 1)
        await comes_true(lambda: '"through"' in world.checkpoints.get("shardId-000000000000", ""))
    unread = await world.stream.put(b"unread")
    await world.stream.put(b"kept")
    world.stream.trim("shardId-000000000000", unread)
    async with working(world, world.source(clock=LateClock(timedelta(days=3)))) as source:
        await world.until(lambda: len(world.got) == 2)
        (told,) = source.status().problems
    assert told.startswith("LOST: cloudtrail shardId-000000000000: its records from")
    assert world.data() == [b"1", b"kept"]


@pytest.mark.parametrize("refusal", ["unknown number", "another shard's number"])
async def test_a_number_that_the_stream_does_not_know_is_told_and_reading_begins_anew(
    world: World, refusal: str
) -> None:
    await world.stream.put(b"1")
    async with working(world, world.source()):
        await world.until(lambda: len(world.got) == 1)
    world.proxy.script["GetShardIterator"].append(refusal)
    async with working(world, world.source()) as source:
        await world.until(lambda: len(world.got) == 2)
        assert any(line.startswith("LOST") and "does not know" in line for line in source.status().problems)
    assert world.data() == [b"1", b"1"]


async def test_another_refusal_of_an_argument_moves_no_position(world: World) -> None:
    await world.stream.put(b"1")
    async with working(world, world.source()):
        await world.until(lambda: len(world.got) == 1)
    world.proxy.always["GetShardIterator"] = "bad argument"
    async with working(world, world.source()) as source:
        await comes_true(lambda: any("InvalidArgument" in line for line in source.status().problems))
        assert not any("LOST" in line for line in source.status().problems)
        await world.stream.put(b"2")
        del world.proxy.always["GetShardIterator"]
        await world.until(lambda: len(world.got) == 2)
    assert world.data() == [b"1", b"2"]


async def test_a_stream_that_is_made_again_is_read_from_its_beginning(world: World) -> None:
    await world.stream.put(b"1")
    (parent,) = await world.stream.open_shards()
    await world.stream.split(parent["ShardId"])
    async with working(world, world.source()):
        await world.until(lambda: len(world.got) == 1)
        await comes_true(lambda: "SHARD_END" in world.checkpoints.get(parent["ShardId"], ""))
    world.checkpoints["stream"] = "cloudtrail:1"  # of the one before
    async with working(world, world.source()):
        await world.until(lambda: len(world.got) == 2)
    assert world.data() == [b"1", b"1"]


async def test_how_far_behind_it_is(world: World) -> None:
    async with working(world, world.source()) as source:
        await comes_true(lambda: source.status().behind is not None)
        behind = source.status().behind
        assert behind is not None
        assert timedelta(0) <= behind < timedelta(seconds=20)
        world.proxy.always["GetRecords"] = "exceeded"
        await comes_true(lambda: (source.status().behind or timedelta(0)) > timedelta(seconds=1))


async def test_shards_come_in_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        await world.stream.split((await world.stream.open_shards())[0]["ShardId"])
    monkeypatch.setattr(Pages, "size", 2)
    source = world.source()
    assert len(await source._stream.shards()) == 7
    await source.close()
