"""Reads one shard from a position on, as fast as it may, and keeps account of what was handed out.

Keeps: what was read is handed out whole and once; where an iterator expires, reading goes on behind the last record that was had.
Records that the stream has removed before they were read are told of. The shard ends when all of it is acked.

Next: `kinesis_pacing`, how fast; `kinesis_prefix`, how far.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol

from trailwarden.aws import AwsError
from trailwarden.model import Clock, Origin
from trailwarden.sources import kinesis_pacing as pacing
from trailwarden.sources.budget import Budget
from trailwarden.sources.kinesis_position import SHARD_END, TRIM_HORIZON, Position, trimmed
from trailwarden.sources.kinesis_prefix import Part, Prefix
from trailwarden.sources.kinesis_run import KinesisRun
from trailwarden.sources.kinesis_settings import ANSWER, KinesisSettings
from trailwarden.sources.kinesis_stream import (
    Answer,
    IteratorExpiredError,
    KinesisStream,
    NumberRefusedError,
    Record,
    ShardGoneError,
    throttled,
)

_OPEN: Final = 1000
"""Runs of a shard behind one that is not dealt with; then it waits."""
_TOLD: Final = 5
"""Throttled that often in a row, it is a problem."""


class Told(Protocol):
    """Who gets to know. retention: of the stream, None where it is not known."""

    @property
    def retention(self) -> timedelta | None: ...

    def hand_on(self, reader: ShardReader, run: KinesisRun) -> None: ...

    def holding(self, shard: str) -> object | None: ...

    def put_back(self, reader: ShardReader, run: KinesisRun, reason: str) -> None: ...

    def dealt_with(self, run: KinesisRun) -> None: ...

    def reached(self, shard: str, position: Position) -> None: ...

    def failed(self, shard: str, failure: AwsError) -> None: ...

    def recovered(self, shard: str) -> None: ...

    def lost(self, shard: str, line: str) -> None: ...


class ShardReader:
    """caught_up: the last answer had all that there was; read_to_end: there is nothing behind what was read."""

    def __init__(
        self,
        place: Origin,
        shard: str,
        position: Position,
        settings: KinesisSettings,
        stream: KinesisStream,
        budget: Budget,
        clock: Clock,
        source: Told,
    ) -> None:
        self.shard = shard
        self.prefix = Prefix(position)
        self.caught_up = self.read_to_end = self.stopped = False
        self._last = position
        self._place = place
        self._settings = settings
        self._stream = stream
        self._budget = budget
        self._clock = clock
        self._source = source
        self._out: dict[Part, int] = {}
        self._room = asyncio.Event()
        self._chance: Callable[[], float] = random.random
        self._holding = source.holding(shard)
        self.failures = 0

    @property
    def through(self) -> datetime | None:
        """Whatever arrived before then was read."""
        return self._last.through

    async def run(self) -> None:
        """Until the shard is read to its end."""
        iterator: str | None = None
        throttlings = 0
        self._tell_trimmed()
        while not self.read_to_end:
            await self._has_room()
            try:
                if iterator is None:
                    iterator = await self._iterator()
                    continue
                answer, asked = await self._asked(iterator)
                iterator = answer.next
                throttlings = self.failures = 0
                self._source.recovered(self.shard)
                self._take(answer, asked)
                pause = pacing.after_answer(
                    answer.size, not self.caught_up, self._settings.poll_interval.total_seconds()
                )
            except IteratorExpiredError:
                iterator, pause = None, 0.0
            except AwsError as fault:
                if throttled(fault):
                    throttlings += 1
                    pause = pacing.after_throttling(throttlings, self._chance())
                else:
                    self.failures += 1
                    pause = pacing.after_failure(self.failures)
                if self.failures or throttlings >= _TOLD:
                    self._source.failed(self.shard, fault)
            if not self.read_to_end:
                await asyncio.sleep(pause)

    def stop(self) -> None:
        """The shard is not ours any more: what is answered from now on changes nothing."""
        self.stopped = True
        self._budget.give(sum(self._out.values()))
        self._out.clear()

    def is_lost(self) -> bool:
        """Whether somebody else may read the shard by now."""
        return self.stopped or self._source.holding(self.shard) is not self._holding

    def _answered(self, part: Part, run: KinesisRun, reason: str | None) -> None:
        """part: its own, not found by its key: after a position that was refused the same records are handed out again."""
        if reason is not None:
            if not self.is_lost():
                self._source.put_back(self, run, reason)
            return
        if self.is_lost():
            return
        self._budget.give(self._out.pop(part))
        self._source.dealt_with(run)
        if self.prefix.acked(part):
            self._room.set()
            self._tell_reached()

    async def _has_room(self) -> None:
        while len(self.prefix) >= _OPEN:
            self._room.clear()
            await self._room.wait()

    async def _iterator(self) -> str | None:
        """None when the position had to be changed."""
        try:
            return await self._stream.iterator(self.shard, self._last)
        except NumberRefusedError as fault:
            what = f"the stream does not know {self._last.at}, up to which it was read"
            self._source.lost(self.shard, f"{what}; it is read from its oldest record on: {fault}")
            self._last = Position(TRIM_HORIZON)
        except ShardGoneError:
            if not self._last.ended:
                self._source.lost(
                    self.shard, f"the stream has it no more; what followed {self._last.at} is lost"
                )
            self.read_to_end = self.caught_up = True
            self._tell_reached()
        return None

    async def _asked(self, iterator: str) -> tuple[Answer, datetime]:
        await self._budget.take(ANSWER)
        kept = 0
        try:
            asked = self._clock.now()
            answer = await self._stream.records(iterator)
            kept = answer.size
        finally:
            self._budget.give(ANSWER - kept)
        return answer, asked

    def _take(self, answer: Answer, asked: datetime) -> None:
        self._tell_trimmed()
        now = self._clock.now()
        through = asked - answer.behind
        runs = list(_runs(answer.records, self._settings.run_records, self._settings.run_size))
        for records in runs:
            reached = through if records is runs[-1] else records[-1].arrived
            self._last = Position(records[-1].number, through=_later(self._last.through, reached))
            part = self.prefix.handed_out(self._last)
            run = KinesisRun(self._place, records, now, partial(self._answered, part), self.is_lost)
            self._out[part] = run.size_hint
            self._source.hand_on(self, run)
        if not runs:
            self._last = replace(self._last, through=_later(self._last.through, through))
        self.caught_up = not answer.behind or answer.next is None
        self.read_to_end = answer.next is None
        if (not runs and self.prefix.moved_on(self._last)) or self.read_to_end:
            self._tell_reached()

    def _tell_reached(self) -> None:
        if self.is_lost():
            return
        ended = self.read_to_end and self.prefix.whole
        self._source.reached(self.shard, Position(SHARD_END) if ended else self.prefix.position)

    def _tell_trimmed(self) -> None:
        retention = self._source.retention
        lost = trimmed(self._last, self._clock.now(), retention) if retention is not None else None
        if lost is not None:
            since, until = (moment.isoformat(timespec="seconds") for moment in lost)
            line = f"its records from {since} to {until} were removed by the stream before they were read"
            self._source.lost(self.shard, line)


def _runs(records: Sequence[Record], most: int, size: int) -> Iterator[Sequence[Record]]:
    """Contiguous cuts, each of at most so many records and bytes; one record that is larger, alone."""
    start = held = 0
    for index, record in enumerate(records):
        if index > start and (index - start >= most or held + len(record.data) > size):
            yield records[start:index]
            start, held = index, 0
        held += len(record.data)
    if start < len(records):
        yield records[start:]


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return other if one is None else one if other is None else max(one, other)
