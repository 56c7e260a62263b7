"""The exact place of one record in a large file, without splitting the whole of it.

Keeps: what is returned is an element of the top-level `Records` array, proven and not guessed. A boundary that looks
like one (`},{"eventVersion":"1.`) may stand inside a record; so the text before it, closed with `]}`, or the text from it
on, opened with `{"Records":[`, must be a whole document. Only then does a record begin there. The proof also counts.

Next: `trailwarden.decode.split` for the way that needs no proof, because it splits everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
import stringzilla

_BOUNDARY: Final = b'},{"eventVersion":"1.'
_OPENED: Final = b'{"Records":['
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
    left = stringzilla.rfind(data, _BOUNDARY, 0, inside + 1)
    start = left + 2 if left >= 0 else len(_OPENED)
    right = stringzilla.find(data, _BOUNDARY, inside)
    end = right + 1 if right >= 0 else _closing(data)
    if end <= start:
        return None
    if left < 0:
        return Located(start, end, 0) if _elements(data[start - len(_OPENED) : end] + _CLOSED) == 1 else None
    if start < len(data) // 2:
        before = _elements(data[: start - 1] + _CLOSED)
        return Located(start, end, before) if before is not None else None
    after = _elements(_OPENED + data[start:])
    return Located(start, end, count - after) if after is not None and after <= count else None


def _closing(data: bytes) -> int:
    """The offset of the `]}` that ends the file."""
    return len(data.rstrip()) - len(_CLOSED)


def _elements(document: bytes) -> int | None:
    """How many records a document has; None when it is not a whole one."""
    try:
        return len(_DECODER.decode(document).Records)
    except (msgspec.DecodeError, RecursionError):
        return None
