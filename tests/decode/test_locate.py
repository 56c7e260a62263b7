"""The place of one record, proven; a look-alike inside a record is never taken for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.decode.locate import locate


def record(number: int, **more: object) -> str:
    fields = {"eventVersion": "1.08", "number": number, "eventID": f"id-{number}", **more}
    return json.dumps(fields, separators=(",", ":"))


def file_of(*records: str, tail: str = "]}") -> bytes:
    return ('{"Records":[' + ",".join(records) + tail).encode()


@given(st.integers(1, 40), st.data())
def test_every_record_is_found_at_its_place(count: int, data: st.DataObject) -> None:
    records = [record(number, note="x" * data.draw(st.integers(0, 30))) for number in range(count)]
    content = file_of(*records)
    wanted = data.draw(st.integers(0, count - 1))
    start = content.index(records[wanted].encode())
    inside = data.draw(st.integers(start + 15, start + len(records[wanted]) - 1))
    place = locate(content, inside, count)
    assert place is not None
    assert (content[place.start : place.end].decode(), place.index) == (records[wanted], wanted)


FAKE = [
    {"a": 1},
    {"eventVersion": "1.08", "fake": True, "eventID": "f"},
    {"eventVersion": "1.08", "eventID": "g"},
]


@pytest.mark.parametrize("before", [0, 1, 9])
@pytest.mark.parametrize("after", [0, 1, 9])
def test_a_record_inside_a_record_is_not_taken_for_one(before: int, after: int) -> None:
    records = [*map(record, range(before)), record(99, list=FAKE), *map(record, range(100, 100 + after))]
    content = file_of(*records)
    place = locate(content, content.index(b'"fake"'), len(records) + 2)
    assert place is None


def test_a_second_list_at_the_top_is_not_the_records() -> None:
    content = file_of(record(0), tail='],"other":[{"a":1},' + record(1) + "]}")
    assert locate(content, content.index(b'"number":1'), 2) is None


def test_a_file_that_is_damaged_elsewhere_cannot_be_proven() -> None:
    records = [record(number) for number in range(4)]
    content = (
        file_of(*records).replace(b'"number":0', b'"number":oops').replace(b'"number":3', b'"number":oops')
    )
    assert locate(content, content.index(b'"number":1'), 4) is None
    assert locate(content, content.index(b'"number":2'), 4) is None
