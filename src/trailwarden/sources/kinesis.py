"""Source `kinesis`: records of a data stream, shard by shard.

Keeps: of each shard the contiguous acked prefix is the checkpoint; a child is read when its parents are finished. A shard that is
not ours any more is left at once, and what is answered of it later changes nothing. One shard that fails holds up no other.

Next: `kinesis_custody`, which shards are ours and where each was left; `kinesis_reader`, the reading of one.
"""

from __future__ import annotations

import asyncio
import os
import socket
import time
import uuid
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog

from trailwarden.aws import Aws, AwsError
from trailwarden.errors import StoreError
from trailwarden.model import Batch, Origin
from trailwarden.sources.base import Given, SourceState, SourceStatus
from trailwarden.sources.budget import Budget
from trailwarden.sources.kinesis_custody import Custody, StoreCustody
from trailwarden.sources.kinesis_faults import Faults
from trailwarden.sources.kinesis_lease_table import LeaseTable
from trailwarden.sources.kinesis_leased import LeaseCustody
from trailwarden.sources.kinesis_position import Position
from trailwarden.sources.kinesis_reader import ShardReader
from trailwarden.sources.kinesis_rounds import Rounds
from trailwarden.sources.kinesis_run import KinesisRun
from trailwarden.sources.kinesis_settings import KinesisSettings
from trailwarden.sources.kinesis_stream import KinesisStream
from trailwarden.sources.problems import Problems

log = structlog.get_logger(__name__)

_GRACE: Final = 5.0
"""Seconds that the last writes may take."""
_TRIES: Final = 5
"""Failures in a row after which a source that does not follow gives up."""
_LONGEST_REST: Final = 300.0


