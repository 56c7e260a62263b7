"""An event's value is what Python's json gives, whichever parser read it."""

from __future__ import annotations

import json
import math

import pytest

from trailwarden.decode import parse_event
from trailwarden.errors import DecodeError, Reason


@pytest.mark.parametrize(
    "value",
    [
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "-0",
        "-0.0",
        "1e400",
        "-1E400",
        "1.5e-320",
        "0.1",
        "1e5",
        "3.141592653589793238462643383279",
        '"\\ud83e"',
        '"\\udc00\\ud800"',
        '"\\ud83e\\udd14"',
        '"\u2028\u202f\x7f"',
        "[" * 500 + "]" * 500,
        "Infinity",
        "-Infinity",
    ],
)
def test_it_is_the_value_that_json_gives(value: str) -> None:
    text = f'{{"a":{value},"b":1,"a":{value}}}'
    event = parse_event(text.encode())
    assert event == json.loads(text)
    assert type(event["a"]) is type(json.loads(value))
    assert list(event) == ["a", "b"]
    assert str(event["a"]) == str(json.loads(value))  # -0.0 equals 0


def test_nan_and_a_bom_and_raw_surrogates_are_read_as_json_reads_them() -> None:
    assert math.isnan(parse_event(b'{"a":NaN}')["a"])
    assert parse_event(b'\xef\xbb\xbf{"a":1}') == {"a": 1}
    assert parse_event(b'{"a":"\xed\xa0\x80"}') == {"a": "\ud800"}


def test_of_equal_keys_the_last_counts() -> None:
    assert parse_event(b'{"a":{"x":1},"b":2,"a":3}') == {"a": 3, "b": 2}


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_will_do(kind: type) -> None:
    assert parse_event(kind(b'{"a":12345678901234567890123}')) == {"a": 12345678901234567890123}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"[1]", Reason.NOT_AN_EVENT),
        (b'"text"', Reason.NOT_AN_EVENT),
        (b"1", Reason.NOT_AN_EVENT),
        (b"1.5", Reason.NOT_AN_EVENT),
        (b"true", Reason.NOT_AN_EVENT),
        (b"null", Reason.NOT_AN_EVENT),
        (b"", Reason.NOT_JSON),
        (b"{", Reason.NOT_JSON),
        (b'{"a":01}', Reason.NOT_JSON),
        (b'{"a":"\x01"}', Reason.NOT_JSON),
        (b'{"a":1} {"b":2}', Reason.NOT_JSON),
        (b'{"a":' + b"1" * 5000 + b"}", Reason.NOT_JSON),
        (b'{"a":"\xff"}', Reason.NOT_UTF8),
        (b'{"a":"\xc3"}', Reason.NOT_UTF8),
        (b'{"a":' * 100_000, Reason.TOO_DEEP),
    ],
    ids=range(15),
)
def test_what_is_no_event_is_said_to_be_none(raw: bytes, reason: Reason) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_event(raw)
    assert caught.value.reason is reason
    assert caught.value.detail
