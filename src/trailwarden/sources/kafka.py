"""Source `kafka`: messages of Kafka topics, shared with the other members of a consumer group.

Keeps: an offset is committed when everything before it was acked; what cannot be read is one message or one record batch, in
quarantine with its offset, and the partition goes on.

aiokafka is loaded when a source is opened, not before: who reads files does not wait for it.
Next: `kafka_settings`; `kafka_session`, the life of a member; `kafka_share`, what is handed out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from trailwarden.model import Batch
from trailwarden.sources.base import Given, SourceState, SourceStatus
from trailwarden.sources.kafka_settings import KafkaSettings
from trailwarden.sources.kafka_share import Place, Share
from trailwarden.sources.problems import Problems

if TYPE_CHECKING:
    from trailwarden.sources.kafka_session import Session


class KafkaSource:
    """Batches are runs of messages of one partition. The group's offsets, not a checkpoint, tell which were dealt with."""

    kind = "kafka"

    def __init__(self, settings: KafkaSettings, given: Given) -> None:
        self.name = settings.name
        self._settings = settings
        self._given = given
        self._problems = Problems(settings.name)
        self._share = Share(settings, self.kind, given.clock, self._problems)
        self._session: Session | None = None
        self._closed = False
        self._finished = False
        self._newest: dict[Place, int] = {}

    async def open(self) -> None:
        """Begin to connect. A cluster that cannot be reached is a status, not an error: it may come yet."""
        from trailwarden.sources.kafka_session import Session  # noqa: PLC0415 - loads aiokafka

        self._session = Session(
            self._settings, self._given.aws, self._given.clock, self._share, self._problems
        )
        self._session.start()
        await asyncio.to_thread(_prepare)

    async def read(self, limit: int) -> Sequence[Batch]:
        """The next runs. Empty after close(), and with `follow: false` at what was the end."""
        while not self._closed and not self._finished:
            if self._session is not None:
                self._session.raise_bugs()
            self._take()
            runs = self._share.hand_out(limit)
            if runs:
                return runs
            if self._at_end():
                self._finished = True
                break
            await self._until_change()
        return ()

    def status(self) -> SourceStatus:
        session = self._session
        if session is None:
            return SourceStatus()
        return SourceStatus(
            self._state(session),
            session.last_success,
            self._detail(session),
            self._problems.lines(),
            behind=self._behind(session),
            missed=session.missed,
        )

    async def close(self) -> None:
        """Commit what is done, leave the group. What is in flight comes again elsewhere."""
        if self._closed:
            return
        self._closed = True
        self._share.change.tell()
        if self._session is not None:
            await self._session.stop()

    def _take(self) -> None:
        consumer = self._session.consumer if self._session is not None else None
        if consumer is None or not self._share.open:
            return
        with consumer.reading():  # who always finds something never waits, and is not idle for that
            for taken in consumer.fetcher.take(self._share.has_room):
                self._newest[taken.topic, taken.number] = max(
                    (one.newest for one in taken.batches), default=-1
                )
                self._share.add((taken.topic, taken.number), taken.position, taken.next_offset, taken.batches)

    async def _until_change(self) -> None:
        consumer = self._session.consumer if self._session is not None else None
        if consumer is None:
            await self._share.change.wait()
            return
        with consumer.reading():
            await self._share.change.wait()

    def _at_end(self) -> bool:
        if self._settings.follow or self._session is None or not self._session.adopted:
            return False
        return all(one.settled and one.position >= (one.end or 0) for one in self._share.partitions.values())

    def _state(self, session: Session) -> SourceState:
        if session.fault:
            return SourceState.FAILING
        if self._finished:
            return SourceState.FINISHED
        return SourceState.STARTING if session.last_success is None else SourceState.RUNNING

    def _behind(self, session: Session) -> timedelta | None:
        """Of the partition that is furthest behind: the age of what was taken last, by the messages' own times."""
        if session.consumer is None or not session.adopted:
            return None
        late = [self._newest.get(place, -1) for place in session.consumer.behind()]
        known = [newest for newest in late if newest >= 0]
        if not late:
            return timedelta(0)
        if not known:
            return None
        age = self._given.clock.now() - datetime.fromtimestamp(min(known) / 1000, UTC)
        return max(age, timedelta(0))

    def _detail(self, session: Session) -> str:
        if session.fault:
            return session.fault
        if session.consumer is None or not session.adopted:
            return "waits for its partitions"
        number = len(self._share.partitions)
        if not number:
            return "the group gave it no partition: there are as many members as partitions, or more"
        return f"{number} partitions, {sum(session.consumer.behind().values())} messages behind"


def _prepare() -> None:
    from trailwarden.sources.kafka_reading import prepare  # noqa: PLC0415 - only Kafka's users wait for this

    prepare()
