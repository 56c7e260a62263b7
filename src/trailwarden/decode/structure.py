"""The structure of a plain log file in one pass: how many records it has, and which of them some places lie in.

Keeps: an answer is given only where it is certain. Every bracket and every string from the first record to the end of the text
is followed, so that nothing inside a record can pass for a boundary; each record begins as CloudTrail's do, ends where its
brackets do, and is no longer than allowed; the text is UTF-8, and no escape in it hides a letter that is looked for. In all other
cases the answer is None, as it always is where the compiled pass is missing, and the caller goes the exact way.

Next: `trailwarden.decode.layout` for counting without the compiled pass, `trailwarden.decode.split` for the exact way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
"""More texts found than this in one file: it is split, which is not slower then."""
_MAX_SIZE: Final = 255
"""Bytes of a text; of its part, 64."""
_MAX_PART: Final = 64


class Survey(NamedTuple):
    """records: how many the file has. places: for each hit, ascending: its offset, and the start, end and index (from 0) of the
    record that it lies in: data[start:end] is its text.
    """

    records: int
    places: Sequence[tuple[int, int, int, int]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Some texts, and a part that all of them have in common, by which they are found."""

    part: bytes
    table: bytes
    """For each place of the part in a text: its offset in the text, the size of the text, the text."""

    @classmethod
    def of(cls, part: bytes, texts: Iterable[bytes]) -> Wanted | None:
        """None when they are too long for the compiled pass. Each text must contain the part."""
        table = bytearray()
        for text in texts:
            if len(text) > _MAX_SIZE or not 0 < len(part) <= _MAX_PART:
                return None
            offset = text.find(part)
            while offset >= 0:
                table += bytes((offset, len(text))) + text
                offset = text.find(part, offset + 1)
        return cls(part, bytes(table)) if table else None


def hideable(letters: Sequence[str] | frozenset[str]) -> bytes:
    """For `survey`: the characters, below U+0100, that no escape may hide."""
    table = bytearray(256)
    for letter in letters:
        table[ord(letter)] = 1
    return bytes(table)


def survey_texts(data: bytes, wanted: Wanted, unhidden: bytes, longest: int) -> Survey | None:
    """With every text that is found as a hit (the offset is its part's). longest: bytes of a record."""
    return _survey(data, longest, unhidden, wanted, MAX_PLACES)


def survey_hits(data: bytes, hits: Sequence[int], unhidden: bytes, longest: int) -> Survey | None:
    """With hits found before: offsets, ascending."""
    return _survey(data, longest, unhidden, None, hits)


def _survey(
    data: bytes, longest: int, unhidden: bytes, wanted: Wanted | None, hits: int | Sequence[int]
) -> Survey | None:
    first = _FIRST_OF_ARRAY if data.startswith(_ARRAY) else 0 if data.startswith(_LINE) else None
    if first is None or not COMPILED:
        return None
    part, table = (wanted.part, wanted.table) if wanted is not None else (None, b"")
    found = _scan.survey(data, first, longest, unhidden, part, table, hits)
    if found is None:
        return None
    records, places, ascii_only = found
    return Survey(records, places) if ascii_only or is_utf8(data) else None
