"""Durations and sizes as people write them: `30s`, `5m`, `1h`, `64MiB`, `10kB`.

Keeps: what is written out again (config show, JSON) is the short form that is read in.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES: Final = {
    "": 1,
    "B": 1,
    "kB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)")
_SIZE: Final = re.compile(r"(\d+)\s*([A-Za-z]*)")
_MAX_DAYS: Final = 36_500


def parse_duration(value: Any) -> timedelta:
    """`90s`, `1.5h`, `2d`, a timedelta. Raises ValueError in words for the user."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())) is not None:
        seconds = float(found[1]) * _SECONDS[found[2]]
        if seconds <= _MAX_DAYS * 86400:
            return timedelta(seconds=seconds)
    raise ValueError("not a duration; write a number and ms, s, m, h or d, as in 30s")


def duration_text(value: timedelta) -> str:
    """The shortest form that is exact to the millisecond."""
    milliseconds = round(value.total_seconds() * 1000)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms" if milliseconds else "0s"


def parse_size(value: Any) -> int:
    """`64MiB`, `10kB`, `512`, 512: bytes. Raises ValueError in words for the user."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if (
        isinstance(value, str)
        and (found := _SIZE.fullmatch(value.strip())) is not None
        and found[2] in _BYTES
    ):
        return int(found[1]) * _BYTES[found[2]]
    raise ValueError(
        "not a size; write a number of bytes, or one with kB, MB, GB, KiB, MiB or GiB, as in 64MiB"
    )


def size_text(value: int) -> str | int:
    """The shortest exact form; a plain number where no unit divides it."""
    for unit in ("GiB", "MiB", "KiB"):
        if value and value % _BYTES[unit] == 0:
            return f"{value // _BYTES[unit]}{unit}"
    return value


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(duration_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "duration", "examples": ["30s", "5m", "1h"]}),
]
"""A length of time in a settings model."""

Size = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(size_text),
    WithJsonSchema({"type": ["string", "integer"], "format": "size", "examples": ["64MiB", 65536]}),
]
"""A number of bytes in a settings model."""
