"""Groups that wait at the same time share a transaction, and a bad one costs only itself."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.pipeline.handing import group
from tests.pipeline.parts import a_store
from trailwarden.errors import StoreError
from trailwarden.pipeline.committing import Committer, Wish
from trailwarden.store import Commit, Committed, OutboxFilter, Store
from trailwarden.telemetry import Metrics


class Watched:
    """The commits of a store: their sizes; the first waits for the gate, and some are refused."""

    def __init__(self, store: Store) -> None:
        self.sizes: list[int] = []
        self.gate = asyncio.Event()
        self.begun = asyncio.Event()
        self.bad: dict[str, Exception] = {}
        self._commit = store.commit
        store.commit = self.commit  # type: ignore[method-assign]

    async def commit(self, what: Commit) -> Committed:
        self.sizes.append(len(what.alerts))
        self.begun.set()
        await self.gate.wait()
        for routed in what.alerts:
            if routed.alert.id in self.bad:
                raise self.bad[routed.alert.id]
        return await self._commit(what)


async def waiting(committer: Committer, watched: Watched, *groups: Commit) -> list[asyncio.Task[None]]:
    """The first is under way, and the others wait behind it."""
    tasks = [asyncio.create_task(committer.commit(Wish(groups[0])))]
    await watched.begun.wait()
    tasks += [asyncio.create_task(committer.commit(Wish(one))) for one in groups[1:]]
    await asyncio.sleep(0)  # each of them begins, and stands in the queue
    assert len(committer._waiting) == len(groups) - 1
    return tasks


async def test_what_waits_goes_together(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        watched = Watched(store)
        groups = [group(0), *(group(number, number + 1) for number in range(1, 9))]
        tasks = await waiting(Committer(store, Metrics()), watched, *groups)
        watched.gate.set()
        await asyncio.gather(*tasks)
        assert watched.sizes == [1, 16]
        assert len(await store.outbox(OutboxFilter())) == 10


async def test_a_transaction_has_a_limit(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        watched = Watched(store)
        groups = [group(0), *(group(*range(start, start + 150)) for start in (1000, 2000, 3000, 4000))]
        tasks = await waiting(Committer(store, Metrics()), watched, *groups)
        watched.gate.set()
        await asyncio.gather(*tasks)
        assert watched.sizes == [1, 300, 300]


async def test_a_group_that_is_refused_costs_only_itself(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        watched = Watched(store)
        watched.bad = {"alert_2": ValueError("too long")}
        tasks = await waiting(Committer(store, Metrics()), watched, group(0), group(1), group(2), group(3))
        watched.gate.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in results] == [type(None), type(None), ValueError, type(None)]
        assert {row.alert_id for row in await store.outbox(OutboxFilter())} == {
            "alert_0",
            "alert_1",
            "alert_3",
        }


async def test_a_store_that_is_away_is_told_to_all(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        watched = Watched(store)
        watched.bad = {"alert_2": StoreError("away")}
        committer = Committer(store, Metrics())
        tasks = await waiting(committer, watched, group(0), group(1), group(2))
        watched.gate.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(one) for one in results] == [type(None), StoreError, StoreError]
        watched.bad.clear()
        await committer.commit(Wish(group(1)))
        assert len(await store.outbox(OutboxFilter())) == 2


async def test_one_that_no_longer_waits_takes_nothing_from_the_others(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        watched = Watched(store)
        tasks = await waiting(Committer(store, Metrics()), watched, group(0), group(1), group(2))
        for task in tasks[:2]:
            task.cancel()
        watched.gate.set()
        await tasks[2]
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        assert len(await store.outbox(OutboxFilter())) == 3, (
            "a transaction that was asked for goes on to its end"
        )


async def test_conflicts_are_told_to_the_group_that_has_them(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await store.commit(group(1))
        watched = Watched(store)
        committer = Committer(store, Metrics())
        forged = group(1).alerts[0]
        other = Wish(Commit(alerts=[forged._replace(alert=forged.alert._replace(fingerprint="f" * 64))]))
        same = Wish(group(2))
        tasks = [asyncio.create_task(committer.commit(wish)) for wish in (Wish(group(0)), other, same)]
        await watched.begun.wait()
        watched.gate.set()
        await asyncio.gather(*tasks)
        assert (list(other.conflicting), list(same.conflicting)) == (["alert_1"], [])
