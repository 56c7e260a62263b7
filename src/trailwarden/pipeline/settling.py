"""Outcomes of deliveries into the store, many in one transaction.

Keeps: every outcome is recorded, however long the store takes, or at a stop tried once; an outcome that is lost means that the
alert is sent again under its id, never that it is lost.

Next: `trailwarden.pipeline.lane`, where outcomes come from.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from trailwarden.errors import StoreError
from trailwarden.store import Settlement, Store
from trailwarden.waiting import set_within

log = structlog.get_logger(__name__)

GATHER: Final = 0.05
"""Seconds that the first outcome waits for others. A crash in that time means sending again what was just sent."""
_MANY: Final = 256
_STORE_PAUSE: Final = 1.0


@dataclass(slots=True)
class Settler:
    """Of all sinks of a service. told: called after outcomes were recorded."""

    store: Store
    told: Callable[[], None]
    awaited: int = 0
    """How many wait for everything to be recorded: as long as there is one, nothing is gathered."""
    _waiting: list[Settlement] = field(default_factory=list)
    _open: Counter[str] = field(default_factory=Counter)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)
    _closing: asyncio.Event = field(default_factory=asyncio.Event)
    _recorded: asyncio.Condition = field(default_factory=asyncio.Condition)

    def add(self, settlements: Sequence[Settlement]) -> None:
        """Have them recorded soon."""
        if not settlements:
            return
        self._waiting += settlements
        self._open.update(item.sink for item in settlements)
        self._news.set()
        if self.awaited or len(self._waiting) >= _MANY:
            self._hurry.set()

    def hurry(self) -> None:
        """Somebody waits: do not gather."""
        if self._waiting:
            self._hurry.set()

    async def settled(self, sink: str) -> None:
        """Until nothing of a sink is left to be recorded."""
        if self._open[sink]:
            async with self._recorded:
                await self._recorded.wait_for(lambda: not self._open[sink])

    async def run(self) -> None:
        """Until close(), and what is there then is recorded."""
        while self._waiting or not self._closing.is_set():
            await self._news.wait()
            self._news.clear()
            if self._waiting:
                await set_within(self._hurry, GATHER)
                self._hurry.clear()
                await self._record()

    def close(self) -> None:
        """Nothing is added any more."""
        self._closing.set()
        self._hurry.set()
        self._news.set()

    async def _record(self) -> None:
        batch, self._waiting = self._waiting, []
        while True:
            try:
                await self.store.settle(batch)
                break
            except StoreError as fault:
                log.warning("settling_waits_for_store", error=str(fault))
                if self._closing.is_set():
                    break  # the claims end by themselves
                await set_within(self._closing, _STORE_PAUSE)
        self._open.subtract(item.sink for item in batch)
        self.told()
        async with self._recorded:
            self._recorded.notify_all()
