"""The running service: its parts in the order in which they start, and in the reverse order in which they stop.

Keeps: a stop first ends the taking, then the committing, then the sending, then the store; what does not end in time is given
up unacked or unsettled, and comes again at the next start.

Next: `checks.py` for what health says; `trailwarden.pipeline.ingest` for the work itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
import uvloop

from trailwarden import __version__
from trailwarden.app.observer import Observer
from trailwarden.app.parts import Parts, make_matcher, make_metrics, make_parts
from trailwarden.app.patience import patiently
from trailwarden.app.signals import stop_on_signal
from trailwarden.app.sole_readers import begin, keep, turns_of
from trailwarden.app.turns import Turn
from trailwarden.errors import ConfigError, StoreError
from trailwarden.health import HealthServer, StatusBoard
from trailwarden.health import start as start_health
from trailwarden.model import Clock, SystemClock
from trailwarden.pipeline.inspector import Inspector
from trailwarden.sources import AckPoint, ack_point, in_runs
from trailwarden.store import Store, open_store
from trailwarden.telemetry import Metrics, setup_logging

if TYPE_CHECKING:
    from trailwarden.settings import Settings

log = structlog.get_logger(__name__)

GOOD, UNDELIVERED, UNREAD = 0, 3, 4
"""What run() returns; the command's exit codes."""


def serve(settings: Settings, *, once: bool = False) -> int:
    """Run a service in this process until it is told to stop. Raises ConfigError and StoreError before it has started."""
    if once and any(ack_point(source) is AckPoint.DELIVERED for source in settings.sources):
        raise ConfigError(
            "--once may end before a sink that is away has taken everything, and `ack: delivered` allows no end before: "
            "use `ack: committed` and keep the store"
        )
    setup_logging(settings.log.format, settings.log.level)
    gc.freeze()  # what is loaded by now stays; the collector need not walk it again
    gc.set_threshold(50_000, 20, 50)  # a request makes thousands of objects that no cycle keeps
    gc.enable()
    return uvloop.run(Service(settings, once=once).run())


