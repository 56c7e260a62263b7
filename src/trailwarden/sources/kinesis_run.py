"""A run of records of one shard, as a batch.

Keeps: it is answered for once. What is said of it later, or of an earlier copy of it, changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from trailwarden.model import Origin, Run
from trailwarden.sources.kinesis_stream import Record


class KinesisRun(Run):
    """Contiguous records. answered: called once, with None for an ack or the reason of a nack."""

    def __init__(
        self,
        place: Origin,
        records: Sequence[Record],
        received_at: datetime,
        answered: Callable[[KinesisRun, str | None], None],
        lost: Callable[[], bool],
    ) -> None:
        """place: of the shard; details: stream and shard. lost: whether the shard is not ours any more."""
        self.records = records
        self.received_at = received_at
        self.size_hint = sum(len(record.data) for record in records)
        self._place = place
        self._answered = answered
        self._lost = lost
        self._open = True
        first, last = records[0].number, records[-1].number
        self.key = f"{place.locator}@{first}"
        span = self.key if first == last else f"{self.key}-{last}"
        self.origin = Origin(place.source, place.kind, span, {**place.details, "sequence_number": first})

    def payloads(self) -> Sequence[bytes]:
        return [record.data for record in self.records]

    def origin_of(self, index: int) -> Origin:
        place, number = self._place, self.records[index].number
        details = {**place.details, "sequence_number": number}
        return Origin(place.source, place.kind, f"{place.locator}@{number}", details)

    @property
    def lost(self) -> bool:
        return self._lost()

    async def ack(self) -> None:
        self._answer(None)

    async def nack(self, reason: str) -> None:
        self._answer(reason)

    def again(self) -> KinesisRun:
        """The same records, to be answered for anew."""
        return KinesisRun(self._place, self.records, self.received_at, self._answered, self._lost)

    def _answer(self, reason: str | None) -> None:
        if self._open:
            self._open = False
            self._answered(self, reason)