class KinesisSource:
    """Batches are runs of records of one shard."""

    kind = "kinesis"

    def __init__(self, settings: KinesisSettings, given: Given) -> None:
        self.name = settings.name
        self._settings = settings
        self._clock = given.clock
        self._aws = Aws(given.aws, settings)
        self._stream = KinesisStream(self._aws, settings)
        self._problems = Problems(settings.name)
        self._faults = Faults(settings.stream_name(), self._problems)
        self._budget = Budget(settings.bytes_in_flight)
        self._custody: Custody = self._made_custody(given)
        self._readers: dict[str, tuple[ShardReader, asyncio.Task[None]]] = {}
        self._ready: deque[tuple[ShardReader, KinesisRun]] = deque()
        self._resting: dict[str, int] = {}
        self._rests: set[asyncio.TimerHandle] = set()
        self._renewals: set[asyncio.Task[None]] = set()
        self._change = asyncio.Event()
        self._last_answer: datetime | None = None
        self._closed = False
        self._rounds = Rounds(
            settings, self._stream, self._custody, self._aws, given.clock, self._problems, self._sync
        )

    def _made_custody(self, given: Given) -> Custody:
        settings = self._settings
        if settings.lease_table is None:
            return StoreCustody(settings.name, given, settings.start)
        timeout = max(1.0, settings.failover.total_seconds() / 3)
        table = LeaseTable(self._aws, settings.lease_table, settings.stream_region(), timeout)
        owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        return LeaseCustody(settings, table, owner, given.clock, time.monotonic, self._problems)

    @property
    def retention(self) -> timedelta | None:
        """How long the stream keeps a record, where that is known."""
        return self._rounds.retention

    # --- as a source ------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Begin to look for shards. A stream that cannot be reached is a status, not an error: it may come yet."""
        self._rounds.start()

    async def read(self, limit: int) -> Sequence[Batch]:
        """The next runs. Empty after close(), and when the end of the stream is reached and not followed."""
        while True:
            if self._rounds.bugs:
                raise self._rounds.bugs.pop()
            taken = self._hand_out(limit)
            if taken or self._closed or self._finished():
                return taken
            self._change.clear()
            await self._change.wait()

    def status(self) -> SourceStatus:
        fault = self._unreadable()
        detail = fault or f"reads {len(self._readers)} of {len(self._rounds.shards)} shards"
        success = self._last_answer if self._readers else self._rounds.last_success
        return SourceStatus(
            self._state(fault), success, detail, self._problems.lines(), behind=self._behind()
        )

    async def close(self) -> None:
        """Stop reading, write down where each shard stands, leave the leases."""
        if self._closed:
            return
        self._closed = True
        await self._rounds.stop(_GRACE)
        tasks = [*self._renewals, *(task for _, task in self._readers.values())]
        for task in tasks:
            task.cancel()
        for rest in self._rests:
            rest.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for reader, _ in self._readers.values():
            reader.stop()
        self._ready.clear()
        self._change.set()
        try:
            async with asyncio.timeout(_GRACE):
                await self._custody.release()
        except (AwsError, StoreError, TimeoutError) as fault:
            log.warning("positions_not_written", source=self.name, error=str(fault))
        await self._aws.close()

    # --- what the readers tell --------------------------------------------------------------------------------

    def hand_on(self, reader: ShardReader, run: KinesisRun) -> None:
        """It was read."""
        self._ready.append((reader, run))
        self._change.set()

    def holding(self, shard: str) -> object | None:
        """As what it is ours at this moment."""
        return self._custody.holding(shard)

    def put_back(self, reader: ShardReader, run: KinesisRun, reason: str) -> None:
        """It was not dealt with: it comes again after a rest."""
        tries = self._resting[run.key] = self._resting.get(run.key, 0) + 1
        self._problems.note(run.key, f"{run.origin.locator}: {reason}")
        if self._closed:
            return
        rest = min(_LONGEST_REST, self._settings.put_back.total_seconds() * 2.0 ** min(tries - 1, 20))

        def come_again() -> None:
            self._rests.discard(handle)
            self.hand_on(reader, run.again())

        handle = asyncio.get_running_loop().call_later(rest, come_again)
        self._rests.add(handle)

    def dealt_with(self, run: KinesisRun) -> None:
        """It was acked."""
        if self._resting.pop(run.key, None) is not None:
            self._problems.clear(run.key)
        self._change.set()

    def reached(self, shard: str, position: Position) -> None:
        """Everything up to there is dealt with."""
        self._custody.moved(shard, position)
        if position.ended:
            self._rounds.shard_ended()
        self._change.set()

    def recovered(self, shard: str) -> None:
        """There was an answer."""
        self._last_answer = self._clock.now()
        self._faults.recovered(shard)
        self._change.set()

    def failed(self, shard: str, failure: AwsError) -> None:
        """There was none."""
        self._faults.failed(shard, failure)
        if failure.failure.credentials and not self._renewals and not self._closed:
            renewal = asyncio.create_task(self._aws.renew())
            self._renewals.add(renewal)
            renewal.add_done_callback(self._renewals.discard)
        self._change.set()

    def lost(self, shard: str, line: str) -> None:
        """Records were never read, and never will be."""
        self._faults.lost(shard, line)
        log.error("records_lost", source=self.name, shard=shard, detail=line)

    # --- at work ----------------------------------------------------------------------------------------------

    def _sync(self) -> None:
        """A reader for each shard that is ours, and none for another."""
        held = {} if self._closed else self._custody.held()
        # One that was lost and taken again has a reader that has lost it: it begins anew where the shard stands by now.
        for shard in [
            one for one, (reader, _) in self._readers.items() if one not in held or reader.is_lost()
        ]:
            reader, task = self._readers.pop(shard)
            reader.stop()
            task.cancel()
            self._faults.recovered(shard)
        for shard, position in held.items():
            if shard not in self._readers:
                self._start(shard, position)
        self._change.set()

    def _start(self, shard: str, position: Position) -> None:
        stream = self._settings.stream_name()
        place = Origin(self.name, self.kind, f"{stream}/{shard}", {"stream": stream, "shard": shard})
        reader = ShardReader(
            place, shard, position, self._settings, self._stream, self._budget, self._clock, self
        )
        task = asyncio.create_task(reader.run())
        self._readers[shard] = reader, task

        def over(done: asyncio.Task[None]) -> None:
            if done.cancelled() or (bug := done.exception()) is None:
                return
            log.error("reader_failed", source=self.name, shard=shard, exc_info=bug)
            self._rounds.bugs.append(bug)
            reader.stop()
            if self._readers.get(shard, (None,))[0] is reader:
                del self._readers[shard]  # the next look begins again where it stands
            self._change.set()

        task.add_done_callback(over)

    def _hand_out(self, limit: int) -> list[Batch]:
        taken: list[Batch] = []
        while self._ready and len(taken) < limit and not self._closed:
            reader, run = self._ready.popleft()
            if not reader.is_lost():
                taken.append(run)
        return taken

    # --- how it is --------------------------------------------------------------------------------------------

    def _finished(self) -> bool:
        if self._settings.follow:
            return False
        if self._rounds.failures >= _TRIES:
            return True
        return self._rounds.whole and all(
            reader.prefix.whole and (reader.caught_up or reader.failures >= _TRIES)
            for reader, _ in self._readers.values()
        )

    def _unreadable(self) -> str:
        """Why nothing can be read, one line; "" where something can."""
        if self._rounds.fault and not self._readers:
            return self._rounds.fault
        return self._faults.first if self._readers and len(self._faults) >= len(self._readers) else ""

    def _state(self, fault: str) -> SourceState:
        if fault:
            return SourceState.FAILING
        if self._finished():
            return SourceState.FINISHED
        started = self._last_answer is not None or self._rounds.whole
        return SourceState.RUNNING if started else SourceState.STARTING

    def _behind(self) -> timedelta | None:
        times = [reader.through for reader, _ in self._readers.values() if reader.through is not None]
        return max(timedelta(0), self._clock.now() - min(times)) if times else None
