"""The verification at work: it ends when it is told to, and a fault of ours is never shown as a verdict."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from tests.app.test_coverage_turns import World
from trailwarden.coverage.facts import AccountFacts
from trailwarden.store import StoreSettings


async def until(reached: Callable[[], bool]) -> None:
    """Until it is so: what another task will do cannot be awaited from here."""
    async with asyncio.timeout(20):
        while not reached():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trailwarden.app.coverage._BETWEEN_ROUNDS", 0.0)


async def test_it_ends_though_there_is_reason_to_ask_in_that_moment(tmp_path: Path) -> None:
    world = World(StoreSettings(url=f"sqlite:///{tmp_path}/state.db"))
    watch = await world.watch("a")
    running = asyncio.create_task(watch.run())
    try:
        await until(lambda: shown(watch) == "gap")
        await asyncio.sleep(0.05)  # by then it rests
        watch._reason.set()
        running.cancel()
        done, _ = await asyncio.wait([running], timeout=5)
        assert done
        assert running.cancelled()
    finally:
        running.cancel()
        await asyncio.wait([running])
        await world.stores[0].close()


async def test_what_was_known_before_a_fault_of_ours_is_no_verdict_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailwarden.app.coverage._TICK", 0.001)
    monkeypatch.setattr("trailwarden.app.coverage._BETWEEN_JUDGEMENTS", 0.0)
    world = World(StoreSettings(url=f"sqlite:///{tmp_path}/state.db"))
    watch = await world.watch("a")
    answer = watch.collector

    class Broken:
        async def collect(self, _accounts: Any) -> Sequence[AccountFacts]:
            raise RuntimeError("a bug")

    running = asyncio.create_task(watch.run())
    try:
        await until(lambda: shown(watch) == "gap")
        watch.collector = cast(Any, Broken())
        watch._reason.set()
        await until(lambda: shown(watch) == "unknown")
        for _ in range(20):
            await asyncio.sleep(0.005)
            assert shown(watch) == "unknown"
        watch.collector = answer
        await until(lambda: shown(watch) == "gap")
    finally:
        running.cancel()
        await asyncio.wait([running])
        await world.stores[0].close()


def shown(watch: Any) -> str:
    return str(watch.board.coverage().verdict)
