"""The generated corpora are what they claim to be: deterministic, readable, and of the measured sizes."""

from __future__ import annotations

import gzip
import json
import statistics
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from bench.calls import WANTED_NAMES
from bench.corpus import LARGE_FILE, RECORDS_PER_FILE, SHAPES, Shape, build, content

SIZES = Shape("sizes", 400, RECORDS_PER_FILE, wanted=0.003, wanted_files=0.2)
KEYS = [
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "requestID",
    "eventID",
    "readOnly",
    "resources",
    "eventType",
    "managementEvent",
    "recipientAccountId",
    "eventCategory",
    "tlsDetails",
]


@pytest.fixture(scope="module")
def contents() -> list[bytes]:
    return [content(SIZES, number)[0] for number in range(SIZES.files)]


def _records(text: bytes) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(text)["Records"]
    return records


def test_files_are_one_line_in_the_key_order_of_cloudtrail(contents: list[bytes]) -> None:
    for text in contents[:50]:
        assert b"\n" not in text
        assert b'": ' not in text
        assert b'", "' not in text
        for record in _records(text):
            assert list(record) == [key for key in KEYS if key in record]


def test_sizes_of_records_follow_the_measured_distribution(contents: list[bytes]) -> None:
    sizes = sorted(
        len(json.dumps(record, separators=(",", ":"))) for text in contents for record in _records(text)
    )
    # A request's `\\u003d` is one character after parsing: json.dumps writes it in one byte, which changes nothing here.
    assert statistics.fmean(sizes) == pytest.approx(1261, rel=0.05)
    for share, measured in ((0.05, 921), (0.25, 1105), (0.5, 1174), (0.75, 1290), (0.95, 1844), (0.99, 2269)):
        assert sizes[int(len(sizes) * share)] == pytest.approx(measured, rel=0.05), share


def test_records_per_file_follow_the_measured_distribution(contents: list[bytes]) -> None:
    counts = [len(_records(text)) for text in contents]
    assert statistics.median(RECORDS_PER_FILE) == 20
    assert statistics.fmean(counts) == pytest.approx(52.7, rel=0.1)
    assert max(counts) == 394


def test_compression_follows_the_measured_ratio(contents: list[bytes]) -> None:
    packed = [len(zlib.compress(text, 6)) for text in contents]
    assert sum(map(len, contents)) / sum(packed) == pytest.approx(8.6, rel=0.1)
    for low, high, measured in ((2, 5, 3.13), (6, 20, 5.51), (21, 100, 7.92), (101, 1000, 10.36)):
        ratios = [
            len(text) / size
            for text, size in zip(contents, packed, strict=True)
            if low <= len(_records(text)) <= high
        ]
        assert statistics.fmean(ratios) == pytest.approx(measured, rel=0.1), (low, high)


def test_structure_is_no_richer_than_that_of_real_records(contents: list[bytes]) -> None:
    """What a parser must build decides how slow the naive way is: 6.4 objects and 33.7 keys a record were measured."""
    records = [record for text in contents[:100] for record in _records(text)]
    objects = [sum(1 for _ in _objects(record)) for record in records]
    assert 5.4 <= statistics.fmean(objects) <= 6.8


def _objects(value: Any) -> Any:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner)


def test_matches_are_where_the_shape_wants_them(tmp_path: Path) -> None:
    some = build(Shape("some", 40, LARGE_FILE, wanted=0.0055, wanted_files=0.2), tmp_path)
    assert some.manifest.wanted_files == 8
    assert some.manifest.wanted / some.manifest.events == pytest.approx(0.0055, rel=0.5)
    every = build(Shape("every", 40, (1, 2, 3), wanted=0.0055, wanted_files=1.0), tmp_path)
    assert every.manifest.wanted_files == 40


def test_the_manifest_tells_what_is_on_disk(tmp_path: Path) -> None:
    made = build(Shape("told", 30, RECORDS_PER_FILE, wanted=0.01, wanted_files=0.5), tmp_path)
    texts = [gzip.decompress(payload) for payload in made.payloads()]
    records = [record for text in texts for record in _records(text)]
    assert len(texts) == made.manifest.files == 30
    assert len(records) == made.manifest.events
    assert sum(record["eventName"] in WANTED_NAMES for record in records) == made.manifest.wanted > 0
    assert sum(map(len, texts)) == made.manifest.raw


def test_the_same_shape_makes_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    shape = Shape("same", 6, (5,), wanted=0.1, wanted_files=0.5)
    first = build(shape, tmp_path / "a")
    assert build(shape, tmp_path / "b").payloads() == first.payloads()
    assert build(replace(shape, seed=1), tmp_path / "c").payloads() != first.payloads()


def test_a_corpus_is_kept_and_made_anew_when_the_shape_changes(tmp_path: Path) -> None:
    shape = Shape("kept", 4, (5,), wanted=0.1, wanted_files=0.5)
    made = build(shape, tmp_path)
    marker = made.path / "marker"
    marker.touch()
    assert build(shape, tmp_path) == made
    assert marker.exists()
    assert build(replace(shape, files=5), tmp_path).manifest.files == 5
    assert not marker.exists()


def test_reused_bodies_carry_event_ids_of_their_own() -> None:
    shape = replace(SHAPES["endless"], bodies=1)
    first, again = (_records(content(shape, number)[0]) for number in (0, 1))
    ids = [{record["eventID"] for record in records} for records in (first, again)]
    assert len(ids[0]) == len(first)
    assert not ids[0] & ids[1]
    assert [record["eventName"] for record in first] == [record["eventName"] for record in again]
