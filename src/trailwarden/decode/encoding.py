"""Text in bytes: is it UTF-8, and if it is something else that JSON may be written in, as UTF-8.

Keeps: no copy of a large text is made to ask about it.

Next: `trailwarden.decode.split`.
"""

from __future__ import annotations

import codecs
import json
from typing import Final

BOM: Final = codecs.BOM_UTF8
_PIECE: Final = 1024 * 1024


def is_utf8(data: bytes) -> bool:
    """Whether the whole is valid UTF-8. Looks at a piece at a time: one letter beyond the BMP would make four of each byte."""
    if data.isascii():
        return True
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    try:
        for start in range(0, len(data), _PIECE):
            decoder.decode(view[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def is_json_text(raw: bytes) -> bool:
    """Whether Python's json decodes the bytes of one value: UTF-8, in which it lets lone surrogates pass."""
    try:
        raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def as_utf8(data: bytes) -> bytes | None:
    """A text in UTF-16 or UTF-32, as json would detect it (RFC 4627, 3), in UTF-8; None when it is not JSON in one of them."""
    encoding = json.detect_encoding(data[:4]) if len(data) > 1 else "utf-8"
    if encoding.startswith("utf-8"):
        return None
    try:
        text = data.decode(encoding).lstrip("\ufeff \t\r\n")
    except UnicodeDecodeError:
        return None
    return unescaped(text) if text.startswith(("{", "[", '"')) else None


def unescaped(text: str) -> bytes:
    """A text that came out of a JSON string. A lone surrogate, which UTF-8 cannot hold, becomes the JSON escape for it."""
    return text.encode("utf-8", "backslashreplace")
