"""Counting the events of a plainly canonical file without parsing it. docs/adr/0001 says what this proves and what not.

Keeps: a number is given only when independent counts agree on it; with any doubt the answer is None, and the caller
splits. Each count is one pass at memory speed.

Next: `trailwarden.decode.locate` for the record around a hit, `trailwarden.decode.split` for the exact way.
"""

from __future__ import annotations

from typing import Final

import stringzilla

from trailwarden.decode.encoding import is_utf8

_EMPTY: Final = b'{"Records":[]}'
_RECORDS: Final = b'{"Records":[{"eventVersion":"1.'
_LINE: Final = b'{"eventVersion":"1.'
_VERSION: Final = b'"eventVersion":'
_ID: Final = b'"eventID":'
_NEXT_RECORD: Final = b'},{"eventVersion":"1.'
_NEXT_LINE: Final = b'}\n{"eventVersion":"1.'
_ENDS: Final = (b"", b"\n", b"\r\n")
_RECORDS_END: Final = tuple(b"}]}" + end for end in _ENDS)
_LINES_END: Final = (b"}", b"}\n")


def fast_count(data: bytes) -> int | None:
    """How many events the data holds, or None when its layout is not plainly CloudTrail's own.

    Two layouts are known: one compact `{"Records":[…]}`, and JSON Lines of compact records. Never raises.
    """
    if data.startswith(_RECORDS) and data.endswith(_RECORDS_END):
        return _agreed(data, _NEXT_RECORD)
    if data.startswith(_LINE) and data.endswith(_LINES_END):
        count = _agreed(data, _NEXT_LINE)
        lines = stringzilla.count(data, b"\n") + (not data.endswith(b"\n"))
        return count if count == lines else None
    if data.startswith(_EMPTY) and data[len(_EMPTY) :] in _ENDS:
        return 0
    return None


def _agreed(data: bytes, boundary: bytes) -> int | None:
    """The number of records, when versions, boundaries and ids say the same, and the text is UTF-8."""
    count: int = stringzilla.count(data, _VERSION)
    agreed = stringzilla.count(data, boundary) == count - 1 and stringzilla.count(data, _ID) == count
    return count if agreed and is_utf8(data) else None
