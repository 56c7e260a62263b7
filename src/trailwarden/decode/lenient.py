"""Reading JSON text as Python's json reads it, piece by piece, with the place of each piece.

Keeps: what Python's json accepts is accepted here (lone surrogates, NaN, long numbers), what it refuses is refused, and
the values themselves are not built up: only where they end matters. The text is the bytes as Latin-1, one character a
byte, so that every position is an offset into the bytes and a letter that is not UTF-8 stops nothing.

Next: `trailwarden.decode.resync`, which goes on behind what is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from trailwarden.errors import DecodeError, Reason

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[]{}["]', re.DOTALL)
_WINDOW: Final = 16 * 1024
_LONGEST_TOKEN: Final = 16  # of those that json names by their beginning: `-Infinity`, a pair of \\u escapes
_SCANNER: Final = json.JSONDecoder(object_pairs_hook=lambda _pairs: None)


class RefusedError(DecodeError):
    """No JSON value here. position: where reading stopped; everything before it had been in order."""

    def __init__(self, reason: Reason, detail: str, position: int) -> None:
        super().__init__(reason, detail)
        self.position = position


def text_of(raw: bytes) -> str:
    """One character a byte."""
    return raw.decode("latin-1")


def skip_space(text: str, position: int) -> int:
    """The next position that is not JSON white space."""
    found = _SPACE.match(text, position)
    return found.end() if found is not None else position


def value_end(text: str, start: int) -> int:
    """The position behind the JSON value that begins at `start`. Raises RefusedError.

    Reads in a window that grows: json's error counts the lines before it, which would make many errors in a long text
    take time in proportion to its square.
    """
    size = _WINDOW
    while True:
        window = text[start : start + size]
        cut = start + size < len(text)
        try:
            end = _value_end(window)
        except RefusedError as fault:
            at_the_cut = fault.position > len(window) - _LONGEST_TOKEN or fault.detail.startswith(
                "Unterminated"
            )
            if not (cut and at_the_cut and fault.reason is Reason.NOT_JSON):
                raise RefusedError(fault.reason, fault.detail, start + fault.position) from None
        else:
            if not cut or end < len(window):  # a number may go on behind the cut
                return start + end
        size *= 8


def _value_end(text: str) -> int:
    """The end of the value that the text begins with. Raises RefusedError, with a position in this text."""
    try:
        return _SCANNER.raw_decode(text)[1]
    except json.JSONDecodeError as fault:
        raise RefusedError(Reason.NOT_JSON, fault.msg, fault.pos) from None
    except RecursionError:
        raise RefusedError(Reason.TOO_DEEP, "nested deeper than Python's json reads", 0) from None
    except ValueError as fault:  # a number with more digits than Python converts
        raise RefusedError(Reason.NOT_JSON, str(fault).partition(";")[0], 0) from None


def members(text: str, start: int) -> Iterator[tuple[str, int, int]]:
    """Key, start and end of value, for each member of the object at `start`, which `value_end` has accepted."""
    position = skip_space(text, start + 1)
    while text[position] != "}":
        key, position = _SCANNER.raw_decode(text, position)
        begin = skip_space(text, skip_space(text, position) + 1)
        end = value_end(text, begin)
        yield key, begin, end
        position = skip_space(text, end)
        if text[position] == ",":
            position = skip_space(text, position + 1)


def elements(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Start and end of each element of the array at `start`, which `value_end` has accepted."""
    position = skip_space(text, start + 1)
    while text[position] != "]":
        end = value_end(text, position)
        yield position, end
        position = skip_space(text, end)
        if text[position] == ",":
            position = skip_space(text, position + 1)


def balanced_end(text: str, start: int, limit: int) -> int | None:
    """The position where the bracket at `start` is closed again, strings left aside; None when that is not before `limit`.

    What lies between need not be JSON.
    """
    depth = 0
    for token in _TOKEN.finditer(text, start, limit):
        char = token.group() if len(token.group()) == 1 else ""
        if char in ("{", "["):
            depth += 1
        elif char in ("}", "]"):
            depth -= 1
            if depth <= 0:
                return token.end()
        elif char == '"':
            return None  # a string that never ends
    return None
