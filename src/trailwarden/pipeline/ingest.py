"""The journey of an event, up to the ack. Read `Ingest._group` from top to bottom: it is the program's table of contents.

Keeps: ack follows the commit of everything that the batch gave rise to. A batch that could not be dealt with, for
whatever reason, is nacked and comes again; one bad batch does not touch its neighbours.

Next: `trailwarden.pipeline.delivery`, which takes the committed alerts to the sinks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import structlog

from trailwarden.decode import Limits, Rejected
from trailwarden.detection import Inspection, Matcher, inspect
from trailwarden.errors import Reason, SourceError, StoreError
from trailwarden.model import Batch, Clock
from trailwarden.pipeline.assemble import Router, assemble, merge
from trailwarden.pipeline.settings import PipelineSettings
from trailwarden.sources import Source
from trailwarden.store import Commit, Committed, Store
from trailwarden.telemetry import Metrics

log = structlog.get_logger(__name__)

_COMMIT_RETRY = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries of a commit; the last one repeats."""


@dataclass(slots=True)
class IngestStatus:
    """For health. store_fault: the store cannot commit now, one line; detector_fault: a bug showed itself, one line."""

    store_fault: str = ""
    detector_fault: str = ""
    in_flight: int = 0
    finished: bool = False


@dataclass(frozen=True, slots=True)
class _Inspected:
    """A batch that was inspected, and what it gave rise to."""

    batch: Batch
    inspection: Inspection
    commit: Commit


@dataclass(frozen=True, slots=True)
class _Failed:
    """A batch that could not be inspected, and why. bug: ours, not the input's or the world's."""

    batch: Batch
    why: str
    bug: bool


