"""Looks at the parts every second and writes down how they are, for health and metrics; prunes once an hour.

Keeps: the heartbeat beats only while the loop does. Asking the store never holds up the rest: its answer is as old as it is.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from trailwarden.app.checks import (
    ack_check,
    ingest_check,
    quarantine_check,
    sink_check,
    source_check,
    store_check,
)
from trailwarden.app.parts import Parts
from trailwarden.errors import StoreError
from trailwarden.health import StatusBoard
from trailwarden.model import Clock
from trailwarden.store import RetentionSettings, Store, StoreSummary
from trailwarden.telemetry import Metrics

log = structlog.get_logger(__name__)

EVERY_SECONDS: Final = 1.0
_SUMMARY_EVERY: Final = timedelta(seconds=5)
_PRUNE_EVERY: Final = timedelta(hours=1)
_SUMMARY_SECONDS: Final = 10.0


@dataclass(slots=True)
class Observer:
    """One service's observer."""

    parts: Parts
    store: Store
    board: StatusBoard
    metrics: Metrics
    clock: Clock
    retention: RetentionSettings | None
    _summary: StoreSummary = field(default_factory=StoreSummary)
    _summed_at: datetime | None = None
    _pruned_at: datetime | None = None
    _fault: str = ""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.observe()
            await asyncio.sleep(EVERY_SECONDS)

    async def observe(self) -> None:
        """One round."""
        now = self.clock.now()
        self.board.heartbeat()
        self.metrics.heartbeat(now)
        await self._ask_store(now)
        fault = self._fault or next(
            (one.status.store_fault for one in self.parts.ingests if one.status.store_fault), ""
        )
        self.board.set(store_check(fault, now))
        for source, ingest in zip(self.parts.sources, self.parts.ingests, strict=True):
            status = source.status()
            self.board.set(source_check(source.name, status, now))
            self.board.set(ingest_check(source.name, ingest.status, now))
            self.metrics.source(
                source.name, status.state.value, status.last_success, status.behind, status.missed
            )
            if ingest.acks is not None:
                self.board.set(ack_check(source.name, ingest.acks, now))
                self.metrics.held(source.name, ingest.acks.held)
        for name, delivered in self.parts.delivery.status().items():
            backlog = self._summary.backlog.get(name)
            self.board.set(sink_check(name, delivered, backlog, now))
            if backlog is not None:
                self.metrics.backlog(name, backlog.pending, backlog.dead, backlog.oldest)
        self.board.set(quarantine_check(self._summary.quarantined, now))

    async def _ask_store(self, now: datetime) -> None:
        if self._summed_at is not None and now - self._summed_at < _SUMMARY_EVERY:
            return
        self._summed_at = now
        try:
            async with asyncio.timeout(_SUMMARY_SECONDS):
                self._summary = await self.store.summary()
                await self._prune(now)
            self._fault = ""
        except StoreError as fault:
            self._fault = str(fault)
        except TimeoutError:
            self._fault = f"the store has not answered for {_SUMMARY_SECONDS:g} s"

    async def _prune(self, now: datetime) -> None:
        if self.retention is None or (self._pruned_at is not None and now - self._pruned_at < _PRUNE_EVERY):
            return
        self._pruned_at = now
        pruned = await self.store.prune(
            self.retention.settled_before(now), self.retention.received_before(now)
        )
        if pruned.alerts or pruned.received:
            log.info("pruned", alerts=pruned.alerts, received=pruned.received)
