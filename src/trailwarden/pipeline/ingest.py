"""The journey of an event, up to the ack. Read `Ingest._group` from top to bottom: it is the program's table of contents.

Keeps: ack follows the commit of everything that the batch gave rise to, and its delivery where the source asks for that. A
batch that could not be dealt with, for whatever reason, is nacked and comes again; one bad batch does not touch its neighbours.

Next: `trailwarden.pipeline.committing`, then `trailwarden.pipeline.delivery`, which takes the committed alerts to the sinks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import orjson
import structlog

from trailwarden.errors import StoreError
from trailwarden.model import Batch
from trailwarden.pipeline.acknowledgement import Acknowledger, answered
from trailwarden.pipeline.assemble import merge
from trailwarden.pipeline.committing import Committer, Wish
from trailwarden.pipeline.inspected import Failed, Inspected
from trailwarden.pipeline.inspector import Inspector
from trailwarden.pipeline.settings import PipelineSettings
from trailwarden.sources import Source
from trailwarden.store import Commit, Committed
from trailwarden.telemetry import Metrics
from trailwarden.waiting import set_within

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


@dataclass(slots=True)
class Ingest:
    """Takes one source's batches through inspection and commit, and acks them."""

    source: Source
    inspector: Inspector
    committer: Committer
    settings: PipelineSettings
    metrics: Metrics
    pool: ThreadPoolExecutor
    observed: Callable[[Sequence[Batch], Commit], None] = lambda _batches, _commit: None
    """Called after each commit with what was committed, new or known."""
    acks: Acknowledger | None = None
    """Holds acks back until delivery, where the source asks for it."""
    status: IngestStatus = field(default_factory=IngestStatus)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _groups: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Until the source has nothing more, or stop() is called. Work in flight is finished either way."""
        acks = asyncio.create_task(self.acks.run()) if self.acks is not None else None
        try:
            await self._take()
            if self.acks is not None:
                await self.acks.finish()
        finally:
            if acks is not None:
                acks.cancel()
        self.status.finished = True

    async def _take(self) -> None:
        slots = asyncio.Semaphore(self.settings.groups_in_flight)
        stopped = asyncio.create_task(self._stopping.wait())
        try:
            while not self._stopping.is_set():
                await slots.acquire()
                batches = await _first(self._next(), stopped)
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
        if self.acks is not None:
            await self.acks.give_back("its alerts were not delivered when the service stopped")

    async def _next(self) -> Sequence[Batch]:
        if self.acks is not None:
            await self.acks.room()
        return await self._read()

    async def _read(self) -> Sequence[Batch]:
        """What the source has next. A read that raises is a bug of the source's: told, and tried again, however long it takes."""
        tries = 0
        while True:
            try:
                return await self.source.read(self.settings.group_batches)
            except Exception as fault:
                self.status.detector_fault = (
                    f"{type(fault).__name__} while reading {self.source.name}; the log has the details"
                )
                log.exception("read_failed", source=self.source.name)
            if await set_within(self._stopping, _COMMIT_RETRY[min(tries, len(_COMMIT_RETRY) - 1)]):
                return ()
            tries += 1

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
                    self.pool, self.inspector.portion, waiting
                )
                for part in self.inspector.transactions(done):
                    if not await self._settled(part):
                        return
                    del waiting[: len(part)]
                    self.status.in_flight -= len(part)
        except Exception as fault:
            self.status.detector_fault = (
                f"{type(fault).__name__} in the ingest of {self.source.name}; the log has the details"
            )
            log.exception("ingest_failed", source=self.source.name)
        finally:
            self.status.in_flight -= len(waiting)
            for batch in waiting:
                await answered(batch.nack("was not dealt with"), batch)

    async def _settled(self, done: Sequence[Inspected | Failed]) -> bool:
        """Commit in one transaction, then answer for all; False when the stop came first."""
        inspected = [item for item in done if isinstance(item, Inspected)]
        refused = await self._committed(inspected) if inspected else {}
        if refused is None:
            return False
        await self._answer([refused.get(id(item), item) for item in done])
        return True

    async def _committed(self, inspected: Sequence[Inspected]) -> Mapping[int, Failed] | None:
        """Commit together; where the store refuses that as such (a bug), each alone, so that one costs only itself.

        Returns those that failed, by identity; None when the stop came first.
        """
        try:
            return {} if await self._commit(inspected) else None
        except Exception as fault:
            log.exception("commit_refused", source=self.source.name, batches=len(inspected))
            if len(inspected) == 1:
                why = f"{type(fault).__name__} while committing {inspected[0].batch.origin.locator}"
                return {id(inspected[0]): Failed(inspected[0].batch, why, bug=True)}
        refused: dict[int, Failed] = {}
        for item in inspected:
            alone = await self._committed([item])
            if alone is None:
                return None
            refused.update(alone)
        return refused

    async def _commit(self, inspected: Sequence[Inspected]) -> bool:
        """Commit, however long the store takes to come back; False when the stop came first (nothing was committed)."""
        commit = inspected[0].commit if len(inspected) == 1 else merge([item.commit for item in inspected])
        if commit.changes_nothing:
            self.metrics.committed(commit, Committed(new=0, known=0))
        elif not await self._kept(Wish(commit)):
            return False
        self.observed([item.batch for item in inspected], commit)
        return True

    async def _kept(self, wish: Wish) -> bool:
        tries = 0
        while True:
            try:
                await self.committer.commit(wish)
            except StoreError as fault:
                self.status.store_fault = str(fault)
                log.warning("commit_failed", source=self.source.name, error=str(fault))
                pause = _COMMIT_RETRY[min(tries, len(_COMMIT_RETRY) - 1)]
                tries += 1
                if await set_within(self._stopping, pause):
                    return False
                continue
            self.status.store_fault = ""
            self._tell_conflicts(wish)
            return True

    def _tell_conflicts(self, wish: Wish) -> None:
        conflicting = set(wish.conflicting)
        for routed in wish.commit.alerts if conflicting else ():
            if routed.alert.id in conflicting:
                amends = orjson.loads(routed.alert.document).get("amends")
                told = log.info if amends else log.warning
                told(
                    "event_amended" if amends else "same_event_id_other_content",
                    alert_id=routed.alert.id,
                    source=self.source.name,
                )

    async def _answer(self, done: Sequence[Inspected | Failed]) -> None:
        """Count what is committed, then answer for all."""
        committed = [item for item in done if isinstance(item, Inspected)]
        if committed:
            self.metrics.inspected(self.source.name, *(item.inspection for item in committed))
        for item in done:
            await (self._acked(item) if isinstance(item, Inspected) else self._nacked(item))

    async def _acked(self, item: Inspected) -> None:
        for rejected in item.inspection.rejected:
            log.warning(
                "quarantined",
                reason=rejected.reason,
                detail=rejected.detail,
                locator=item.batch.origin.locator,
            )
        awaited = self.acks.awaited(item.commit) if self.acks is not None else ()
        if self.acks is not None and awaited:
            self.acks.hold(item.batch, awaited)
        else:
            await answered(item.batch.ack(), item.batch)

    async def _nacked(self, failed: Failed) -> None:
        if failed.bug:
            self.status.detector_fault = failed.why
        self.metrics.nacked(self.source.name)
        await answered(failed.batch.nack(failed.why), failed.batch)


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
