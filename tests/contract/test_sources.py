"""What every source must do, whatever it reads from. See `trailwarden.sources.base`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.contract.source_rigs import EVERY_RIG, RIGS, SourceRig
from trailwarden.errors import SourceError
from trailwarden.model import Batch
from trailwarden.sources import SOURCES, Source, SourceState

NAMES = ["a.json", "b.json", "c.json"]


@pytest.fixture(params=list(EVERY_RIG))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SourceRig]:
    """A world with three units."""
    kind = EVERY_RIG[request.param]
    made = kind(tmp_path, request.getfixturevalue(kind.peer))
    await made.begin()
    for name in NAMES:
        await made.put(name, name.encode())
    yield made
    await made.end()


@asynccontextmanager
async def opened(rig: SourceRig, once: bool = False) -> AsyncIterator[Source]:
    source = rig.source(once)
    await source.open()
    try:
        async with asyncio.timeout(30):
            yield source
    finally:
        await source.close()


async def taken(source: Source, count: int) -> list[Batch]:
    """Read that many batches, in as many reads as it takes."""
    got: list[Batch] = []
    while len(got) < count:
        got += await source.read(count - len(got))
    return got


async def names(rig: SourceRig, source: Source, count: int) -> list[str]:
    """Read that many batches; none is answered for."""
    return [rig.name_of(batch) for batch in await taken(source, count)]


async def comes_true(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - a status is a snapshot; no event tells of it
        await asyncio.sleep(0.002)


def test_every_source_is_in_this_suite() -> None:
    assert set(RIGS) == set(SOURCES)


async def test_a_batch_says_where_it_is_from_and_how_large_it_is(rig: SourceRig) -> None:
    async with opened(rig) as source:
        (batch,) = await source.read(1)
        assert (batch.origin.source, batch.origin.kind) == (source.name, source.kind)
        assert rig.place_of(rig.name_of(batch)) in batch.origin.locator
        assert batch.origin.locator.isprintable()
        assert abs(datetime.now(UTC) - batch.received_at) < timedelta(minutes=1)
        assert batch.size_hint == len(batch.load()) or (not rig.exact_size and batch.size_hint > 0)


async def test_every_unit_comes_with_its_content(rig: SourceRig) -> None:
    got: dict[str, bytes] = {}
    async with opened(rig, once=True) as source:
        while batches := await source.read(2):
            got |= {rig.name_of(batch): await rig.commit(batch) for batch in batches}
    assert got == {name: name.encode() for name in NAMES}


async def test_a_read_keeps_to_its_limit(rig: SourceRig) -> None:
    async with opened(rig) as source:
        sizes: list[int] = []
        while sum(sizes) < 3:
            sizes.append(len(await source.read(2)))
        assert all(1 <= size <= 2 for size in sizes)
        assert sum(sizes) == 3


async def test_a_batch_is_handed_out_once_while_it_is_in_flight(rig: SourceRig) -> None:
    async with opened(rig) as source:
        assert sorted(await names(rig, source, 3)) == NAMES
        reading = asyncio.create_task(source.read(1))
        await asyncio.wait([reading], timeout=0.1)
        assert not reading.done()
        reading.cancel()


async def test_what_was_not_acked_comes_again_after_a_restart(rig: SourceRig) -> None:
    async with opened(rig) as source:
        for batch in await taken(source, 3):
            batch.load()
    async with opened(rig) as source:
        assert sorted(await names(rig, source, 3)) == NAMES


async def test_what_was_acked_does_not_come_again_after_a_restart(rig: SourceRig) -> None:
    async with opened(rig) as source:
        (batch,) = await source.read(1)
        first = rig.name_of(batch)
        await rig.commit(batch)
    async with opened(rig) as source:
        rest = sorted(await names(rig, source, 2))
        assert rest == [name for name in NAMES if name != first]
        await rig.put("d.json", b"d")
        assert await names(rig, source, 1) == ["d.json"]


async def test_what_was_nacked_comes_again(rig: SourceRig) -> None:
    async with opened(rig) as source:
        (batch,) = await source.read(1)
        nacked = rig.name_of(batch)
        batch.load()
        await batch.nack("the store is away")
        await batch.nack("the store is away")
        assert sorted(await names(rig, source, 3)) == NAMES
        assert nacked in NAMES


async def test_a_nack_after_the_ack_does_nothing(rig: SourceRig) -> None:
    seen: list[str] = []
    async with opened(rig, once=True) as source:
        while batches := await source.read(3):
            for batch in batches:
                seen.append(rig.name_of(batch))
                await rig.commit(batch)
                await batch.ack()
                await batch.nack("too late")
    assert sorted(seen) == NAMES


async def test_a_cancelled_read_loses_nothing(rig: SourceRig) -> None:
    got: list[str] = []
    async with opened(rig) as source:
        for ticks in range(30):
            reading = asyncio.create_task(source.read(1))
            for _ in range(ticks):
                await asyncio.sleep(0)
            reading.cancel()
            for outcome in await asyncio.gather(reading, return_exceptions=True):
                if not isinstance(outcome, BaseException):
                    got += [rig.name_of(batch) for batch in outcome]
        got += await names(rig, source, 3 - len(got))
    assert sorted(got) == NAMES


async def test_once_the_end_is_an_empty_read_and_stays_one(rig: SourceRig) -> None:
    async with opened(rig, once=True) as source:
        for batch in await taken(source, 3):
            await rig.commit(batch)
        for _ in range(2):
            assert list(await source.read(3)) == []
        assert source.status().state is SourceState.FINISHED


async def test_while_watching_a_read_waits_for_what_comes_later(rig: SourceRig) -> None:
    async with opened(rig) as source:
        for batch in await taken(source, 3):
            await rig.commit(batch)
        reading = asyncio.create_task(source.read(3))
        await comes_true(lambda: source.status().last_success is not None)
        assert not reading.done()
        await rig.put("d.json", b"d")
        assert [await rig.commit(batch) for batch in await reading] == [b"d"]


async def test_the_status_is_truthful(rig: SourceRig) -> None:
    source = rig.source()
    assert source.status().state is SourceState.STARTING
    assert source.status().last_success is None
    async with opened(rig) as source:
        for batch in await taken(source, 3):
            await rig.commit(batch)
        reading = asyncio.create_task(source.read(3))
        await comes_true(lambda: source.status().last_success is not None)
        assert source.status().state is SourceState.RUNNING
        assert source.status().problems == []
        before = source.status().last_success
        await comes_true(lambda: source.status().last_success != before)
        reading.cancel()


async def test_a_unit_that_cannot_be_read_does_not_stop_the_others(rig: SourceRig) -> None:
    await rig.spoil("b.json")
    await rig.put("d.json", b"d.json")
    got: set[str] = set()
    async with opened(rig) as source:
        while got != {"a.json", "c.json", "d.json"}:
            for batch in await source.read(1):
                try:
                    assert await rig.commit(batch) == rig.name_of(batch).encode()
                    got.add(rig.name_of(batch))
                except SourceError as fault:
                    await batch.nack(fault.detail)
        reading = asyncio.create_task(source.read(1))
        await comes_true(
            lambda: any(rig.place_of("b.json") in problem for problem in source.status().problems)
        )
        reading.cancel()


async def test_close_is_idempotent_ends_a_read_and_tolerates_late_answers(rig: SourceRig) -> None:
    source = rig.source()
    await source.open()
    first, second, third = await taken(source, 3)
    reading = asyncio.create_task(source.read(1))
    await asyncio.wait([reading], timeout=0.05)
    await source.close()
    await source.close()
    assert list(await reading) == []
    await first.ack()
    await second.nack("too late")
    await third.ack()
    assert list(await source.read(1)) == []


async def test_close_without_a_read(rig: SourceRig) -> None:
    source = rig.source()
    await source.close()
    source = rig.source()
    await source.open()
    await source.close()
