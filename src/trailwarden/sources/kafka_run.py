"""A run of messages of one partition, as the ingest takes it.

Keeps: a message is told by topic, partition and offset alone, however the partition was cut into runs.

Next: `kafka_partition`, which keeps account of the runs.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from trailwarden.errors import Reason, SourceError, UnusableError
from trailwarden.model import Origin, Run
from trailwarden.model.payloads import Payload

if TYPE_CHECKING:
    from trailwarden.sources.kafka_records import Raw

_GROWTH: Final = 8
"""CloudTrail's JSON, compressed, becomes about so many times larger."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How messages are read. largest: bytes of one message; most: of a batch after decompression."""

    source: str
    kind: str
    largest: int
    most: int


class KafkaRun(Run):
    """first, next_offset: of its messages; damaged: the offset of a batch with a wrong checksum, met while reading it."""

    def __init__(
        self,
        topic: str,
        partition: int,
        position: int,
        batches: Sequence[Raw],
        received_at: datetime,
        reading: Reading,
        suspects: frozenset[int],
        answered: Callable[[KafkaRun, str | None], None],
        lost: Callable[[], bool],
    ) -> None:
        """position: messages before it are not ours; suspects: batches whose checksum was wrong once already.

        answered: is told once, with None for an ack or the reason of the nack; lost: whether the partition is.
        """
        self.topic, self.partition = topic, partition
        self.first = max(position, batches[0].first)
        self.next_offset = batches[-1].next_offset
        self.held = sum(len(batch.data) for batch in batches)
        self.size_hint = sum(len(batch.data) * (_GROWTH if batch.codec else 1) for batch in batches)
        self.received_at = received_at
        self.tries = 0
        self.damaged: int | None = None
        self._reading = reading
        self._batches = batches
        self._suspects = suspects
        self._answered = answered
        self._lost = lost
        self._open = False
        self._lasts: dict[int, int] = {}
        self._offsets = array("q")
        self._times = array("q")
        last = self.next_offset - 1
        self.key = f"{topic}/{partition}@{self.first}-{last}"
        details: dict[str, str | int] = {
            "topic": topic,
            "partition": partition,
            "first_offset": self.first,
            "last_offset": last,
        }
        self.origin = Origin(reading.source, reading.kind, self.key, details)

    def handed_out(self) -> KafkaRun:
        """It is in flight from now on, until its answer."""
        self._open = True
        return self

    def payloads(self) -> Sequence[Payload]:
        from trailwarden.sources.kafka_reading import Messages  # noqa: PLC0415 - only Kafka's users wait for its client
        from trailwarden.sources.kafka_records import is_sound  # noqa: PLC0415 - likewise

        read = Messages(self.first, self._reading.largest, self._reading.most)
        index = 0
        while index < len(self._batches):
            after = read.plain(self._batches, index)
            if after == index:
                batch, after = self._batches[index], index + 1
                if is_sound(batch):
                    read.sound(batch)
                else:
                    read.unusable(batch, self._damaged(batch))
            index = after
        self._offsets, self._times, self._lasts = read.offsets, read.times, read.lasts
        return read.payloads()

    def _damaged(self, batch: Raw) -> UnusableError:
        """Of a batch whose checksum is wrong. Raises SourceError the first time: it is fetched again."""
        if batch.first in self._suspects:
            detail = f"{batch.number} messages in a batch whose checksum is wrong"
            return UnusableError(Reason.CORRUPT, detail, bytes(batch.data))
        self.damaged = batch.first
        detail = f"{self._place(batch.first)}: wrong checksum; it is fetched again"
        raise SourceError(Reason.CORRUPT, detail)

    def origin_of(self, index: int) -> Origin:
        offset, time = self._offsets[index], self._times[index]
        details: dict[str, str | int] = {"topic": self.topic, "partition": self.partition, "offset": offset}
        if time >= 0:
            details["timestamp"] = time
        if index in self._lasts:
            details["last_offset"] = self._lasts[index]
        return Origin(self._reading.source, self._reading.kind, self._place(offset), details)

    def slim(self) -> None:
        """Without the rest of the partition's part of the answer that it came with."""
        self._batches = [batch._replace(data=bytes(batch.data)) for batch in self._batches]

    @property
    def lost(self) -> bool:
        return self._lost()

    async def ack(self) -> None:
        self._answer(None)

    async def nack(self, reason: str) -> None:
        self._answer(reason)

    def _answer(self, reason: str | None) -> None:
        if self._open:
            self._open = False
            if reason is not None:  # it may wait for long
                self.slim()
            self._answered(self, reason)

    def _place(self, offset: int) -> str:
        return f"{self.topic}/{self.partition}@{offset}"
