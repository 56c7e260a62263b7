"""The original event inside the alert's document.

Keeps: every receiver can parse the document, and it is one line. The event's own text is used as it came; only line breaks,
which stand between tokens alone, become blanks. Where just Python's json reads it, what strict JSON cannot hold is replaced
in the text, and nothing else: lone surrogates by U+FFFD, and NaN, Infinity and numbers beyond a double by strings.

Source: RFC 8259 and RFC 7493 (I-JSON). Next: `trailwarden.detection.alert`.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final

import orjson

_LINE_BREAKS: Final = bytes.maketrans(b"\n\r", b"  ")
_TOKEN: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN|-?[0-9][0-9.eE+-]*', re.DOTALL)
_ESCAPE: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair: stays
    r"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
    r"|\\."
    r"|(?P<raw>[\ud800-\udfff])",
    re.DOTALL,
)


def embedded(raw: bytes, strict: bool = False) -> bytes:
    """Strict JSON of one object, in one line. raw: text of an object as Python's json reads it; strict: it is known to be."""
    line = raw.translate(_LINE_BREAKS) if b"\n" in raw or b"\r" in raw else raw
    if strict or _is_strict(line):
        return line
    text = raw.decode(json.detect_encoding(raw), "surrogatepass").lstrip("\ufeff")
    mended = _TOKEN.sub(_strict_token, text).encode().translate(_LINE_BREAKS)
    # What is left is nested deeper than strict parsers go: then its text is kept as text.
    return mended if _is_strict(mended) else orjson.dumps({"text": mended.decode()})


def _is_strict(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _strict_token(token: re.Match[str]) -> str:
    text = token[0]
    if text.startswith('"'):
        return _ESCAPE.sub(_strict_escape, text)
    return text if math.isfinite(float(text)) else f'"{text}"'


def _strict_escape(escape: re.Match[str]) -> str:
    return r"\ufffd" if escape["lone"] or escape["raw"] else escape[0]
