"""An event's value is what Python's json gives, for every JSON text."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trailwarden.decode import parse_event
from trailwarden.errors import DecodeError, Reason

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters()),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(), max_size=4), inner, max_size=4)
    ),
)


def _same(raw: bytes) -> None:
    try:
        wanted = json.loads(raw)
    except (ValueError, RecursionError):
        wanted = None
    if isinstance(wanted, dict):
        assert repr(parse_event(raw)) == repr(wanted)  # NaN is not equal to itself, and 1 is to 1.0 and True
        return
    with pytest.raises(DecodeError) as caught:
        parse_event(raw)
    assert caught.value.reason in {Reason.NOT_AN_EVENT, Reason.NOT_JSON, Reason.NOT_UTF8}


@settings(deadline=None)
@given(values, st.booleans())
def test_it_is_the_value_that_json_gives(value: object, ascii_only: bool) -> None:
    _same(json.dumps({"a": value}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))
    _same(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))


@settings(deadline=None)
@given(values, st.data())
def test_what_json_refuses_is_refused(value: object, data: st.DataObject) -> None:
    raw = bytearray(json.dumps({"a": value}).encode())
    place = data.draw(st.integers(0, len(raw)))
    raw[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    _same(bytes(raw))


@settings(deadline=None)
@given(st.from_regex(r"\A-?[0-9]{1,25}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,4})?\Z"))
def test_numbers_are_those_of_json(number: str) -> None:
    _same(f'{{"a":{number},"b":[{number}]}}'.encode())
