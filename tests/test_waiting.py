"""Waiting for an event: it ends in time, and a cancellation is never lost."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import trailwarden
from trailwarden.waiting import set_within


async def test_it_tells_whether_the_event_came() -> None:
    event = asyncio.Event()
    assert not await set_within(event, 0.001)
    asyncio.get_running_loop().call_soon(event.set)
    assert await set_within(event, 60)
    assert await set_within(event, None)


@pytest.mark.parametrize("seconds", [60, None])
async def test_a_cancellation_in_the_same_moment_as_the_event_counts(seconds: float | None) -> None:
    event = asyncio.Event()
    waiting = asyncio.create_task(set_within(event, seconds))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    event.set()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


def test_nobody_waits_in_the_way_that_loses_it() -> None:
    sources = Path(trailwarden.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if "asyncio.wait_for(" in path.read_text("utf-8")] == []
