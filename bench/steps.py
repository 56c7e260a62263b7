"""Each step of the way alone, and the alternatives to it: where the time goes, and what was not chosen.

Keeps: all steps take turns over the same files; those that search or split get the decompressed bytes.

Next: docs/bench.md, which says what followed from these numbers.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import hyperscan
import msgspec
import orjson
import stringzilla

from bench import ours
from bench.calls import WANTED_NAMES
from bench.rivals import decompressors, each
from bench.setting import Figure, Setting
from bench.timing import in_turns

Step = Callable[[bytes], object]

_MARK: Final = b'"eventVersion":'
_LITERALS: Final = tuple(f'"{name}"' for name in sorted(WANTED_NAMES))
_ANCHORED: Final = '"eventName"\\s*:\\s*"(?:{})"'.format("|".join(sorted(WANTED_NAMES)))
_KEYED: Final = _ANCHORED.replace(")", "|" + "|".join(f"\\x00\\x01{number}" for number in range(64)) + ")")
"""The same with values that never occur, so many that the engine looks for the key instead of for each value."""
_COMMON: Final = b"Vpc"


class _Raws(msgspec.Struct):
    Records: list[msgspec.Raw]


class _Name(msgspec.Struct):
    eventName: str = ""  # noqa: N815 - the field's own name


class _Names(msgspec.Struct):
    Records: list[_Name]


def steps(setting: Setting) -> list[Figure]:
    """Events a second of every step, and of the whole; for information."""
    packed = setting.large[:: max(1, len(setting.large) // 60)]
    way = next(reversed(decompressors().values()))
    plain = [bytes(way(payload)) for payload in packed]
    by = ours.matcher(1, setting.out)
    contestants: dict[str, Callable[[], object]] = {"whole": partial(ours.count, packed, by)}
    for name, decompress in decompressors().items():
        contestants[f"decompress_{name}"] = partial(each, decompress, packed)
    for name, step in _steps_on_plain(by).items():
        contestants[name] = partial(each, step, plain)
    taken = in_turns(contestants, max(3, setting.rounds // 2))
    events = sum(content.count(_MARK) for content in plain)
    return [Figure(f"step_{name}", taken.rate(name, events), "events/s") for name in contestants]


def _steps_on_plain(by: Any) -> dict[str, Step]:
    """What is done, or could be done, with decompressed bytes."""
    raws, names = msgspec.json.Decoder(_Raws), msgspec.json.Decoder(_Names)
    anchored = re.compile(_ANCHORED.encode())
    return {
        "parse_json": json.loads,
        "parse_orjson": orjson.loads,
        **_simdjson(),
        "split_msgspec_raw": raws.decode,
        "split_msgspec_name": names.decode,
        "prefilter_ours": partial(ours.search, by),
        "prefilter_re": lambda content: list(anchored.finditer(content)),
        "prefilter_hyperscan_names": _hyperscan(_LITERALS),
        "prefilter_hyperscan_anchored": _hyperscan([_ANCHORED]),
        "prefilter_hyperscan_keyed": _hyperscan([_KEYED]),
        "prefilter_common_part": _places,
        "digest_sha256": lambda content: hashlib.sha256(content).digest(),
        "count_bytes": lambda content: content.count(_MARK),
        "count_stringzilla": lambda content: stringzilla.count(content, _MARK),
    }


def _places(content: bytes) -> list[int]:
    """Every place of the part that the eleven names have in common."""
    found: list[int] = []
    place = stringzilla.find(content, _COMMON)
    while place >= 0:
        found.append(place)
        place = stringzilla.find(content, _COMMON, place + 1)
    return found


def _simdjson() -> dict[str, Step]:
    """Nothing where the binding is not installed."""
    try:
        simdjson = importlib.import_module("simdjson")
    except ImportError:
        return {}
    parser = simdjson.Parser()

    def split(content: bytes) -> list[object]:
        return [record["eventName"] for record in parser.parse(content)["Records"]]

    def raws(content: bytes) -> list[object]:
        return [record.mini for record in parser.parse(content)["Records"]]

    return {"split_simdjson_name": split, "split_simdjson_raw": raws}


def _hyperscan(expressions: Sequence[str]) -> Step:
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[expression.encode() for expression in expressions],
        ids=list(range(len(expressions))),
        flags=[0] * len(expressions),
    )
    scratch = hyperscan.Scratch(database)

    def search(content: bytes) -> list[int]:
        ends: list[int] = []
        database.scan(
            content, match_event_handler=lambda _id, _start, end, *_: ends.append(end), scratch=scratch
        )
        return ends

    return search