@dataclass(slots=True)
class Service:
    """One service. stop: set it to end run()."""

    settings: Settings
    once: bool = False
    clock: Clock = field(default_factory=SystemClock)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    """Where health is shown, once it is."""
    lost: str = ""
    """Why it had to end by itself."""

    async def run(self) -> int:
        """Start, work, drain. With `once` the answer may be UNDELIVERED or UNREAD (quarantined, or not read)."""
        with stop_on_signal(self.stop):  # from the beginning: a stop while it starts is a stop, too
            return await self._started()

    async def _started(self) -> int:
        matcher = make_matcher(self.settings)
        metrics = make_metrics(self.settings, matcher)
        board = StatusBoard(self.clock)
        store = await patiently(lambda: open_store(self.settings.store), self.stop)
        turns = turns_of(self.settings, store, self.clock)
        try:
            await patiently(lambda: begin(turns, self.stop), self.stop)
            parts = await patiently(
                lambda: make_parts(self.settings, store, matcher, metrics, board, self.clock, once=self.once),
                self.stop,
            )
            health = await start_health(self.settings.http, board, metrics)
            self.url = health.url
            try:
                return await self._opened(parts, store, board, metrics, health, turns)
            finally:
                await health.close()
                parts.pool.shutdown(wait=False, cancel_futures=True)
        finally:
            await asyncio.gather(*(turn.give_up() for turn in turns))
            await store.close()

    async def _opened(
        self,
        parts: Parts,
        store: Store,
        board: StatusBoard,
        metrics: Metrics,
        health: HealthServer,
        turns: Sequence[Turn],
    ) -> int:
        async with contextlib.AsyncExitStack() as opened:
            for sink in parts.sinks:
                opened.push_async_callback(sink.close)
                await sink.open()
            await asyncio.to_thread(Inspector.prepare, runs=any(map(in_runs, self.settings.sources)))
            for source in parts.sources:
                opened.push_async_callback(source.close)
                await source.open()
            observer = Observer(parts, store, board, metrics, self.clock, self.settings.store.retention)
            watching = [asyncio.create_task(observer.run()), asyncio.create_task(keep(turns, self._lost))]
            if parts.watch is not None:
                opened.push_async_callback(parts.watch.collector.close)
                watching.append(asyncio.create_task(parts.watch.run()))
            log.info(
                "started",
                version=__version__,
                health=health.url,
                rules=len(parts.ingests[0].inspector.matcher.rules),
            )
            with contextlib.suppress(StoreError):  # the observer tells, if it lasts
                await _tell_of_orphans(parts, store)
            try:
                await self._work(parts, board)
            finally:
                for task in watching:
                    task.cancel()
                await asyncio.gather(*watching, return_exceptions=True)
        if self.lost:
            raise StoreError(self.lost)
        return await self._verdict(parts, store)

    def _lost(self, reason: str) -> None:
        log.error("source_lost", reason=reason)
        self.lost = reason
        self.stop.set()

    async def _work(self, parts: Parts, board: StatusBoard) -> None:
        delivering = asyncio.create_task(parts.delivery.run())
        ingesting = asyncio.gather(*(ingest.run() for ingest in parts.ingests))
        stopping = asyncio.create_task(self.stop.wait())
        try:
            watched: list[asyncio.Future[Any]] = [delivering, stopping]
            if self.once:
                watched.append(ingesting)
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            board.drain()
            await self._drain(parts, ingesting, delivering)
        finally:
            stopping.cancel()
            delivering.cancel()
            ingesting.cancel()
            await asyncio.gather(delivering, ingesting, stopping, return_exceptions=True)

    async def _drain(
        self, parts: Parts, ingesting: asyncio.Future[list[None]], delivering: asyncio.Task[None]
    ) -> None:
        """Within the drain timeout: finish what was taken, send what is due, then give up the rest."""
        seconds = self.settings.pipeline.drain_timeout.total_seconds()
        log.info("draining", seconds=seconds)
        for ingest in parts.ingests:
            ingest.stop()
        try:
            async with asyncio.timeout(seconds):
                await asyncio.shield(ingesting)
                if self.once and not self.stop.is_set():
                    await self._until_sent(parts)
                parts.delivery.stop()
                await asyncio.shield(delivering)
        except TimeoutError:
            log.warning("drain_cut_off", seconds=seconds)
            await asyncio.gather(*(ingest.abort() for ingest in parts.ingests))

    async def _until_sent(self, parts: Parts) -> None:
        """Until every sink has nothing left that is due, or fails."""
        parts.delivery.wake()
        await parts.delivery.idle()

    async def _verdict(self, parts: Parts, store: Store) -> int:
        if not self.once:
            return GOOD
        left = await store.summary()
        if any(backlog.pending or backlog.dead for backlog in left.backlog.values()):
            log.warning(
                "alerts_left_undelivered", detail="they stay in the outbox and are sent at the next run"
            )
            return UNDELIVERED
        unread = [line for source in parts.sources for line in source.status().problems]
        unread += [ingest.status.detector_fault for ingest in parts.ingests if ingest.status.detector_fault]
        if unread:
            log.error("not_everything_was_read", first=unread[0], number=len(unread))
        return UNREAD if unread or left.quarantined else GOOD


async def _tell_of_orphans(parts: Parts, store: Store) -> None:
    """Alerts that wait for a sink which the configuration no longer has: nobody sends them, so somebody must be told."""
    configured = {sink.name for sink in parts.sinks}
    for name, backlog in (await store.summary()).backlog.items():
        if name not in configured and backlog.pending:
            log.warning(
                "alerts_wait_for_an_unknown_sink",
                sink=name,
                pending=backlog.pending,
                detail=f"configure a sink of this name again, or `trailwarden outbox discard --sink {name} --all`",
            )
