"""Committed alerts to the sinks: claim, send, settle, over and over, each sink on its own.

Keeps: an alert stays pending until its sink has taken it or it is dead; what a sink does, or does not do, never touches
another sink. A claim that is not settled (a crash, a cut-off stop) ends by itself and the alert is sent again, under its id.

Next: `retry` for when, `trailwarden.sinks` for where.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

import structlog

from trailwarden.errors import Reason, StoreError
from trailwarden.model import Clock
from trailwarden.pipeline.retry import RetryPolicy, next_step
from trailwarden.sinks import Outcome, RoutingSettings, Sink, Verdict
from trailwarden.store import Claim, DeliveryState, Settlement, Store
from trailwarden.waiting import set_within

log = structlog.get_logger(__name__)

LEASE_MARGIN = timedelta(seconds=10)
"""A claim outlives two of the longest attempts by this much. No attempt is begun that could outlive its claim, so nobody
else takes what is still under way; and after a crash what was under way waits no longer than that."""
_IDLE = timedelta(seconds=30)
_STORE_PAUSE = 1.0
_SETTLE_BATCH = 256


class SinkState(StrEnum):
    """How a sink is doing."""

    OK = "ok"
    FAILING = "failing"  # the last attempts failed and may pass
    HOLDING = "holding"  # configuration on one of the sides: tried slowly


@dataclass(slots=True)
class SinkStatus:
    """For health. failures: in a row; last_error: one line without secrets."""

    state: SinkState = SinkState.OK
    failures: int = 0
    last_error: str = ""
    last_delivered: datetime | None = None


class DeliveryMetrics(Protocol):
    """What is counted."""

    def attempt(self, sink: str, verdict: Verdict, reason: Reason | None) -> None:
        """One attempt ended."""
        ...

    def delivered(self, sink: str, seconds: float) -> None:
        """An alert was taken, so long after it was made."""
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """A sink, open, with the settings that say how it is tried."""

    sink: Sink
    settings: RoutingSettings


@dataclass(slots=True)
class Delivery:
    """All sinks of a service. `chance` gives numbers in [0, 1)."""

    store: Store
    routes: Sequence[Route]
    clock: Clock
    metrics: DeliveryMetrics
    chance: Callable[[], float] = random.random
    settled: Callable[[], None] = lambda: None
    """Called after outcomes were recorded."""
    look_every: timedelta = _IDLE
    """How long it rests when nothing is due: what another instance committed and left is found no later."""
    _wakes: dict[str, asyncio.Event] = field(default_factory=dict)
    _status: dict[str, SinkStatus] = field(default_factory=dict)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _idle: dict[str, asyncio.Event] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for route in self.routes:
            self._wakes[route.sink.name] = asyncio.Event()
            self._status[route.sink.name] = SinkStatus()
            self._idle[route.sink.name] = asyncio.Event()

    def wake(self) -> None:
        """There may be something new to send."""
        for name, event in self._wakes.items():
            self._idle[name].clear()
            event.set()

    async def idle(self) -> None:
        """Until no sink has anything that is due."""
        for event in self._idle.values():
            await event.wait()

    def status(self) -> Mapping[str, SinkStatus]:
        """A snapshot by sink."""
        return dict(self._status)

    def stop(self) -> None:
        """Claim nothing more; run() returns once what is under way is settled."""
        self._stopping.set()
        self.wake()

    async def run(self) -> None:
        """Until stop(). Cancelling it leaves claims to end by themselves."""
        await asyncio.gather(self._stopping.wait(), *(self._serve(route) for route in self.routes))

    async def _serve(self, route: Route) -> None:
        name = route.sink.name
        while not self._stopping.is_set():
            self._wakes[name].clear()
            try:
                if not await self._round(route):
                    if not self._wakes[name].is_set():
                        self._idle[name].set()
                    await self._rest(name)
            except StoreError as fault:
                log.warning("delivery_waits_for_store", sink=name, error=str(fault))
                await self._within(name, _STORE_PAUSE)

    async def _round(self, route: Route) -> bool:
        """Claim what is due, send it, settle it; False when nothing was due."""
        now = self.clock.now()
        longest = route.settings.longest_attempt
        until = now + 2 * longest + LEASE_MARGIN
        concurrency = route.settings.concurrency
        claims = await self.store.claim(route.sink.name, concurrency * 8, now, until)
        if not claims:
            return False
        queue = list(reversed(claims))
        settled: list[Settlement] = []

        def may_begin() -> bool:
            return self.clock.now() + longest < until and not self._stopping.is_set()

        async def worker() -> None:
            while queue and may_begin():
                settlement = await self._attempt(route, queue.pop())
                settled.append(settlement)
                if len(settled) >= _SETTLE_BATCH:
                    await self._settle(settled)

        try:
            async with (
                asyncio.TaskGroup() as workers
            ):  # one that raises ends all, before the rest is given back
                for _ in range(min(concurrency, len(claims))):
                    workers.create_task(worker())
        finally:
            settled.extend(self._returned(claim) for claim in queue)
            await self._settle(settled)
        return True

    async def _attempt(self, route: Route, claim: Claim) -> Settlement:
        outcome = await self._send(route.sink, claim)
        now = self.clock.now()
        self._note(route.sink.name, outcome, claim, now)
        policy = RetryPolicy(route.settings.retry_base, route.settings.retry_cap, route.settings.max_age)
        step = next_step(policy, outcome, claim.attempt, claim.first_claimed_at, now, self.chance())
        if step.state is DeliveryState.DEAD:
            log.error("alert_is_dead", sink=route.sink.name, alert_id=claim.alert.id, detail=step.detail)
        return Settlement(
            alert_id=claim.alert.id,
            sink=claim.sink,
            state=step.state,
            at=now,
            next_attempt_at=step.at,
            reason=step.reason,
            detail=step.detail,
            claimed_until=claim.until,
        )

    async def _send(self, sink: Sink, claim: Claim) -> Outcome:
        try:
            return await sink.send(claim.alert, claim.attempt)
        except (
            Exception
        ) as fault:  # a bug of the sink's must not cost the alert, nor the other alerts their turn
            log.exception("sink_raised", sink=sink.name, alert_id=claim.alert.id)
            return Outcome(
                Verdict.RETRY,
                Reason.BAD_ANSWER,
                f"{type(fault).__name__} in the sink; the log has the details",
            )

    def _note(self, name: str, outcome: Outcome, claim: Claim, now: datetime) -> None:
        status = self._status[name]
        self.metrics.attempt(name, outcome.verdict, outcome.reason)
        if outcome.verdict is Verdict.DELIVERED:
            if status.state is not SinkState.OK:
                log.info("sink_recovered", sink=name, failures=status.failures)
            self._status[name] = SinkStatus(last_delivered=now)
            self.metrics.delivered(name, max((now - claim.alert.created_at).total_seconds(), 0.0))
            return
        state = SinkState.HOLDING if outcome.verdict is Verdict.HOLD else SinkState.FAILING
        if state is not status.state:
            log.warning("sink_fails", sink=name, reason=outcome.reason, detail=outcome.detail)
        status.state, status.failures, status.last_error = state, status.failures + 1, outcome.detail

    def _returned(self, claim: Claim) -> Settlement:
        """A claim that was not attempted: due again at once."""
        now = self.clock.now()
        return Settlement(
            claim.alert.id,
            claim.sink,
            DeliveryState.PENDING,
            now,
            next_attempt_at=now,
            claimed_until=claim.until,
        )

    async def _settle(self, settled: list[Settlement]) -> None:
        """Record outcomes, however long the store takes: an outcome that is forgotten means sending again."""
        batch = settled[:]
        settled.clear()
        while batch:
            try:
                await self.store.settle(batch)
                self.settled()
                return
            except StoreError as fault:
                log.warning("settling_waits_for_store", error=str(fault))
                if self._stopping.is_set():
                    return
                await asyncio.sleep(_STORE_PAUSE)

    async def _rest(self, name: str) -> None:
        """Until something new comes, or something is due."""
        due = await self.store.next_due(name)
        rest = self.look_every
        pause = rest if due is None else min(max(due - self.clock.now(), timedelta(0)), rest)
        await self._within(name, pause.total_seconds())

    async def _within(self, name: str, seconds: float) -> None:
        await set_within(self._wakes[name], seconds)
