"""What a broker's answer holds of a partition: record batches, each with its offsets, and the messages in them.

Keeps: looking at a batch from outside never decompresses it, so that the loop hands bytes on and a worker thread reads them;
what cannot be read is one batch or one message, never the partition.

Source: Kafka protocol guide, "Record Batch" (magic 2, since Kafka 0.11) and KIP-98 for transactions.
Next: `kafka_run`, which is made of these.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from aiokafka.errors import CorruptRecordException
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord
from aiokafka.record.default_records import DefaultRecordBatch

from trailwarden.errors import DecodeError, Reason, UnusableError
from trailwarden.sources.kafka_codecs import decompressed

_HEAD: Final = struct.Struct(">qiibIhiqqqhii")
_ATTRIBUTES: Final = slice(21, 23)
_BEFORE_LENGTH: Final = 12
_CODEC, _LOG_TIME, _TRANSACTIONAL, _CONTROL = 0x07, 0x08, 0x10, 0x20
_OLDEST: Final = 2
"""The magic of the format since Kafka 0.11."""
TOMBSTONE: Final = b"null"
"""What a message without a value is decoded as: it is counted as one."""


class Raw(NamedTuple):
    """A record batch as it lies in an answer. first, next_offset: of its messages; producer: of a transaction;
    number: of messages; newest: time of the latest one, milliseconds since 1970; data: a part of the answer, or a copy of it.
    """

    first: int
    next_offset: int
    magic: int
    attributes: int
    producer: int
    number: int
    newest: int
    data: bytes | memoryview

    @property
    def codec(self) -> int:
        """0: not compressed."""
        return self.attributes & _CODEC


class Messages(NamedTuple):
    """Side by side, since there are very many. times: milliseconds since 1970, the producer's or the log's."""

    values: list[bytes | UnusableError]
    offsets: list[int]
    times: list[int]


def raw_batches(data: bytes) -> Iterator[Raw]:
    """The whole batches in an answer; the last one may be cut off, and comes again whole."""
    position = 0
    view = memoryview(
        data
    )  # an answer brings a mebibyte of each partition: to copy it takes as long as to check it
    while position + _BEFORE_LENGTH <= len(data):
        first, length = struct.unpack_from(">qi", data, position)
        end = position + _BEFORE_LENGTH + length
        if length < 0 or end > len(data):
            return
        if length >= _HEAD.size - _BEFORE_LENGTH and data[position + 16] >= _OLDEST:
            _, _, _, magic, _, attributes, last, _, newest, producer, _, _, count = _HEAD.unpack_from(
                data, position
            )
            yield Raw(first, first + last + 1, magic, attributes, producer, count, newest, view[position:end])
        else:
            magic = data[position + 16] if length > 4 else 0
            yield Raw(first, first + 1, magic, 0, -1, 1, -1, view[position:end])
        position = end


def committed(batches: Iterable[Raw], aborted: Sequence[tuple[int, int]], position: int) -> list[Raw]:
    """Those with messages for us: none of an aborted transaction, no control batch, nothing before `position`.

    What is damaged is never left out, for it may be something else than it says.

    aborted: producer and first offset, as the broker tells beside the messages (with read_committed alone).
    """
    waiting = sorted(aborted, key=lambda one: one[1], reverse=True)
    producers: set[int] = set()
    found: list[Raw] = []
    for batch in batches:
        while waiting and waiting[-1][1] <= batch.first:
            producers.add(waiting.pop()[0])
        undone = batch.producer in producers
        control = batch.attributes & _CONTROL
        given_up = control or (batch.attributes & _TRANSACTIONAL and undone)
        if (not given_up and batch.next_offset > position and batch.number) or not is_sound(batch):
            found.append(batch)
        elif control and undone and _is_abort(batch):
            producers.discard(batch.producer)
    return found


def _is_abort(batch: Raw) -> bool:
    try:
        return any(
            ControlRecord.parse(record.key) == ABORT_MARKER for record in DefaultRecordBatch(batch.data)
        )
    except (CorruptRecordException, ValueError):
        return False


def is_sound(batch: Raw) -> bool:
    """Whether the checksum is right (of the format that has a sound one)."""
    return batch.magic < _OLDEST or bool(DefaultRecordBatch(batch.data).validate_crc())


def messages(batch: Raw, position: int, largest: int, most: int) -> Messages | UnusableError:
    """The messages from `position` on; the error where the batch cannot be read at all.

    largest: bytes of one message; most: bytes of all of them after decompression.
    """
    try:
        records = list(_records(batch, most))
    except DecodeError as fault:
        return UnusableError(fault.reason, fault.detail, bytes(batch.data))
    except (CorruptRecordException, ValueError) as fault:
        return UnusableError(Reason.CORRUPT, f"a damaged batch of messages: {fault}", bytes(batch.data))
    if batch.first < position:
        records = [record for record in records if record.offset >= position]
    values = [record.value for record in records]
    if None in values or max(map(len, values), default=0) > largest:
        values = [_bounded(value, largest) for value in values]
    return Messages(values, [record.offset for record in records], [record.timestamp for record in records])


def _records(batch: Raw, most: int) -> DefaultRecordBatch:
    if batch.magic != _OLDEST:
        detail = f"messages in the format of magic {batch.magic}; magic 2 (Kafka 0.11 and later) is read"
        raise DecodeError(Reason.UNSUPPORTED, detail)
    if batch.codec == 0:
        return DefaultRecordBatch(batch.data)
    content = decompressed(batch.codec, batch.data[_HEAD.size :], most)
    plain = struct.pack(">h", batch.attributes & ~_CODEC)
    parts = (batch.data[: _ATTRIBUTES.start], plain, batch.data[_ATTRIBUTES.stop : _HEAD.size], content)
    return DefaultRecordBatch(b"".join(parts))


def _bounded(value: bytes | None, largest: int) -> bytes | UnusableError:
    if value is None:
        return TOMBSTONE
    if len(value) <= largest:
        return value
    detail = f"a message of {len(value)} bytes; at most {largest} are decoded"
    return UnusableError(Reason.TOO_LARGE, detail, value)
