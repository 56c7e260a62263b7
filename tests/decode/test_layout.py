"""The count without parsing: right, or None. What it does not prove is written down here too (docs/adr/0001)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.decode.taking import compact, log_file, opened, raws, record
from trailwarden.decode import fast_count

LINES = b"\n".join(compact(record(name)) for name in "ABC")
CERTAIN: dict[str, tuple[bytes, int]] = {
    "one": (log_file("A"), 1),
    "three": (log_file("A", "B", "C"), 3),
    "a line end": (log_file("A", "B") + b"\n", 2),
    "CRLF": (log_file("A", "B") + b"\r\n", 2),
    "none": (b'{"Records":[]}', 0),
    "none, a line end": (b'{"Records":[]}\n', 0),
    "lines": (LINES, 3),
    "lines, last end": (LINES + b"\n", 3),
    "one line": (compact(record()), 1),
    "not ASCII": (
        json.dumps({"Records": [record("é\u2028𝄞")]}, separators=(",", ":"), ensure_ascii=False).encode(),
        1,
    ),
    "the keys in a string": (log_file('x},{"eventVersion":"1.08","eventID":"'), 1),
}
DOUBTFUL: dict[str, bytes] = {
    "nothing": b"",
    "indented": json.dumps({"Records": [record()]}, indent=1).encode(),
    "BOM": b"\xef\xbb\xbf" + log_file("A"),
    "leading space": b" " + log_file("A"),
    "array": compact([record()]),
    "another version": log_file("A").replace(b'"1.09"', b'"2.1"'),
    "another key first": compact({"Records": [dict(reversed(record().items()))]}),
    "an eventID among the records": compact({"Records": [record(), {"eventID": "x"}]}),
    "an eventVersion among the records": compact({"Records": [record(), {"x": 1, "eventVersion": "1.0"}]}),
    "no eventID": log_file("A", "B").replace(b"eventID", b"eventIx", 1),
    "space between records": log_file("A", "B").replace(b"},{", b"}, {"),
    "cut off": log_file("A", "B")[:-1],
    "something behind": log_file("A") + b"{}",
    "other members behind": compact({"Records": [record()], "x": 1}),
    "not UTF-8": log_file("A").replace(b"id-A", b"id-\xff"),
    "lines of two shapes": LINES + b"\n" + compact({"hello": 1}),
    "a blank line": LINES + b"\n\n",
    "lines with CRLF": LINES.replace(b"\n", b"\r\n"),
    "two in a line": compact(record()) * 2,
    "none, spaced": b'{"Records": []}',
}


@pytest.mark.parametrize("name", CERTAIN)
def test_a_canonical_file_is_counted(name: str) -> None:
    data, count = CERTAIN[name]
    assert fast_count(data) == count
    assert fast_count(bytearray(data)) == count
    assert len(raws(opened(data))) == count


@pytest.mark.parametrize("name", DOUBTFUL)
def test_with_any_doubt_there_is_no_count(name: str) -> None:
    assert fast_count(DOUBTFUL[name]) is None


@pytest.mark.parametrize(
    "nested",
    [
        {"eventVersion": "1.08"},
        {"a": [{"x": 1}, {"eventVersion": "1.08"}]},
        {"a": [{"x": 1, "eventID": "i"}]},
        [{"x": 1}, {"eventVersion": "1.0", "x": {"eventVersion": "1.0", "eventID": "i"}}],
    ],
    ids=range(4),
)
def test_a_record_that_holds_these_keys_makes_doubt(nested: Any) -> None:
    assert fast_count(compact({"Records": [record("A"), record("B", p=nested), record("C")]})) is None


def test_an_object_with_neither_key_is_not_counted_and_split_tells() -> None:
    strange = compact({"Records": [record("A"), {"a": 1}]})
    assert fast_count(strange) == 1  # what the counts cannot see: ADR 0001
    assert len(raws(opened(strange))) == 2


def test_a_forged_record_inside_a_record_is_counted_and_split_tells() -> None:
    forged = compact(
        {"Records": [record("A", p=[{"x": 1}, {"eventVersion": "1.0", "x": 1, "eventID": "i"}])]}
    )
    assert fast_count(forged) == 2  # what the counts cannot see: ADR 0001
    assert len(raws(opened(forged))) == 1
