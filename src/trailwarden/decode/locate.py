"""The exact place of one record in a large file, without splitting the whole of it.

Keeps: what is returned is an element of the top-level `Records` array, proven and not guessed. A boundary that looks
like one (`},{"eventVersion":"1.`) may stand inside a record, or in another array at the top; so the text before it, closed with
`]}`, must be a whole log file. Only then does a record begin there. The proof also counts. That the record ends where it
seems to end shows when it is parsed.

Next: `trailwarden.decode.split` for the way that needs no proof, because it splits everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import stringzilla

_BOUNDARY: Final = b'},{"eventVersion":"1.'
_TO_RECORD: Final = 2  # the record begins behind the brace and the comma
_FIRST: Final = len(b'{"Records":[')
_CLOSED: Final = b"]}"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """A log file and nothing else: a second key at the top would leave it open which array a boundary belongs to."""

    Records: list[msgspec.Raw]


_DECODER: Final = msgspec.json.Decoder(_File)


@dataclass(frozen=True, slots=True)
class Located:
    """A record: data[start:end] is its text, index its position in the file, from 0."""

    start: int
    end: int
    index: int


def locate(data: bytes, inside: int, count: int) -> Located | None:
    """The record that the offset `inside` lies in; None when it cannot be proven (then split).

    data: a file whose layout `fast_count` certified, with `count` records.
    """
    # A boundary counts from its brace on: what lies in a record's first bytes lies inside the boundary's own text.
    left = stringzilla.rfind(data, _BOUNDARY, 0, inside + len(_BOUNDARY) - _TO_RECORD + 1)
    start = left + _TO_RECORD if left >= 0 else _FIRST
    right = stringzilla.find(data, _BOUNDARY, inside)
    end = right + 1 if right >= 0 else _closing(data)
    if end <= start:
        return None
    if left < 0:
        return Located(start, end, 0) if _elements(data, end) == 1 else None
    before = _elements(data, start - 1)
    return Located(start, end, before) if before is not None and before < count else None


def _closing(data: bytes) -> int:
    """The offset of the `]}` that ends the file; what follows it is at most a line end (`fast_count` saw to it)."""
    tail = data[-4:]
    return len(data) - len(tail) + len(tail.rstrip()) - len(_CLOSED)


def _elements(data: bytes, end: int) -> int | None:
    """How many records the text up to `end`, closed there, has as a log file; None when it is no whole one."""
    try:
        return len(_DECODER.decode(b"".join((memoryview(data)[:end], _CLOSED))).Records)
    except (msgspec.DecodeError, RecursionError):
        return None
