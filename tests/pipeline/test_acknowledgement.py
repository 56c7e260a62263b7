"""`ack: delivered`: no ack before the sinks have the alerts, over a real store and a real delivery."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.parts import HandClock, MemoryBatch, ScriptedSink, a_store
from tests.pipeline.test_ingest import ingest, payload
from trailwarden.errors import Reason, StoreError
from trailwarden.model import Alert
from trailwarden.pipeline.acknowledgement import Acknowledger
from trailwarden.pipeline.delivery import Delivery, Route
from trailwarden.pipeline.ingest import Ingest
from trailwarden.sinks import Outcome, RoutingSettings, Verdict
from trailwarden.store import OutboxFilter, Store, open_store
from trailwarden.telemetry import Metrics

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REFUSED = Outcome(Verdict.REFUSED, Reason.REFUSED, "will never take it")
LATER = Outcome(Verdict.RETRY, Reason.SERVER_ERROR, "not now")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trailwarden.pipeline.acknowledgement._LOOK_EVERY", 0.02)
    monkeypatch.setattr("trailwarden.pipeline.acknowledgement._GATHER", 0.001)


@dataclass
class World:
    """A store, a sink behind a delivery, and ingests before it."""

    store: Store
    delivery: Delivery
    sink: ScriptedSink
    works: list[tuple[Ingest, asyncio.Task[None]]] = field(default_factory=list)

    def take(
        self, *batches: MemoryBatch, route: Callable[[Alert], tuple[str, ...]] | None = None, **more: Any
    ) -> Ingest:
        """An ingest that works on them and then waits for more."""
        work = ingest(self.store, list(batches), endless=True, **more)
        if route is not None:
            object.__setattr__(work.inspector, "route", route)
        limit = work.settings.held_batches
        work.acks = Acknowledger("memory", self.store, frozenset({"sink"}), limit, self._sent)
        work.committer.delivery = self.delivery
        self.delivery.settled = work.acks.look_again
        self.works.append((work, asyncio.create_task(work.run())))
        return work

    async def _sent(self) -> None:
        self.delivery.wake()
        await self.delivery.idle()

    async def stop(self) -> None:
        """Every ingest, as a drain does."""
        for work, running in self.works:
            work.stop()
            await asyncio.wait_for(running, 10)


@asynccontextmanager
async def world(folder: Path, *script: Outcome | Exception) -> AsyncIterator[World]:
    async with a_store(folder) as store:
        sink, clock = ScriptedSink(script=deque(script)), HandClock(NOW)
        delivery = Delivery(store, [Route(sink, RoutingSettings(name="sink"))], clock, Metrics(), lambda: 1.0)
        delivering = asyncio.create_task(delivery.run())
        made = World(store, delivery, sink)
        try:
            yield made
        finally:
            for work, running in made.works:
                await work.abort()
                running.cancel()
            delivery.stop()
            await asyncio.wait_for(delivering, 10)


async def until(reached: Callable[[], bool]) -> None:
    """Until it is so: what another task will do cannot be awaited from here."""
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def test_what_gave_rise_to_an_alert_waits_and_the_rest_does_not(tmp_path: Path) -> None:
    async with world(tmp_path) as at:
        at.sink.gate = asyncio.Event()
        quiet, loud = (
            MemoryBatch("quiet", payload("a", name="DescribeVpcs")),
            MemoryBatch("loud", payload("b", "c")),
        )
        work = at.take(loud, quiet)
        await until(lambda: quiet.answers == ["ack"])
        await at.sink.until(lambda: len(at.sink.sent) == 2)
        assert (loud.answers, work.acks and work.acks.held) == ([], 1)
        assert (loud.slimmed, quiet.slimmed) == (1, 0)
        at.sink.gate.set()
        await until(lambda: loud.answers == ["ack"])
        assert len(at.sink.delivered) == 2


async def test_a_replay_waits_for_the_delivery_of_the_alert_that_is_there(tmp_path: Path) -> None:
    async with world(tmp_path) as at:
        at.sink.gate = asyncio.Event()
        first, again = MemoryBatch("first", payload("e")), MemoryBatch("again", payload("e"))
        at.take(first)
        await at.sink.until(lambda: bool(at.sink.sent))
        second = at.take(again)
        await until(lambda: bool(second.acks and second.acks.held))
        assert (first.answers, again.answers) == ([], [])
        at.sink.gate.set()
        await until(lambda: first.answers == again.answers == ["ack"])
        third = MemoryBatch("third", payload("e"))
        at.take(third)
        await until(lambda: third.answers == ["ack"])
        assert len(at.sink.sent) == 1


@pytest.mark.parametrize("how", ["discard", "retry"])
async def test_a_dead_letter_holds_its_own_batch_until_somebody_decides(tmp_path: Path, how: str) -> None:
    async with world(tmp_path, REFUSED) as at:
        bad, good = MemoryBatch("bad", payload("a")), MemoryBatch("good", payload("b"))
        work = at.take(bad, group_batches=1)
        acks = work.acks
        assert acks is not None
        await until(lambda: acks.dead == 1)
        at.take(good)
        await until(lambda: good.answers == ["ack"])
        assert (bad.answers, acks.held, acks.dead) == ([], 1, 1)
        await getattr(at.store, how)(OutboxFilter(), NOW)
        at.delivery.wake()
        await until(lambda: bad.answers == ["ack"])
        assert (acks.held, acks.dead) == (0, 0)


async def test_a_sink_that_is_not_required_holds_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as at:
        batch = MemoryBatch("b", payload("e"))
        at.take(batch, route=lambda _alert: ("optional",))
        await until(lambda: batch.answers == ["ack"])


async def test_another_process_may_deliver_it(tmp_path: Path) -> None:
    async with world(tmp_path, LATER) as at:
        batch = MemoryBatch("b", payload("e"))
        at.take(batch)
        await at.sink.until(lambda: len(at.sink.sent) == 1)
        other = await open_store(at.store.settings)
        (row,) = await other.outbox(OutboxFilter())
        await other.discard(OutboxFilter(alert_ids=(row.alert_id,)), NOW)
        await until(lambda: batch.answers == ["ack"])
        await other.close()


async def test_a_store_that_lost_the_alert_has_the_batch_come_again(tmp_path: Path) -> None:
    async with world(tmp_path, LATER) as at:
        batch = MemoryBatch("b", payload("e"))
        at.take(batch)
        await at.sink.until(lambda: len(at.sink.sent) == 1)
        await at.store.database.write(
            lambda connection: connection.exec_driver_sql("DELETE FROM alerts").rowcount
        )
        await until(lambda: bool(batch.answers))
        assert batch.answers == ["nack: the store no longer has an alert of it"]


class Lost(MemoryBatch):
    """It was given to somebody else meanwhile."""

    @property
    def lost(self) -> bool:
        return True


async def test_what_is_not_ours_any_more_is_let_go(tmp_path: Path) -> None:
    async with world(tmp_path, LATER) as at:
        batch = Lost("b", payload("e"))
        work = at.take(batch)
        await at.sink.until(lambda: len(at.sink.sent) == 1)
        await until(lambda: work.acks is not None and work.acks.held == 0)
        assert batch.answers == []


async def test_reading_pauses_while_too_much_is_held(tmp_path: Path) -> None:
    async with world(tmp_path) as at:
        at.sink.gate = asyncio.Event()
        batches = [MemoryBatch(f"b{n}", payload(f"e{n}")) for n in range(30)]
        work = at.take(*batches, held_batches=4, group_batches=2, groups_in_flight=1)
        acks = work.acks
        assert acks is not None
        await until(lambda: acks.full and work.status.in_flight == 0)
        assert acks.held <= 6  # a group that was being read when it became full
        at.sink.gate.set()
        await until(lambda: all(batch.answers == ["ack"] for batch in batches))


async def test_a_store_that_is_away_answers_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world(tmp_path) as at:
        ask, asked, away = at.store.untaken, asyncio.Event(), [True]

        async def sometimes(*arguments: Any) -> Any:
            asked.set()
            if away[0]:
                raise StoreError("the database is away")
            return await ask(*arguments)

        monkeypatch.setattr(at.store, "untaken", sometimes)
        batch = MemoryBatch("b", payload("e"))
        at.take(batch)
        await at.sink.until(lambda: bool(at.sink.delivered))
        await asyncio.wait_for(asked.wait(), 10)
        assert batch.answers == []
        away[0] = False
        await until(lambda: batch.answers == ["ack"])


async def test_a_stop_waits_for_what_can_be_sent_and_gives_back_the_rest(tmp_path: Path) -> None:
    async with world(tmp_path, LATER) as at:
        waits = MemoryBatch("waits", payload("e"))
        at.take(waits)
        await at.sink.until(lambda: len(at.sink.sent) == 1)
        sent = MemoryBatch("sent", payload("f"))
        at.take(sent)
        await until(lambda: at.works[1][0].status.in_flight == 0 and not at.works[1][0].source.batches)
        await at.stop()
        assert waits.answers == ["nack: its alerts were not delivered when the service stopped"]
        assert sent.answers == ["ack"]


async def test_what_is_given_back_while_the_store_is_asked_is_not_acked_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_store(tmp_path) as store:
        asked, go = asyncio.Event(), asyncio.Event()

        async def slowly(*_asked: Any) -> Any:
            asked.set()
            await go.wait()
            return {}

        monkeypatch.setattr(store, "untaken", slowly)
        acks = Acknowledger("memory", store, frozenset({"sink"}), 10, asked.wait)
        batch = MemoryBatch("b", payload("e"))
        acks.hold(batch, frozenset({"alert_1"}))
        looking = asyncio.create_task(acks.look())
        await asyncio.wait_for(asked.wait(), 10)
        await acks.give_back("the service stops")
        go.set()
        await looking
        assert batch.answers == ["nack: the service stops"]
