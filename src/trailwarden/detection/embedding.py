"""The original event inside the alert's document.

Keeps: every receiver can parse the document. The event's own text is used as it came wherever it is strict JSON; where only
Python's json reads it, what strict JSON cannot hold is replaced: lone surrogates by U+FFFD, NaN and Infinity by strings.
"""

from __future__ import annotations

import json
import math
from typing import Any

import orjson

from trailwarden.model import Event


def embedded(event: Event) -> bytes:
    """Strict JSON of one object."""
    try:
        orjson.loads(event.raw)
    except orjson.JSONDecodeError:
        return json.dumps(
            _strict(event.data), ensure_ascii=True, separators=(",", ":"), allow_nan=False
        ).encode("ascii")
    return event.raw


def _strict(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {_strict(key): _strict(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_strict(inner) for inner in value]
    return value
