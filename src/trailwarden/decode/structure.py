"""The structure of a plain log file in one pass: how many records it has, and which of them some places lie in.

Keeps: an answer is given only where it is certain. Every bracket and every string from the first record to the end of the text is
followed, so that nothing inside a record can pass for a boundary; each record begins as CloudTrail's do, ends where its brackets
do, and is no longer than allowed; the text is UTF-8, and no escape in it hides a letter that is looked for. In all other cases the
answer is None, as it always is where the compiled pass is missing, and the caller goes the exact way.

Next: `trailwarden.decode.layout` for counting without the compiled pass, `trailwarden.decode.split` for the exact way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from trailwarden.decode.encoding import is_utf8

try:
    from trailwarden.decode import _scan
except ImportError:  # no compiler at installation, or a processor without AVX2
    COMPILED = False
else:
    COMPILED = True

_ARRAY: Final = b'{"Records":[{"eventVersion":"1.'
_LINE: Final = b'{"eventVersion":"1.'
_FIRST_OF_ARRAY: Final = len(b'{"Records":[')
MAX_PLACES: Final = 4096
"""More places of one literal than this in one file, and the literal is no help."""
MAX_PART: Final = 64
"""Bytes of a literal."""


class Place(NamedTuple):
    """A hit and its record: data[start:end] is the record's text, index its position in the file, from 0."""

    hit: int
    start: int
    end: int
    index: int


class Survey(NamedTuple):
    """count: records in the file. places: of the hits, ascending, as (hit, start, end, index)."""

    count: int
    places: Sequence[tuple[int, int, int, int]]


def hideable(letters: Sequence[str] | frozenset[str]) -> bytes:
    """For `survey`: the characters, below U+0100, that no escape may hide."""
    table = bytearray(256)
    for letter in letters:
        table[ord(letter)] = 1
    return bytes(table)


def survey_part(data: bytes, part: bytes, unhidden: bytes, longest: int) -> Survey | None:
    """With every place of a literal as a hit. part: 1 to MAX_PART bytes; longest: bytes of a record."""
    return _survey(data, longest, unhidden, part, MAX_PLACES)


def survey_hits(data: bytes, hits: Sequence[int], unhidden: bytes, longest: int) -> Survey | None:
    """With hits found before: offsets, ascending. What lies in no record gets no place."""
    return _survey(data, longest, unhidden, None, hits)


def _survey(
    data: bytes, longest: int, unhidden: bytes, part: bytes | None, hits: int | Sequence[int]
) -> Survey | None:
    first = _FIRST_OF_ARRAY if data.startswith(_ARRAY) else 0 if data.startswith(_LINE) else None
    if first is None or not COMPILED:
        return None
    found = _scan.survey(data, first, longest, unhidden, part, hits)
    if found is None:
        return None
    count, places, ascii_only = found
    return Survey(count, places) if ascii_only or is_utf8(data) else None
