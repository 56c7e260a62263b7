"""The structure of a plain log file in one pass: how many records it has, and which of them some places lie in.

Keeps: an answer is given only where it is certain. Every bracket and every string from the first record to the end of the text
is followed, so that nothing inside a record can pass for a boundary; each record begins as CloudTrail's do, ends where its
brackets do, and is no longer than allowed; the text is UTF-8, and no escape in it hides a letter that is looked for. In all other
cases the answer is None, as it always is where the compiled pass is missing, and the caller goes the exact way.

Next: `trailwarden.decode.layout` for counting without the compiled pass, `trailwarden.decode.split` for the exact way.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Sequence
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
_MAX_VALUE: Final = 128
_MIN_KEY: Final = 4
_COMMON: Final = b"jqxzJQXZkKwWbBvVHyYgGfFhULMPODNERTSACIupdcmlorsniate"
"""Letters from the rarest in CloudTrail's records to the most frequent; what is no letter is rarer still."""


class Survey(NamedTuple):
    """records: how many the file has. places: for each hit, ascending: its offset, and the start, end and index (from 0) of the
    record that it lies in: data[start:end] is its text.
    """

    records: int
    places: Sequence[tuple[int, int, int, int]]


class Wanted(NamedTuple):
    """What the compiled pass looks for: texts by a part that all of them have in common, or the values of one member by its key.

    part: what is searched for; texts: for each place of the part in a text its offset there, the text's size, the text; of
    values: for each its size and itself. before: of values, the beginning of the key in quotes, of which the part is the rest;
    slots: a hash table of four bytes a slot: one more than the value's offset in `texts`, or 0.
    """

    part: bytes
    texts: bytes
    before: bytes = b""
    slots: bytes = b""

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

    @classmethod
    def of_values(cls, key: bytes, values: Collection[bytes]) -> Wanted | None:
        """Members of this name with one of these strings as value. None when something is too long, or too short.

        Neither may contain a quote or a backslash.
        """
        if (
            not _MIN_KEY <= len(key) < _MAX_PART
            or not values
            or not all(0 < len(one) <= _MAX_VALUE for one in values)
        ):
            return None
        start = min(range(len(key)), key=lambda place: (_COMMON.find(key[place : place + 1]), -place))
        quoted = b'"' + key + b'"'
        count = 1 << (4 * len(values)).bit_length()
        slots = [0] * count
        texts = bytearray()
        for value in values:
            slot = _slot_of(quoted + b':"' + value, len(value), count)
            while slots[slot]:
                slot = (slot + 1) % count
            slots[slot] = len(texts) + 1
            texts += bytes((len(value),)) + value
        table = b"".join(slot.to_bytes(4, "little") for slot in slots)
        return cls(quoted[start + 1 :], bytes(texts), quoted[: start + 1], table)


def _slot_of(member: bytes, size: int, count: int) -> int:
    """As `slot_of` in the compiled pass. member: up to the end of the value; size: of the value."""
    middle = len(member) - size + size // 2
    last, before = (int.from_bytes(member[end - 8 : end], "little") for end in (len(member), middle))
    mixed = (last * 0x9E3779B97F4A7C15 + before + size) % 2**64
    return (mixed * 0xD6E8FEB86659FD93 % 2**64 >> 32) % count


_NOTHING: Final = Wanted(b"", b"")


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
    found = _scan.survey(data, first, min(longest, sys.maxsize), unhidden, wanted or _NOTHING, hits)
    if found is None:
        return None
    records, places, ascii_only = found
    return Survey(records, places) if ascii_only or is_utf8(data) else None
