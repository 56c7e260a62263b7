"""The life of a group member: connect, adopt what the group gives, commit what is done, give up what the group takes.

Keeps: only positions are committed up to which everything was acked. Whatever ends a life, another one begins after a pause, and
what was not committed comes again.

Next: `kafka_consumer`, the member; `kafka_share`, what it works on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import structlog
from aiokafka import errors
from aiokafka.conn import create_conn

from trailwarden.aws import AwsSettings
from trailwarden.errors import ConfigError
from trailwarden.model import Clock
from trailwarden.sources.kafka_connection import connection
from trailwarden.sources.kafka_consumer import Consumer
from trailwarden.sources.kafka_faults import line_of, which
from trailwarden.sources.kafka_partition import Partition
from trailwarden.sources.kafka_settings import KafkaSettings
from trailwarden.sources.kafka_share import Place, Share
from trailwarden.sources.problems import Problems

log = structlog.get_logger(__name__)

_PAUSE: Final = (0.5, 1.0, 2.0, 5.0, 15.0)
"""Seconds between two lives; the last one repeats."""
_LOOK: Final = 1.0
_STOP: Final = 10.0
_MOMENT: Final = 0.5
_FAULTS: Final = (errors.KafkaError, ConfigError, OSError, TimeoutError)
_PROBE: Final = 10.0


class Session:
    """fault: why nothing can be read now, "" where it can; last_success: of an answer; missed: messages that were gone before."""

    def __init__(
        self, settings: KafkaSettings, aws: AwsSettings, clock: Clock, share: Share, problems: Problems
    ) -> None:
        logging.getLogger("aiokafka").setLevel(
            logging.CRITICAL
        )  # what it tells, many times over, our status tells
        self._settings = settings
        self._aws = aws
        self._clock = clock
        self._share = share
        self._problems = problems
        self._consumer: Consumer | None = None
        self._assigned = asyncio.Event()
        self._generation = 0
        self._task: asyncio.Task[None] | None = None
        self.fault = ""
        self.last_success: datetime | None = None
        self.missed = 0
        self.adopted = False
        share.seek = self._seek

    def start(self) -> None:
        """Live, over and over, until stop()."""
        self._task = asyncio.create_task(self._lives())
        self._task.add_done_callback(lambda _done: self._share.change.tell())

    async def stop(self) -> None:
        """Commit what is done, and leave the group. Idempotent."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    @property
    def consumer(self) -> Consumer | None:
        """While there is one that has started."""
        return self._consumer

    def raise_bugs(self) -> None:
        """What ended the task, which nothing should."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    # --- what the fetcher tells -------------------------------------------------------------------------------

    def fetched(self) -> None:
        if self.fault:
            log.info("source_recovered", source=self._settings.name)
        self.fault = ""
        self.last_success = self._clock.now()

    def failed(self, fault: BaseException) -> None:
        self._note_fault(line_of(fault))

    def partition_failed(self, topic: str, number: int, fault: BaseException | None) -> None:
        place = f"{topic}/{number}"
        if fault is None:
            self._problems.clear(place)
        else:
            self._problems.note(place, f"{place}: {line_of(fault)}")

    def gap(self, topic: str, number: int, wanted: int, got: int) -> None:
        missed = max(0, got - wanted)
        self.missed += missed
        place = f"{topic}/{number}"
        what = f"{missed} messages were removed before they could be read; see the topic's retention"
        if not missed:
            what = "it ends before that offset: the topic was made anew, or its log was lost"
        line = f"{place}: offset {wanted} is not there any more, reading goes on at {got}: {what}"
        self._problems.note(f"gap {place}@{wanted}", line)
        self._share.restart((topic, number), got)

    def ready(self) -> None:
        self._share.change.tell()

    # --- lives ------------------------------------------------------------------------------------------------

    async def _lives(self) -> None:
        tries = 0
        while True:
            began = asyncio.get_running_loop().time()
            try:
                await self._life()
            except _FAULTS as fault:
                log.warning(
                    "client_ended", source=self._settings.name, error=f"{type(fault).__name__}: {fault}"
                )
                self._note_fault(str(fault) if isinstance(fault, ConfigError) else await self._reason(fault))
            if asyncio.get_running_loop().time() - began > 60.0:
                tries = 0
            await asyncio.sleep(_PAUSE[min(tries, len(_PAUSE) - 1)])
            tries += 1

    async def _life(self) -> None:
        arguments = await connection(self._settings, self._aws)
        consumer = Consumer(self._settings, arguments, self, self._revoked, self._assigned.set)
        try:
            await self._started(consumer)
            self._consumer = consumer
            self._assigned.set()
            while True:
                await self._commit()
                consumer.check()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._settings.commit_interval.total_seconds()):
                        await self._assigned.wait()
                if self._assigned.is_set():
                    self._assigned.clear()
                    await self._adopt(consumer)
        finally:
            with contextlib.suppress(*_FAULTS, errors.ConsumerStoppedError):
                await self._commit()
            self._consumer = None
            self._generation += 1
            self._share.forget(self._share.partitions.values())
            await self._ended(consumer)

    async def _started(self, consumer: Consumer) -> None:
        """Started; meanwhile told what it may be waiting for."""
        starting = asyncio.create_task(consumer.start())
        try:
            while not starting.done():
                await asyncio.wait([starting], timeout=_LOOK)
                missing = consumer.missing_topics()
                if not starting.done() and missing:
                    self._note_fault(f"unknown topic {missing[0]}: create it, or see topics, and DESCRIBE")
        finally:
            if not starting.done():
                # A first connection that is cancelled is not closed by aiokafka: it mostly needs a moment only.
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([starting], timeout=_MOMENT)
                starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
        starting.result()

    async def _ended(self, consumer: Consumer) -> None:
        """Stopped, however the brokers are; a cancellation does not cut it off."""
        stopping = asyncio.ensure_future(consumer.stop())
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([stopping], timeout=_STOP)
        if not stopping.done():
            stopping.cancel()
        await asyncio.gather(stopping, return_exceptions=True)

    async def _adopt(self, consumer: Consumer) -> None:
        """Begin with each partition that the group gave us."""
        generation = self._generation
        for place in consumer.places():
            if place in self._share.partitions:
                continue
            position, known = await consumer.first_offset(place)
            end = None if self._settings.follow else await consumer.last_offset(place)
            if generation != self._generation:
                return
            self._seek(place, position)
            self._share.adopt(Partition(*place, position, committed=position if known else None, end=end))
        self.adopted = True
        if not self.fault:
            self.last_success = self.last_success or self._clock.now()
        log.info("partitions_assigned", source=self._settings.name, number=len(self._share.partitions))
        self._share.change.tell()

    async def _revoked(self, places: Collection[Place]) -> None:
        """The group shares anew: all partitions are given up, and some of them come back."""
        self._generation += 1
        self.adopted = False
        await self._share.give_up(places, self._settings.drain.total_seconds(), self._commit)
        log.info("partitions_given_up", source=self._settings.name, number=len(places))

    async def _commit(self) -> None:
        """What may be committed and is not yet. A failure is told, and tried again with the next one."""
        consumer = self._consumer
        due = {place: one for place, one in self._share.partitions.items() if one.to_commit}
        if consumer is None or not due:
            return
        positions = {place: one.position for place, one in due.items()}
        try:
            await consumer.commit_positions(positions)
        except errors.IllegalStateError:
            return  # not ours any more: the listener is on its way
        except errors.KafkaError as fault:
            self._problems.note("commit", f"offsets cannot be committed: {line_of(fault)}")
            return
        self._problems.clear("commit")
        for place, one in due.items():
            one.committed = positions[place]
        self._share.change.tell()

    def _seek(self, place: Place, offset: int) -> None:
        if self._consumer is not None:
            with contextlib.suppress(errors.IllegalStateError):
                self._consumer.seek_place(place, offset)

    def _note_fault(self, line: str) -> None:
        line = which(line, self._settings.bootstrap_servers)
        if line != self.fault:
            log.warning("source_failing", source=self._settings.name, error=line)
        self.fault = line

    async def _reason(self, fault: BaseException) -> str:
        """aiokafka says of a first connection only that there is none: ask each broker why."""
        if isinstance(fault, errors.KafkaConnectionError) and self._consumer is None:
            with contextlib.suppress(ConfigError):
                arguments: dict[str, Any] = await connection(self._settings, self._aws)
                for server in arguments.pop("bootstrap_servers"):
                    host, _, port = server.rpartition(":")
                    try:
                        async with asyncio.timeout(_PROBE):
                            (await create_conn(host, int(port), **arguments)).close()
                    except (*_FAULTS, AssertionError) as why:
                        return line_of(why)
        return line_of(fault)
