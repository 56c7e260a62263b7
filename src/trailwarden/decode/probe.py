"""One level of a JSON value: the members of an object, the elements of an array, a string. Nothing below is parsed.

Keeps: fast where the fast parser reads, lenient where only Python's json does; what neither reads is None.

Next: `trailwarden.decode.envelopes`, which recognises an object by its members.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from trailwarden.decode import lenient
from trailwarden.decode.outcome import RawEvent
from trailwarden.errors import DecodeError

Members = Mapping[str, RawEvent]
"""Key to the exact text of its value; the last of two equal keys."""

_MEMBERS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
REFUSALS: Final = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What msgspec raises for what it does not read."""


def members_of(raw: RawEvent) -> Members | None:
    """The members of an object; None when it is no JSON object."""
    try:
        return _MEMBERS.decode(raw)
    except REFUSALS:
        pass
    text, start = _lenient(raw, "{")
    if start is None:
        return None
    view = memoryview(raw)
    return {key: view[begin:end] for key, begin, end in lenient.members(text, start)}


def elements_of(raw: RawEvent | None) -> Sequence[RawEvent] | None:
    """The elements of an array; None when it is no JSON array."""
    if raw is None:
        return None
    try:
        return _ELEMENTS.decode(raw)
    except REFUSALS:
        pass
    text, start = _lenient(raw, "[")
    if start is None:
        return None
    view = memoryview(raw)
    return [view[begin:end] for begin, end in lenient.elements(text, start)]


def string_of(raw: RawEvent | None) -> str | None:
    """The value of a string; None when it is no JSON string."""
    value = _scalar(raw) if raw is not None and lead(raw) == '"' else None
    return value if isinstance(value, str) else None


def lead(raw: RawEvent) -> str:
    """The first character of a value that stands without white space: it tells of what kind the value is."""
    view = memoryview(raw)
    return chr(view[0]) if view.nbytes else ""


def _scalar(raw: RawEvent) -> Any:
    try:
        return json.loads(bytes(raw))
    except ValueError:
        return None


def _lenient(raw: RawEvent, opening: str) -> tuple[str, int | None]:
    """The text, and where the value begins in it, if Python's json reads the whole as one that begins so."""
    text = lenient.text_of(bytes(raw))
    start = lenient.skip_space(text, 0)
    try:
        whole = text.startswith(opening, start) and lenient.skip_space(
            text, lenient.value_end(text, start)
        ) == len(text)
    except DecodeError:
        whole = False
    return text, start if whole else None
