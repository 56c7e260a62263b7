"""Ingest over a real store: ack follows the commit, and one bad batch touches no other."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from tests.pipeline.parts import HandClock, MemoryBatch, MemorySource, a_store
from trailwarden.decode import Limits
from trailwarden.detection import Matcher, load_ruleset
from trailwarden.errors import Reason, SourceError, StoreError, UnusableError
from trailwarden.model import Batch
from trailwarden.pipeline.committing import Committer
from trailwarden.pipeline.ingest import Ingest
from trailwarden.pipeline.inspector import Inspector
from trailwarden.pipeline.settings import PipelineSettings
from trailwarden.store import Commit, OutboxFilter, QuarantineFilter, Store
from trailwarden.telemetry import Metrics

MATCHER = Matcher(load_ruleset())


def payload(*ids: str, name: str = "DeleteVpc") -> bytes:
    events = [{"eventVersion": "1.08", "eventName": name, "eventID": one} for one in ids]
    return gzip.compress(json.dumps({"Records": events}, separators=(",", ":")).encode())


def ingest(
    store: Store, batches: Sequence[Batch], matcher: Matcher = MATCHER, endless: bool = False, **more: Any
) -> Ingest:
    settings, metrics = PipelineSettings(**more), Metrics()
    inspector = Inspector(
        matcher=matcher,
        limits=Limits(),
        route=lambda _alert: ("sink",),
        clock=HandClock(),
        metrics=metrics,
        group_bytes=settings.group_bytes,
        group_alerts=settings.group_alerts,
        payload_limit=1024 * 1024,
    )
    return Ingest(
        source=MemorySource(deque(batches), endless),
        inspector=inspector,
        committer=Committer(store, metrics),
        settings=settings,
        metrics=metrics,
        pool=ThreadPoolExecutor(2),
    )


async def stored(store: Store) -> int:
    return len(await store.outbox(OutboxFilter(limit=10_000)))


async def test_alerts_inventory_and_checkpoints_are_there_and_all_is_acked(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        batches = [MemoryBatch(f"b{number}", payload(f"e{number}", f"f{number}")) for number in range(50)]
        work = ingest(store, batches, group_batches=7)
        await work.run()
        assert [batch.answers for batch in batches] == [["ack"]] * 50
        assert await stored(store) == 100
        assert len(await store.checkpoints("memory")) == 50
        known = await store.known("memory", ["b1"])
        assert (known["b1"].events, known["b1"].matched) == (2, 2)
        counts = work.metrics.events()["memory"]
        assert (counts.seen, counts.matched, counts.unmatched, counts.quarantined) == (100, 100, 0, 0)


async def test_a_replay_makes_no_second_alert(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for _ in range(2):
            await ingest(store, [MemoryBatch("b", payload("e"))]).run()
        assert await stored(store) == 1


async def test_what_cannot_be_decoded_is_quarantined_and_acked(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        whole = payload("e")
        batches = [MemoryBatch("cut", whole[:-9]), MemoryBatch("good", whole), MemoryBatch("text", b"hello")]
        work = ingest(store, batches)
        await work.run()
        assert all(batch.answers == ["ack"] for batch in batches)
        rows = await store.quarantine(QuarantineFilter())
        assert {(row.origin["locator"], row.reason) for row in rows} == {
            ("memory:cut", Reason.TRUNCATED),
            ("memory:text", Reason.NOT_JSON),
        }
        assert whole[:-9] in [row.payload for row in rows]
        counts = work.metrics.events()["memory"]
        assert (counts.seen, counts.matched, counts.quarantined) == (3, 1, 2)


async def test_what_cannot_be_read_is_nacked_and_too_large_is_quarantined(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        denied = MemoryBatch("denied", SourceError(Reason.UNREADABLE, "denied: permission denied"))
        large = MemoryBatch("large", UnusableError(Reason.TOO_LARGE, "large: 9 GB"))
        good = MemoryBatch("good", payload("e"))
        await ingest(store, [denied, large, good]).run()
        assert denied.answers == ["nack: denied: permission denied"]
        assert (large.answers, good.answers) == (["ack"], ["ack"])
        (row,) = await store.quarantine(QuarantineFilter())
        assert (row.reason, row.detail) == (Reason.TOO_LARGE, "large: 9 GB")


class Broken(Matcher):
    """A predicate with a bug that shows on one event."""

    def rules_for(self, event: dict[str, Any]) -> Any:
        if event["eventID"] == "poison":
            raise ZeroDivisionError
        return super().rules_for(event)


async def test_a_predicate_that_raises_is_a_bug_and_never_an_absence(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        poison, good = MemoryBatch("p", payload("poison")), MemoryBatch("g", payload("e"))
        work = ingest(store, [poison, good], Broken(load_ruleset()))
        await work.run()
        assert poison.answers == ["nack: ZeroDivisionError while inspecting memory:p"]
        assert good.answers == ["ack"]
        assert "ZeroDivisionError" in work.status.detector_fault


async def test_nothing_is_acked_before_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_store(tmp_path) as store:
        commit = store.commit
        batch = MemoryBatch("b", payload("e"))
        seen: list[list[str]] = []
        faults = deque([StoreError("the database is locked"), StoreError("disk is full")])

        async def sometimes(what: Commit) -> Any:
            seen.append(list(batch.answers))
            if faults:
                raise faults.popleft()
            return await commit(what)

        monkeypatch.setattr(store, "commit", sometimes)
        await ingest(store, [batch]).run()
        assert seen == [[], [], []]
        assert batch.answers == ["ack"]
        assert await stored(store) == 1


async def test_a_stop_while_the_store_is_away_gives_the_batch_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_store(tmp_path) as store:
        batch = MemoryBatch("b", payload("e"))
        tried = asyncio.Event()

        async def never(_what: Commit) -> Any:
            tried.set()
            raise StoreError("disk is full")

        monkeypatch.setattr(store, "commit", never)
        work = ingest(store, [batch], endless=True)
        running = asyncio.create_task(work.run())
        await asyncio.wait_for(tried.wait(), 10)
        work.stop()
        await asyncio.wait_for(running, 10)
        assert batch.answers == ["nack: was not dealt with"]
        assert work.status.store_fault == "disk is full"


async def test_a_group_is_committed_early_when_it_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_store(tmp_path) as store:
        sizes: list[int] = []
        commit = store.commit

        async def counted(what: Commit) -> Any:
            sizes.append(len(what.alerts))
            return await commit(what)

        monkeypatch.setattr(store, "commit", counted)
        batches = [MemoryBatch(f"b{n}", payload(*(f"{n}-{m}" for m in range(10)))) for n in range(20)]
        await ingest(
            store, batches, group_alerts=25, groups_in_flight=1
        ).run()  # all are inspected in one call
        assert sizes == [30] * 6 + [20]
        assert all(batch.answers == ["ack"] and batch.loads == 1 for batch in batches)


async def test_reading_ahead_that_fails_costs_nothing(tmp_path: Path) -> None:
    class Ahead(MemoryBatch):
        @classmethod
        def load_ahead(cls, batches: Sequence[Batch]) -> None:
            raise MemoryError

    async with a_store(tmp_path) as store:
        batches = [Ahead(key, payload(key)) for key in ("a", "b")]
        work = ingest(store, batches)
        await work.run()
        assert [batch.answers for batch in batches] == [["ack"], ["ack"]]
        assert work.status.detector_fault == ""


async def test_a_bug_anywhere_is_seen_and_nothing_is_acked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_store(tmp_path) as store:

        async def bug(_what: Commit) -> Any:
            raise KeyError("ours")

        monkeypatch.setattr(store, "commit", bug)
        batch = MemoryBatch("b", payload("e"))
        work = ingest(store, [batch])
        await work.run()
        assert batch.answers == ["nack: KeyError while committing memory:b"]
        assert "KeyError" in work.status.detector_fault


async def test_what_cannot_be_committed_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_store(tmp_path) as store:
        commit = store.commit

        async def picky(what: Commit) -> Any:
            if any(received.key == "bad" for received in what.received):
                raise ValueError("a string too long for the database")
            return await commit(what)

        monkeypatch.setattr(store, "commit", picky)
        batches = [MemoryBatch(key, payload(key)) for key in ("first", "bad", "last")]
        await ingest(store, batches).run()
        assert [batch.answers for batch in batches] == [
            ["ack"],
            ["nack: ValueError while committing memory:bad"],
            ["ack"],
        ]


async def test_a_source_that_raises_is_seen_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailwarden.pipeline.ingest._COMMIT_RETRY", (0.001,))
    async with a_store(tmp_path) as store:
        batch = MemoryBatch("b", payload("e"))
        work = ingest(store, [batch])
        read, faults = work.source.read, [KeyError("ours")]

        async def sometimes(limit: int) -> Any:
            if faults:
                raise faults.pop()
            return await read(limit)

        monkeypatch.setattr(work.source, "read", sometimes)
        await work.run()
        assert batch.answers == ["ack"]
        assert "KeyError" in work.status.detector_fault


async def test_a_nack_that_fails_keeps_no_other_batch_from_its_own(tmp_path: Path) -> None:
    class Mute(MemoryBatch):
        async def nack(self, reason: str) -> None:
            raise SourceError(Reason.UNREADABLE, "the queue is away")

    class Broken:
        def portion(self, _batches: object) -> object:
            raise RuntimeError("a bug")

    async with a_store(tmp_path) as store:
        mute, other = Mute("a", b"{}"), MemoryBatch("b", b"{}")
        work = ingest(store, [])
        work.inspector = cast(Any, Broken())
        await work._dealt_with([mute, other])
    assert other.answers == ["nack: was not dealt with"]
