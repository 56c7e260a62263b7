"""What Trailwarden is measured against: what one writes first, and the least that anybody must do.

Keeps: rivals get what speeds them up (the fastest parser, the fastest binding that is installed), and their counts
are compared with ours.

Next: `bench.ours` for our side.
"""

from __future__ import annotations

import importlib
import shutil
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import orjson

from bench.calls import WANTED_NAMES
from bench.timing import in_turns

Decompress = Callable[[bytes], bytes | bytearray]
Count = tuple[int, int]
"""Events, and those of them that match."""


def naive(payloads: Sequence[bytes]) -> Count:
    """zlib, orjson on everything, set look-up."""
    events = wanted = 0
    for payload in payloads:
        records = orjson.loads(zlib.decompress(payload, wbits=31))["Records"]
        events += len(records)
        wanted += sum(record.get("eventName") in WANTED_NAMES for record in records)
    return events, wanted


_BINDINGS: Final[tuple[tuple[str, str, str, dict[str, int]], ...]] = (
    ("zlib", "zlib", "decompress", {"wbits": 31}),
    ("zlib-ng", "zlib_ng.zlib_ng", "decompress", {"wbits": 31}),
    ("isal", "isal.isal_zlib", "decompress", {"wbits": 31}),
    ("libdeflate", "deflate", "gzip_decompress", {}),
)


def decompressors() -> dict[str, Decompress]:
    """Every installed way to decompress one gzip member, by the name of the library behind it."""
    found: dict[str, Decompress] = {}
    for name, module, function, options in _BINDINGS:
        try:
            act = getattr(importlib.import_module(module), function)
        except ImportError:
            continue
        found[name] = partial(act, **options)
    return found


def fastest(payloads: Sequence[bytes]) -> tuple[str, Decompress]:
    """The decompressor that is fastest here and now, on a part of the payloads."""
    part = payloads[:60]
    ways = decompressors()
    taken = in_turns({name: partial(each, way, part) for name, way in ways.items()}, rounds=3)
    name = max(ways, key=lambda way: taken.rate(way, 1))
    return name, ways[name]


def each(act: Callable[[bytes], object], payloads: Sequence[bytes]) -> None:
    """Do it to every payload and keep nothing: results that pile up would be paid for in fresh memory."""
    for payload in payloads:
        act(payload)


def ripgrep(path: Path) -> list[str] | None:
    """The command that looks for the same names, word-exact, in the files below `path`; None without ripgrep.

    It counts lines, of which a file has one, so that it may stop at the first match in each file.
    """
    binary = shutil.which("rg")
    if binary is None:
        return None
    names = "|".join(sorted(WANTED_NAMES))
    return [binary, "--search-zip", "--count", "--no-ignore", "--no-config", f'"({names})"', str(path)]
