"""One sink: the claims that are in memory for it, who sends them, and when the store is asked for more.

Keeps: no attempt is begun that could outlive its claim, so nobody else takes what is still under way; what was claimed and cannot
be begun is given back. How many claims are in memory has a limit, which follows how fast the sink takes them.

Claims come in two ways. While the sink takes what it is given and nothing older is due, new alerts are claimed as they are
committed (`room`, `take`), and the store is not asked at all. Otherwise they wait in the store, and are claimed from there, the
longest due first.

Next: `attempts`, what is done with a claim; `settling`, where outcomes go.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from trailwarden.errors import StoreError
from trailwarden.model import Clock
from trailwarden.pipeline.attempts import Attempts, SinkState, returned
from trailwarden.pipeline.settling import Settler
from trailwarden.sinks import RoutingSettings
from trailwarden.store import Claim, DeliveryState, Settlement, Store, Taking
from trailwarden.waiting import set_within

log = structlog.get_logger(__name__)

LEASE_MARGIN = timedelta(seconds=10)
"""A claim outlives two of the longest attempts by this much: the last attempt is begun one of them before its end, and after a
crash what was under way waits no longer than all of it."""
_ROUNDS: Final = 8
"""Claims in memory for each attempt that may be under way, at the least."""
_AHEAD: Final = 5.0
"""Seconds of the sink's work that may wait in memory."""
_MOST: Final = 1024
_MOST_BYTES: Final = 16 * 1024 * 1024
"""Of documents in memory: with so many nothing new is handed over."""
_STORE_PAUSE: Final = 1.0
_CUT_OFF: Final = 5.0
"""Seconds that attempts have to end which are cut off."""


