"""The fast way through text that is in order: one pass of the fast parser, no Python object per field.

Keeps: an offset is given only where it is certain. In a compact array the lengths of the elements add up to the length of
the whole; otherwise the white space between them is walked, and everything around them must be what it should be.

Next: `trailwarden.decode.split`, which falls back on `trailwarden.decode.resync` where this answers None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, repeat
from operator import add
from typing import Final

import msgspec
import stringzilla

from trailwarden.decode.outcome import RawEvent
from trailwarden.decode.probe import REFUSALS


class _File(msgspec.Struct):
    Records: list[msgspec.Raw]


_FILE: Final = msgspec.json.Decoder(_File)
_LIST: Final = msgspec.json.Decoder(list[msgspec.Raw])
_VALUE: Final = msgspec.json.Decoder(msgspec.Raw)
_RECORDS: Final = re.compile(rb'[ \t\r\n]*\{[ \t\r\n]*"Records"[ \t\r\n]*:[ \t\r\n]*\[')
_ARRAY: Final = re.compile(rb"[ \t\r\n]*\[")
_RECORDS_END: Final = re.compile(rb"\][ \t\r\n]*\}[ \t\r\n]*\Z")
_ARRAY_END: Final = re.compile(rb"\][ \t\r\n]*\Z")
_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_RECORD: Final = b'{"eventVersion":"1.'
"""What CloudTrail's own records begin with. S3's notifications say 2, but SES says 1 as well, so the source is asked too."""
_FOREIGN: Final = b'"eventSource":"aws:'


@dataclass(frozen=True, slots=True)
class Array:
    """The elements of an array; starts: their offsets, or None where they are not certain; of_records: of `Records`."""

    raws: Sequence[RawEvent]
    starts: Sequence[int] | None
    of_records: bool


def read_array(data: bytes, start: int) -> Array | None:
    """The elements of `{"Records":[…]}` or `[…]`, which is all that the data holds from `start` on; else None."""
    records = _RECORDS.match(data, start)
    opening = records or _ARRAY.match(data, start)
    if opening is None:
        return None
    text = memoryview(data)[start:] if start else data
    try:
        raws: Sequence[RawEvent] = _FILE.decode(text).Records if records else _LIST.decode(text)
    except REFUSALS:
        return None
    end = _RECORDS_END if records else _ARRAY_END
    return Array(raws, _starts(data, opening.end(), raws, end), records is not None)


def read_value(text: RawEvent) -> RawEvent | None:
    """The one value in a text, without the white space around it; None when it is not one value."""
    try:
        value: RawEvent = _VALUE.decode(text)
    except REFUSALS:
        return None
    return value


def plain_records(data: bytes, array: Array, limit: int) -> bool:
    """Whether all elements are plainly CloudTrail's own records, none longer than `limit` bytes."""
    if not array.raws or array.starts is None or max(map(len, array.raws)) > limit:
        return False
    return all(map(data.startswith, repeat(_RECORD), array.starts)) and stringzilla.find(data, _FOREIGN) < 0


def _starts(
    data: bytes, first: int, raws: Sequence[RawEvent], end: re.Pattern[bytes]
) -> Sequence[int] | None:
    if not raws:
        return ()
    starts = list(accumulate(map(add, map(len, raws), repeat(1)), initial=first))
    behind = starts.pop() - 1
    return starts if end.match(data, behind) else _walked_starts(data, first, raws, end)


def _walked_starts(
    data: bytes, position: int, raws: Sequence[RawEvent], end: re.Pattern[bytes]
) -> Sequence[int] | None:
    starts: list[int] = []
    for raw in raws:
        position = _behind_space(data, position)
        starts.append(position)
        position = _behind_space(data, position + len(raw))
        if data[position : position + 1] == b",":
            position += 1
    return starts if end.match(data, position) else None


def _behind_space(data: bytes, position: int) -> int:
    found = _SPACE.match(data, position)
    return found.end() if found is not None else position