@dataclass(slots=True)
class Ingest:
    """Takes one source's batches through inspection and commit, and acks them."""

    source: Source
    matcher: Matcher
    limits: Limits
    store: Store
    route: Router
    clock: Clock
    settings: PipelineSettings
    metrics: Metrics
    pool: ThreadPoolExecutor
    committed: Callable[[int], None]
    """Called after each commit with the number of new alerts: wakes the delivery."""
    payload_limit: int = 1024 * 1024
    status: IngestStatus = field(default_factory=IngestStatus)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _groups: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Until the source has nothing more, or stop() is called. Work in flight is finished either way."""
        slots = asyncio.Semaphore(self.settings.groups_in_flight)
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                await slots.acquire()
                batches = await _first(self.source.read(self.settings.group_batches), stopped)
                if not batches:
                    break
                group = asyncio.create_task(self._group(batches))
                self._groups.add(group)
                group.add_done_callback(self._groups.discard)
                group.add_done_callback(lambda _done: slots.release())
        finally:
            stopped.cancel()
            if self._groups:
                await asyncio.wait(self._groups)
        self.status.finished = True

    def stop(self) -> None:
        """Take nothing more; what is in flight goes on to its ack or nack."""
        self._stopping.set()

    async def abort(self) -> None:
        """Give up what is in flight, unacked. It comes again."""
        self.stop()
        for group in list(self._groups):
            group.cancel()
        if self._groups:
            await asyncio.wait(list(self._groups))

    async def _group(self, batches: Sequence[Batch]) -> None:
        """Inspect, commit, ack: in portions that fit the limits of one transaction."""
        size = sum(batch.size_hint for batch in batches)
        with self.metrics.in_flight(self.source.name, len(batches), size):
            await self._dealt_with(list(batches))

    async def _dealt_with(self, waiting: list[Batch]) -> None:
        self.status.in_flight += len(waiting)
        try:
            while waiting:
                done = await asyncio.get_running_loop().run_in_executor(
                    self.pool, self._inspect_portion, waiting
                )
                inspected = [item for item in done if isinstance(item, _Inspected)]
                if inspected and not await self._commit(inspected):
                    return
                for item in inspected:
                    await self._acked(item)
                for failed in done:
                    if isinstance(failed, _Failed):
                        await self._nacked(failed)
                del waiting[: len(done)]
                self.status.in_flight -= len(done)
        except Exception as fault:
            self.status.detector_fault = (
                f"{type(fault).__name__} in the ingest of {self.source.name}; the log has the details"
            )
            log.exception("ingest_failed", source=self.source.name)
        finally:
            self.status.in_flight -= len(waiting)
            for batch in waiting:
                await batch.nack("was not dealt with")

    def _inspect_portion(self, batches: Sequence[Batch]) -> list[_Inspected | _Failed]:
        """As many of the batches, from the first on, as one transaction may hold; at least one. In a worker thread."""
        done: list[_Inspected | _Failed] = []
        size = alerts = 0
        for batch in batches:
            if done and (
                size + batch.size_hint > self.settings.group_bytes or alerts >= self.settings.group_alerts
            ):
                break
            item = self._inspect(batch)
            done.append(item)
            size += batch.size_hint
            alerts += len(item.commit.alerts) if isinstance(item, _Inspected) else 0
        return done

    def _inspect(self, batch: Batch) -> _Inspected | _Failed:
        try:
            size, inspection = self._account_for(batch)
            commit = assemble(batch, size, inspection, self.route, self.clock.now(), self.payload_limit)
        except SourceError as fault:
            return _Failed(batch, fault.detail, bug=False)
        except Exception as fault:
            log.exception("inspection_failed", locator=batch.origin.locator)
            return _Failed(batch, f"{type(fault).__name__} while inspecting {batch.origin.locator}", bug=True)
        return _Inspected(batch, inspection, commit)

    def _account_for(self, batch: Batch) -> tuple[int, Inspection]:
        try:
            payload = batch.load()
        except SourceError as fault:
            if fault.reason is not Reason.TOO_LARGE:
                raise
            # The bytes were never read; the origin in the quarantine row tells where they are.
            rejected = Rejected(b"", fault.reason, fault.detail, None)
            return batch.size_hint, Inspection(seen=1, rejected=(rejected,), whole=True)
        with self.metrics.decode_timer():
            return len(payload), inspect(payload, self.matcher, self.limits, digest=True)

    async def _commit(self, inspected: Sequence[_Inspected]) -> bool:
        """Commit, however long the store takes to come back; False when the stop came first (nothing was committed)."""
        commit = merge([item.commit for item in inspected])
        tries = 0
        while True:
            try:
                with self.metrics.commit_timer():
                    committed = await self.store.commit(commit)
            except StoreError as fault:
                self.status.store_fault = str(fault)
                log.warning("commit_failed", source=self.source.name, error=str(fault))
                pause = _COMMIT_RETRY[min(tries, len(_COMMIT_RETRY) - 1)]
                tries += 1
                if await _set_within(self._stopping, pause):
                    return False
                continue
            self.status.store_fault = ""
            self._account(commit, committed)
            return True

    def _account(self, commit: Commit, committed: Committed) -> None:
        self.metrics.committed(commit, committed)
        for alert_id in committed.conflicting:
            log.warning("same_event_id_other_content", alert_id=alert_id, source=self.source.name)
        if committed.new:
            self.committed(committed.new)

    async def _acked(self, item: _Inspected) -> None:
        inspection = item.inspection
        self.metrics.inspected(self.source.name, inspection)
        for rejected in inspection.rejected:
            log.warning(
                "quarantined",
                reason=rejected.reason,
                detail=rejected.detail,
                locator=item.batch.origin.locator,
            )
        await _tolerant(item.batch.ack(), item.batch)

    async def _nacked(self, failed: _Failed) -> None:
        if failed.bug:
            self.status.detector_fault = failed.why
        self.metrics.nacked(self.source.name)
        await _tolerant(failed.batch.nack(failed.why), failed.batch)


async def _tolerant(answer: Awaitable[None], batch: Batch) -> None:
    """An ack or nack that fails leaves the batch to come again, which is harmless: its alerts are known by then."""
    try:
        await answer
    except SourceError as fault:
        log.warning("answer_failed", locator=batch.origin.locator, error=str(fault))


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True


async def _first(reading: Awaitable[Sequence[Batch]], stopped: asyncio.Task[bool]) -> Sequence[Batch]:
    """What was read, or nothing when the stop came first. A cancelled read loses nothing (contract of the source)."""
    read = asyncio.ensure_future(reading)
    try:
        await asyncio.wait((read, stopped), return_when=asyncio.FIRST_COMPLETED)
        if read.done():
            return read.result()
    finally:
        if not read.done():
            read.cancel()
            await asyncio.gather(read, return_exceptions=True)
    return read.result() if read.done() and not read.cancelled() and read.exception() is None else ()