@dataclass(slots=True)
class Lane:
    """Of one sink. rest: how long it rests when nothing is due. idle: set while the sink has nothing that is due."""

    store: Store
    clock: Clock
    attempts: Attempts
    settler: Settler
    rest: timedelta
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    _queue: deque[Claim] = field(default_factory=deque)
    _sending: set[asyncio.Task[None]] = field(default_factory=set)
    _under_way: int = 0
    _reserved: int = 0
    _bytes: int = 0
    _calls: int = 1
    """How often somebody said that the store may have something due; _looked: how often when it was last asked in vain."""
    _looked: int = 0
    _due: datetime | None = None
    """When the earliest of what the store has is due, as far as it is known."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _bug: BaseException | None = None

    @property
    def name(self) -> str:
        """The sink's."""
        return self.attempts.route.sink.name

    @property
    def _settings(self) -> RoutingSettings:
        return self.attempts.route.settings

    # --- what others tell it --------------------------------------------------------------------------------------

    def wake(self) -> None:
        """The store may have something that is due."""
        self._calls += 1
        self.idle.clear()
        self._news.set()

    def room(self, wanted: int) -> Taking | None:
        """How much of what is about to be committed may be claimed at once. What is given must come back by `take`."""
        now = self.clock.now()
        free = self._limit() - len(self._queue) - self._under_way - self._reserved
        well = self.attempts.status.state is SinkState.OK and not self._stopping
        if free <= 0 or self._bytes >= _MOST_BYTES or not well or self._behind(now):
            return None
        count = min(free, wanted)
        self._reserved += count
        return Taking(self.name, count, now, self._until(now))

    def take(self, taking: Taking | None, claims: Sequence[Claim]) -> None:
        """Send what was claimed. taking: what `room` gave."""
        self._reserved -= taking.limit if taking is not None else 0
        if claims:
            self.idle.clear()
            self._add(claims)
            if self._stopping:
                self._give_back()
            self._start()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping = True
        self._give_back()
        self._news.set()

    # --- its own work ---------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until stop(), and what is under way has ended. Cancelling it leaves what is under way to end its claims by itself."""
        try:
            while not self._stopping:
                self._news.clear()
                if self._bug is not None:
                    raise self._bug
                try:
                    await self._look()
                except StoreError as fault:
                    log.warning("delivery_waits_for_store", sink=self.name, error=str(fault))
                    await set_within(self._news, _STORE_PAUSE)
                else:
                    await self._rest()
            if self._sending:
                await asyncio.wait(self._sending)
        finally:
            self.stop()
            for task in self._sending:
                task.cancel()
            if self._sending:
                await asyncio.wait(self._sending, timeout=_CUT_OFF)

    async def _look(self) -> None:
        """With nothing in memory: ask the store, or be idle."""
        while not (self._queue or self._sending or self._stopping):
            behind = self._behind(self.clock.now())
            if behind:
                self.settler.hurry()
            await self.settler.settled(self.name)  # what failed must be there to be found
            if behind:
                await self._claim()
            elif not (self._queue or self._sending or self._behind(self.clock.now())):
                self.idle.set()
                return

    async def _claim(self) -> None:
        if self._calls == self._looked:
            self._calls += 1  # behind for what is due: so it stays until the store has answered
        calls, now = self._calls, self.clock.now()
        limit = self._settings.concurrency * _ROUNDS
        self._due = None
        claims = await self.store.claim(self.name, limit, now, self._until(now))
        self._add(claims)
        if self._stopping:
            self._give_back()
        self._start()
        if len(claims) < limit:
            self._note_due(await self.store.next_due(self.name))
            self._looked = calls

    async def _rest(self) -> None:
        """Until something new comes, or something is due."""
        pause = self.rest
        if self._due is not None:
            pause = min(max(self._due - self.clock.now(), timedelta(0)), pause)
        at_work = bool(self._queue or self._sending)
        if not await set_within(self._news, None if at_work else pause.total_seconds()):
            self._calls += 1

    def _add(self, claims: Sequence[Claim]) -> None:
        self._queue.extend(claims)
        self._bytes += sum(len(claim.alert.document) for claim in claims)

    def _start(self) -> None:
        most = 1 if self.attempts.together else self._settings.concurrency
        for _ in range(min(most - len(self._sending), len(self._queue))):
            task = asyncio.create_task(self._send())
            self._sending.add(task)
            task.add_done_callback(self._sent)

    async def _send(self) -> None:
        """One after the other, until there is none left."""
        at_once = self._settings.concurrency if self.attempts.together else 1
        while claims := self._next(at_once):
            self._under_way += len(claims)
            try:
                outcomes = await self.attempts.of(claims)
            finally:
                self._under_way -= len(claims)
                self._bytes -= sum(len(claim.alert.document) for claim in claims)
            self._note(outcomes)

    def _next(self, count: int) -> list[Claim]:
        latest = self.clock.now() + self._settings.longest_attempt
        if self._queue and latest >= self._queue[0].until:
            self._give_back()
        return [self._queue.popleft() for _ in range(min(count, len(self._queue)))]

    def _note(self, outcomes: Sequence[Settlement]) -> None:
        self.settler.add(outcomes)
        for one in outcomes:
            if one.state is DeliveryState.PENDING:
                self._note_due(one.next_attempt_at or one.at)

    def _note_due(self, due: datetime | None) -> None:
        if due is not None and (self._due is None or due < self._due):
            self._due = due

    def _give_back(self) -> None:
        """What waits in memory, and would not be begun in time, or not at all."""
        if self._queue:
            now = self.clock.now()
            self._note([returned(claim, now) for claim in self._queue])
            self._bytes -= sum(len(claim.alert.document) for claim in self._queue)
            self._queue.clear()

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._bug = task.exception()
        if self._bug is None:
            self._start()  # what was handed over when it had ended and this had not been told
        if not self._sending or self._bug is not None:
            self._news.set()

    def _behind(self, now: datetime) -> bool:
        """Whether the store may have something that is due."""
        return self._calls != self._looked or (self._due is not None and self._due <= now)

    def _limit(self) -> int:
        """Claims that may be in memory."""
        least = self._settings.concurrency * _ROUNDS
        pace = self.attempts.pace
        return least if pace is None else min(max(round(_AHEAD / max(pace, 1e-6)), least), _MOST)

    def _until(self, now: datetime) -> datetime:
        return now + 2 * self._settings.longest_attempt + LEASE_MARGIN
