"""Batches whose alerts are committed, and that are acked when the sinks have taken those (`ack: delivered`).

Keeps: no ack before every required sink that wants an alert of the batch has taken it, or somebody has discarded it by
command. A dead letter holds its own batch, for as long as it is one, and no other; a store that no longer has an alert gives
the batch back, so that it comes again.

The store is asked, not the delivery of this process: another instance may have taken the alert, or a command ended it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

import structlog

from trailwarden.errors import SourceError, StoreError
from trailwarden.model import Batch
from trailwarden.store import Commit, DeliveryState, Store
from trailwarden.waiting import set_within

log = structlog.get_logger(__name__)

_LOOK_EVERY = 2.0
"""Seconds after which the store is asked though nothing was settled here."""
_GATHER = 0.05
"""Seconds between two questions to the store, at least."""
_REST = 4
"""Times as long as the last question took: however much is held, asking for it takes up a fifth of the time at the most."""


@dataclass(slots=True, eq=False)
class _Held:
    """ids: of the alerts that were not taken by all when the store was last asked; dead: one of them is a dead letter."""

    batch: Batch
    ids: frozenset[str]
    dead: bool = False


@dataclass(slots=True)
class Acknowledger:
    """Of one source. required: names of the sinks that count; limit: batches that may be held before no more are read;
    sent: until no sink has anything left that is due.
    """

    source: str
    store: Store
    required: frozenset[str]
    limit: int
    sent: Callable[[], Awaitable[None]]
    fault: str = ""
    """A bug showed itself, one line."""
    _held: set[_Held] = field(default_factory=set)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def held(self) -> int:
        """Batches that wait."""
        return len(self._held)

    @property
    def dead(self) -> int:
        """Those of them that a dead letter holds."""
        return sum(held.dead for held in self._held)

    @property
    def full(self) -> bool:
        """No more is read for now."""
        return len(self._held) >= self.limit

    def awaited(self, commit: Commit) -> frozenset[str]:
        """Ids of the alerts that a required sink wants."""
        return frozenset(
            routed.alert.id for routed in commit.alerts if not self.required.isdisjoint(routed.sinks)
        )

    def hold(self, batch: Batch, ids: frozenset[str]) -> None:
        """Ack it when those alerts are taken."""
        batch.slim()
        self._held.add(_Held(batch, ids))
        self._news.set()

    def look_again(self) -> None:
        """Something was settled."""
        self._news.set()

    async def room(self) -> None:
        """Until there is room for more."""
        while self.full:
            self._changed.clear()
            await self._changed.wait()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await set_within(self._news, _LOOK_EVERY if self._held else None)
            self._news.clear()
            began = time.monotonic()
            try:
                await self.look()
            except StoreError as fault:
                log.warning("acks_wait_for_store", source=self.source, error=str(fault))
            except Exception as fault:
                self.fault = f"{type(fault).__name__} while waiting for deliveries; the log has the details"
                log.exception("acks_failed", source=self.source)
            await asyncio.sleep(max(_GATHER, _REST * (time.monotonic() - began)))

    async def look(self) -> None:
        """Ask the store, and answer for what it tells. Raises StoreError."""
        asked = list(self._held)
        ids = frozenset[str]().union(*(held.ids for held in asked))
        left = await self.store.untaken(sorted(ids), sorted(self.required)) if ids else {}
        for held in asked:
            if held not in self._held:
                continue  # it was given back meanwhile
            states = {alert_id: left[alert_id] for alert_id in held.ids if alert_id in left}
            if held.batch.lost:
                self._let_go(held)
            elif None in states.values():
                log.warning("alert_left_the_store", source=self.source, locator=held.batch.origin.locator)
                await self._give_back(held, "the store no longer has an alert of it")
            elif not states:
                self._let_go(held)
                await answered(held.batch.ack(), held.batch)
            else:
                self._keep(held, states.keys(), DeliveryState.DEAD in states.values())

    async def finish(self) -> None:
        """Once nothing is added any more: wait for what can be sent now, then give back what is left."""
        if self._held:
            await self.sent()
            with contextlib.suppress(StoreError):
                await self.look()
        await self.give_back("its alerts were not delivered when the service stopped")

    async def give_back(self, reason: str) -> None:
        """Nack whatever is held."""
        for held in list(self._held):
            await self._give_back(held, reason)

    async def _give_back(self, held: _Held, reason: str) -> None:
        self._let_go(held)
        await answered(held.batch.nack(reason), held.batch)

    def _keep(self, held: _Held, ids: Collection[str], dead: bool) -> None:
        if dead and not held.dead:
            log.error(
                "dead_letter_holds_ack",
                source=self.source,
                locator=held.batch.origin.locator,
                detail="mend the sink and `trailwarden outbox retry`, or `trailwarden outbox discard`",
            )
        held.ids, held.dead = frozenset(ids), dead

    def _let_go(self, held: _Held) -> None:
        self._held.discard(held)
        self._changed.set()


async def answered(answer: Awaitable[None], batch: Batch) -> None:
    """An ack or nack that fails leaves the batch to come again, which is harmless: its alerts are known by then."""
    try:
        await answer
    except SourceError as fault:
        log.warning("answer_failed", locator=batch.origin.locator, error=str(fault))
