"""Delivery over a real store: nothing is lost, whatever a sink does, and no sink touches another."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.parts import HandClock, ScriptedSink, a_store
from tests.sinks.alerts import alert
from trailwarden.errors import Reason, StoreError
from trailwarden.pipeline.delivery import Delivery, Route, SinkState
from trailwarden.pipeline.retry import MIN_ATTEMPTS
from trailwarden.sinks import Outcome, RoutingSettings, Verdict
from trailwarden.store import Commit, DeliveryState, OutboxFilter, RoutedAlert, Store
from trailwarden.telemetry import Metrics

FAILED = Outcome(Verdict.RETRY, Reason.SERVER_ERROR, "500")


def routing(name: str, **more: Any) -> RoutingSettings:
    return RoutingSettings(name=name, **more)


@asynccontextmanager
async def delivering(
    store: Store, clock: HandClock, *sinks: ScriptedSink, chance: float = 0.0, **more: Any
) -> AsyncIterator[Delivery]:
    routes = [Route(sink, routing(sink.name, **more)) for sink in sinks]
    delivery = Delivery(store, routes, clock, Metrics(), chance=lambda: chance)
    running = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        for sink in sinks:
            if sink.gate is not None:
                sink.gate.set()
        delivery.stop()
        await asyncio.wait_for(running, 20)


async def put(store: Store, count: int, *sinks: str) -> list[str]:
    alerts = [alert(number) for number in range(count)]
    await store.commit(Commit(alerts=[RoutedAlert(one, sinks) for one in alerts]))
    return [one.id for one in alerts]


async def states(store: Store) -> set[tuple[str, DeliveryState]]:
    return {(row.alert_id, row.state) for row in await store.outbox(OutboxFilter(limit=10_000))}


async def test_everything_is_delivered(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        ids = await put(store, 300, "sink")
        sink = ScriptedSink()
        async with delivering(store, HandClock(), sink) as delivery:
            await sink.until(lambda: sink.delivered >= set(ids))
            await delivery.idle()
        assert sorted(sink.sent) == sorted(ids)
        assert await states(store) == {(one, DeliveryState.DELIVERED) for one in ids}


async def test_a_failure_is_tried_again_under_the_same_id(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await put(store, 1, "sink")
        sink = ScriptedSink(script=deque([FAILED, RuntimeError("a bug of the sink's"), FAILED]))
        async with delivering(store, HandClock(), sink) as delivery:
            await sink.until(lambda: bool(sink.delivered))
            assert sink.sent == ["alert_0"] * 4
            await delivery.idle()
            assert delivery.status()["sink"].state is SinkState.OK


async def test_what_is_refused_is_a_dead_letter_that_can_be_retried(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        clock = HandClock()
        await put(store, 2, "sink")
        sink = ScriptedSink(script=deque([Outcome(Verdict.REFUSED, Reason.REFUSED, "400")] * 2))
        async with delivering(store, clock, sink) as delivery:
            await sink.until(lambda: len(sink.sent) == 2)
            await delivery.idle()
            dead = await store.outbox(OutboxFilter(states=(DeliveryState.DEAD,)))
            assert {(row.reason, row.detail) for row in dead} == {(Reason.REFUSED, "400")}
            assert await store.retry(OutboxFilter(alert_ids=("alert_0",)), clock.now()) == 1
            delivery.wake()
            await sink.until(lambda: sink.delivered == {"alert_0"})


async def test_a_hanging_sink_holds_up_no_other(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        ids = await put(store, 20, "hangs", "works")
        hangs, works = ScriptedSink("hangs", gate=asyncio.Event()), ScriptedSink("works")
        async with delivering(store, HandClock(), hangs, works):
            await works.until(lambda: works.delivered == set(ids))
            assert not hangs.delivered
        assert hangs.delivered  # what was under way is finished at the stop


async def test_a_stop_gives_back_what_was_claimed_and_not_sent(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        clock = HandClock()
        ids = await put(store, 30, "sink")
        sink = ScriptedSink(gate=asyncio.Event())
        async with delivering(store, clock, sink, concurrency=2):
            await sink.until(lambda: len(sink.sent) == 2)
        again = ScriptedSink()
        async with delivering(store, clock, again):
            await again.until(lambda: again.delivered | sink.delivered == set(ids))
        assert not again.delivered & sink.delivered


async def test_a_claim_that_was_cut_off_ends_by_itself(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        clock = HandClock()
        await put(store, 1, "sink")
        until = clock.now() + timedelta(minutes=6)
        assert len(await store.claim("sink", 10, clock.now(), until)) == 1  # and the process is gone
        sink = ScriptedSink()
        async with delivering(store, clock, sink) as delivery:
            await delivery.idle()
            assert not sink.sent
            clock.advance(minutes=7)
            delivery.wake()
            await sink.until(lambda: sink.delivered == {"alert_0"})


async def test_too_old_is_a_dead_letter_and_kept(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        clock = HandClock()
        await put(store, 1, "sink")
        sink = ScriptedSink(script=deque([FAILED] * MIN_ATTEMPTS))
        async with delivering(store, clock, sink, chance=0.9) as delivery:
            for tries in range(1, MIN_ATTEMPTS + 1):
                await sink.until(lambda tries=tries: len(sink.sent) >= tries)
                await delivery.idle()
                assert (await store.outbox(OutboxFilter()))[
                    0
                ].state is not DeliveryState.DEAD or tries == MIN_ATTEMPTS
                clock.advance(days=4)
                delivery.wake()
        (row,) = await store.outbox(OutboxFilter())
        assert (row.state, row.reason) == (DeliveryState.DEAD, Reason.EXPIRED)
        assert await store.alert("alert_0") is not None


async def test_a_long_stop_does_not_cost_an_alert_its_tries(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        clock = HandClock()
        await put(store, 1, "sink")
        clock.advance(days=400)
        sink = ScriptedSink(script=deque([FAILED]))
        async with delivering(store, clock, sink, chance=0.9) as delivery:
            await sink.until(lambda: len(sink.sent) == 1)
            await delivery.idle()
        (row,) = await store.outbox(OutboxFilter())
        assert row.state is DeliveryState.PENDING


async def test_a_store_that_is_away_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_store(tmp_path) as store:
        await put(store, 1, "sink")
        claim = store.claim
        faults = deque([StoreError("locked")])

        async def sometimes(*arguments: Any) -> Any:
            if faults:
                raise faults.popleft()
            return await claim(*arguments)

        monkeypatch.setattr(store, "claim", sometimes)
        sink = ScriptedSink()
        async with delivering(store, HandClock(), sink) as delivery:
            delivery.wake()
            await sink.until(lambda: bool(sink.delivered))


async def test_configuration_on_one_side_is_told(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await put(store, 1, "sink")
        sink = ScriptedSink(script=deque([Outcome(Verdict.HOLD, Reason.GONE, "x answered 410")]))
        async with delivering(store, HandClock(), sink) as delivery:
            await sink.until(lambda: len(sink.sent) == 1)
            await delivery.idle()
            status = delivery.status()["sink"]
            assert (status.state, status.failures, status.last_error) == (
                SinkState.HOLDING,
                1,
                "x answered 410",
            )
        assert (await store.outbox(OutboxFilter()))[0].state is DeliveryState.PENDING
