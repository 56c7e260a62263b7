"""What is committed is handed over in memory: nothing twice, nothing lost, whatever becomes of the commit or the sink."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pipeline.handing import group, world
from tests.pipeline.parts import HandClock, ScriptedSink, a_store
from tests.pipeline.test_delivery import routing, states
from tests.sinks.alerts import alert
from trailwarden.errors import StoreError
from trailwarden.model import Alert
from trailwarden.pipeline.committing import Committer, Wish
from trailwarden.pipeline.delivery import Delivery, Route
from trailwarden.sinks import Outcome
from trailwarden.store import Commit, Committed, DeliveryState, OutboxFilter
from trailwarden.telemetry import Metrics


async def test_a_new_alert_is_sent_without_being_asked_for(tmp_path: Path) -> None:
    sink = ScriptedSink()
    async with world(tmp_path, sink) as at:
        await at.put(1, 2, 3)
        await at.put(4)
        await at.delivery.idle()
        assert sink.sent == ["alert_1", "alert_2", "alert_3", "alert_4"]
        assert at.claims == []
        assert await states(at.store) == {(f"alert_{n}", DeliveryState.DELIVERED) for n in range(1, 5)}
        assert set((await at.attempts()).values()) == {1}


async def test_what_is_handed_over_in_the_moment_in_which_the_last_one_was_sent_is_sent_too(
    tmp_path: Path,
) -> None:
    @dataclass
    class LastWord(ScriptedSink):
        async def send(self, alert: Alert, attempt: int) -> Outcome:
            outcome = await super().send(alert, attempt)
            if alert.id == "alert_1":  # runs when the sender has ended, and before anybody is told of that
                asyncio.get_running_loop().call_soon(hand_over)
            return outcome

    sink = LastWord()
    async with world(tmp_path, sink, concurrency=1) as at:
        commit = group(2)
        takings = at.delivery.room(commit)
        committed = await at.store.commit(commit._replace(takings=takings))

        def hand_over() -> None:
            at.delivery.take(commit, takings, committed)

        await at.put(1)
        async with asyncio.timeout(20):
            await at.delivery.idle()
        assert sink.sent == ["alert_1", "alert_2"]


async def test_a_known_alert_is_not_sent_again(tmp_path: Path) -> None:
    sink = ScriptedSink(gate=asyncio.Event())
    async with world(tmp_path, sink) as at:
        await at.put(1)
        await at.put(1, 2)
        await at.put(2, 1)
        assert sink.gate is not None
        sink.gate.set()
        await at.delivery.idle()
        assert sorted(sink.sent) == ["alert_1", "alert_2"]


async def test_what_there_is_no_room_for_is_found_in_the_store(tmp_path: Path) -> None:
    sink = ScriptedSink()
    async with world(tmp_path, sink, concurrency=1) as at:
        await at.put(*range(30))
        await at.put(*range(30, 60))
        await at.delivery.idle()
        assert sorted(sink.sent) == sorted(f"alert_{number}" for number in range(60))
        assert sum(at.claims) >= 30
        assert {state for _, state in await states(at.store)} == {DeliveryState.DELIVERED}
        at.claims.clear()
        await at.put(99)
        await at.delivery.idle()
        assert (sink.sent[-1], at.claims) == ("alert_99", [])


async def test_what_waits_in_memory_is_bounded_in_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailwarden.pipeline.lane._MOST_BYTES", 2 * len(alert().document))
    sink = ScriptedSink(gate=asyncio.Event())
    async with world(tmp_path, sink, concurrency=1) as at:
        for number in range(1, 6):
            await at.put(number)
        assert sink.gate is not None
        sink.gate.set()
        await at.delivery.idle()
        assert len(sink.sent) == 5
        assert sum(at.claims) == 3
        at.claims.clear()
        await at.put(6)
        await at.delivery.idle()
        assert (sink.sent[-1], at.claims) == ("alert_6", [])


@pytest.mark.parametrize("through", [True, False])
async def test_a_commit_whose_end_is_not_known_keeps_no_alert_waiting(tmp_path: Path, through: bool) -> None:
    sink = ScriptedSink()
    async with world(tmp_path, sink) as at:
        commit, faults = at.store.commit, [StoreError("the answer was lost")]

        async def lost(what: Commit) -> Committed:
            if not faults:
                return await commit(what)
            if through:
                await commit(what)
            raise faults.pop()

        at.store.commit = lost  # type: ignore[method-assign]
        wish = Wish(group(1, 2))
        with pytest.raises(StoreError):
            await at.committer.commit(wish)
        assert sink.sent == []
        await at.committer.commit(wish)
        await at.delivery.idle()
        assert sink.delivered == {"alert_1", "alert_2"}, "though their first claims have not ended"
        assert len(sink.sent) == 2
        await at.put(3)
        await at.delivery.idle()
        assert sink.delivered == {"alert_1", "alert_2", "alert_3"}


async def test_no_attempt_is_begun_that_could_outlive_its_claim(tmp_path: Path) -> None:
    sink = ScriptedSink(gate=asyncio.Event())
    async with world(tmp_path, sink, concurrency=1) as at:
        await at.put(1, 2, 3)
        await sink.until(lambda: sink.sent == ["alert_1"])
        at.clock.advance(seconds=26)  # of the 40 that the claims last; an attempt may take 15
        assert sink.gate is not None
        sink.gate.set()
        await at.delivery.idle()
        assert sink.sent == ["alert_1", "alert_2", "alert_3"]
        assert at.claims == [2]
        assert await at.attempts() == {"alert_1": 1, "alert_2": 2, "alert_3": 2}


async def test_a_stop_gives_back_what_was_handed_over_and_not_begun(tmp_path: Path) -> None:
    sink = ScriptedSink(gate=asyncio.Event())
    async with world(tmp_path, sink, concurrency=1) as at:
        await at.put(1, 2, 3)
        await sink.until(lambda: sink.sent == ["alert_1"])
        at.delivery.stop()
        await at.put(4)
        assert sink.gate is not None
        sink.gate.set()
    async with world(tmp_path, again := ScriptedSink()) as at:
        assert sink.sent == ["alert_1"]
        assert sorted(again.sent) == ["alert_2", "alert_3", "alert_4"], "at once, for no claim was left"


async def test_a_delivery_that_is_cut_off_records_what_it_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailwarden.pipeline.settling.GATHER", 3600)
    async with a_store(tmp_path) as store:
        sink, clock = ScriptedSink(), HandClock()
        delivery = Delivery(store, [Route(sink, routing("sink", concurrency=1))], clock, Metrics())
        committer = Committer(store, Metrics(), delivery)
        running = asyncio.create_task(delivery.run())
        await delivery.idle()
        await committer.commit(Wish(group(1)))
        await sink.until(lambda: sink.delivered == {"alert_1"})
        sink.gate = asyncio.Event()
        await committer.commit(Wish(group(2, 3)))
        await sink.until(lambda: sink.sent[-1] == "alert_2")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        rows = {row.alert_id: row for row in await store.outbox(OutboxFilter())}
        assert rows["alert_1"].state is DeliveryState.DELIVERED
        assert rows["alert_3"].next_attempt_at == clock.now(), "given back"
        until = rows["alert_2"].next_attempt_at
        assert until is not None
        assert until > clock.now(), "who knows whether it was taken: its claim ends by itself"
