"""What is nested without end, or grows without end, is stopped; and broken text takes time in proportion to its size."""

from __future__ import annotations

import base64
import gzip

import pytest

from tests.decode.taking import LIMITS, compact, opened, raws, record
from trailwarden.errors import Reason

EVENT = compact(record("CreateVpc"))
MIB = 1024 * 1024


def in_strings(depth: int) -> bytes:
    data = EVENT
    for _ in range(depth):
        data = compact({"message": data.decode()})
    return data


def in_values(depth: int) -> bytes:
    return b'{"message":' * depth + EVENT + b"}" * depth


def in_arrays(depth: int) -> bytes:
    return b'{"Records":[{"message":' * depth + EVENT + b"}]}" * depth


@pytest.mark.parametrize("nest", [in_strings, in_values])
def test_envelopes_in_each_other_are_opened_up_to_the_limit(nest: object) -> None:
    assert callable(nest)
    assert raws(opened(nest(3), LIMITS._replace(max_depth=3))) == [EVENT]
    (rejected,) = opened(nest(4), LIMITS._replace(max_depth=3)).rejected
    assert rejected.reason is Reason.TOO_DEEP


@pytest.mark.parametrize(
    "data", [in_values(400), in_arrays(300), b"[" * 5000, b'{"a":' * 5000, b"[" * 900 + b"]" * 900]
)
def test_deep_nesting_ends_in_a_reason(data: bytes) -> None:
    decoded = opened(data)
    assert decoded.rejected
    assert decoded.blocks == []


def test_what_is_compressed_inside_shares_one_limit() -> None:
    inner = base64.b64encode(gzip.compress(compact([record("A", text="x" * 600_000)]))).decode()
    body = compact({"requestId": "r", "records": [{"data": inner}] * 4})
    decoded = opened(body, LIMITS._replace(max_output_bytes=2 * MIB))
    assert len(raws(decoded)) == 3
    assert [rejected.reason for rejected in decoded.rejected] == [Reason.TOO_LARGE]


def test_a_bomb_inside_is_refused() -> None:
    bomb = base64.b64encode(gzip.compress(gzip.compress(b"\0" * 30 * MIB))).decode()
    (rejected,) = opened(
        compact({"awslogs": {"data": bomb}}), LIMITS._replace(max_output_bytes=2 * MIB)
    ).rejected
    assert rejected.reason in {Reason.TOO_LARGE, Reason.RATIO_EXCEEDED}


@pytest.mark.parametrize(
    "unit",
    [
        b'},{"',
        b'{"a":[',
        b'},{"a":[{"b":1',
        b'{"a":tru},1,',
        b'{"eventVersion":"1.0","a":tru},',
        b'{"eventVersion":"1.0","a":{},',
        b'{"a":1,\n',
        b"} \n {",
        b'"\\"',
        b"\n{",
        b"[" * 1200 + b",",
    ],
    ids=repr,
)
@pytest.mark.parametrize("opening", [b'{"Records":[', b""], ids=["array", "values"])
@pytest.mark.timeout(20)
def test_broken_text_takes_time_in_proportion(unit: bytes, opening: bytes) -> None:
    decoded = opened(opening + unit * (300_000 // len(unit)))
    assert decoded.rejected


@pytest.mark.timeout(20)
def test_base64_that_is_none_takes_time_in_proportion() -> None:
    (rejected,) = opened(b"H4sI" + b"A" * 3_000_000 + b"!").rejected
    assert rejected.reason is Reason.NOT_JSON


def test_rubbish_beyond_a_number_is_kept_in_one_piece() -> None:
    rubbish = [b'{"a":%d}' % number for number in range(10_100)]
    decoded = opened(b"\n".join([*rubbish, EVENT]))
    assert raws(decoded) == [EVENT]
    assert len(decoded.rejected) == 10_001
    assert b"\n".join(rejected.raw for rejected in decoded.rejected) == b"\n".join(rubbish)
    assert decoded.rejected[-1].detail.startswith("100 more")


@pytest.mark.parametrize("unit", [b"{},", b"1,", b'{"eventID":1}', b'{"eventID":1}\n'], ids=repr)
def test_a_large_text_of_tiny_values_takes_no_memory_for_each(unit: bytes) -> None:
    data = b'{"Records":[' + unit * (17 * MIB // len(unit))
    (rejected,) = opened(data).rejected
    assert rejected.reason is Reason.TOO_LARGE
    assert rejected.raw == data
