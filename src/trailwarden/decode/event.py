"""The text of one event to its value, exactly as Python's json gives it.

Keeps: what Python's json reads is an event, and its value is json's. orjson does the work where the two are known to
agree. They differ on integers beyond 64 bits (orjson: a float), on lone surrogates, NaN, 1e400 and a BOM (orjson: an error).

Next: `trailwarden.detection`, which puts the question to the value.
"""

from __future__ import annotations

import json
from typing import Any, Final

import orjson

from trailwarden.errors import DecodeError, Reason
from trailwarden.model import Event

_ZEROS_FOR_DIGITS: Final = bytes(
    ord("0") if chr(byte).isdecimal() and byte < 128 else 32 for byte in range(256)
)
_LONG_NUMBER: Final = b"0" * 19
"""An integer that does not fit into 64 bits has at least so many digits."""


def parse_event(raw: bytes | bytearray | memoryview) -> dict[str, Any]:
    """The event's value. Raises DecodeError: NOT_AN_EVENT (JSON, but no object), NOT_JSON, NOT_UTF8, TOO_DEEP."""
    return read_event(raw if isinstance(raw, bytes) else bytes(raw), 0).data


def read_event(raw: bytes, index: int) -> Event:
    """The event at that position of its batch. Raises as `parse_event`."""
    value, strict = _value(raw)
    if not isinstance(value, dict):
        raise DecodeError(Reason.NOT_AN_EVENT, f"a JSON {_KINDS[type(value)]} in the place of an event")
    return Event(raw, value, index, strict)


def _value(text: bytes) -> tuple[Any, bool]:
    """The value, and whether the text is surely strict JSON."""
    if _LONG_NUMBER not in text.translate(_ZEROS_FOR_DIGITS):
        try:
            return orjson.loads(text), True
        except orjson.JSONDecodeError:
            pass  # json decides
    try:
        return json.loads(text), False
    except RecursionError:
        raise DecodeError(Reason.TOO_DEEP, "nested deeper than Python's json reads") from None
    except UnicodeDecodeError as fault:
        raise DecodeError(Reason.NOT_UTF8, f"not {fault.encoding} at byte {fault.start}") from None
    except ValueError as fault:  # also a number with more digits than Python converts
        raise DecodeError(Reason.NOT_JSON, str(fault)) from None


_KINDS: Final[dict[type, str]] = {
    list: "array",
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
}
