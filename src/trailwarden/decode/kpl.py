"""Records that the Kinesis Producer Library packed into one: magic, protobuf `AggregatedRecord`, MD5 of the protobuf.

Keeps: never raises. What does not carry the magic, the right MD5 and a well-formed message is one plain record.
Only the fields that lead to the data are looked at: AggregatedRecord.records (3) and Record.data (3).

Source: aggregation-format.md of awslabs/amazon-kinesis-producer; the protobuf wire format.
Next: `trailwarden.decode.split`, which opens each of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

MAGIC: Final = b"\xf3\x89\x9a\xc2"
_MD5_SIZE: Final = 16
_RECORDS: Final = 3
_DATA: Final = 3
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class _MalformedError(Exception):
    """Not the message that it claims to be. Stays inside this module."""


def deaggregate(data: bytes) -> list[bytes] | None:
    """The data of each record inside, in order; None when this is no aggregate."""
    if not data.startswith(MAGIC):
        return None
    body, digest = data[len(MAGIC) : -_MD5_SIZE], data[-_MD5_SIZE:]
    if hashlib.md5(body, usedforsecurity=False).digest() != digest:
        return None
    try:
        return [_data(record) for number, record in _fields(body) if number == _RECORDS]
    except _MalformedError:
        return None


def _data(record: bytes) -> bytes:
    found = [value for number, value in _fields(record) if number == _DATA]
    if not found:
        raise _MalformedError
    return found[-1]  # of a field that comes twice the last counts


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each length-delimited field; the others are passed over."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind == _VARINT:
            _, position = _varint(message, position)
        elif kind in (_FIXED64, _FIXED32):
            position += 8 if kind == _FIXED64 else 4
        elif kind == _BYTES:
            size, position = _varint(message, position)
            if position + size > len(message):
                raise _MalformedError
            yield tag >> 3, message[position : position + size]
            position += size
        else:
            raise _MalformedError
    if position != len(message):
        raise _MalformedError


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """Value, and the position behind it: seven bits a byte, the lowest first, at most ten bytes."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(message):
            break
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise _MalformedError
