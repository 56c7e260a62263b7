"""For every document: splitting gives exactly its elements, and damage costs nothing that lies before it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.decode.taking import LIMITS, opened, raws, values
from trailwarden.decode import fast_count, parse_event
from trailwarden.decode.split import split

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())  # lone surrogates as well
    | st.sampled_from(["},{", '"eventVersion":"1.', '\\"', "[{", "]}", "\n{", "\u2028"])
)
keys = st.sampled_from(["a", "b", "eventName", "eventVersion", "eventID", "}", '"', "é"]) | st.text(
    max_size=4
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)
extras = st.dictionaries(
    st.sampled_from(["requestParameters", "responseElements", "x"]), documents, max_size=3
)


def _record(name: str, extra: dict[str, Any]) -> dict[str, Any]:
    return {"eventVersion": "1.09", "eventName": name, **extra, "eventID": "id"}


records = st.builds(_record, st.text(max_size=6), extras)


@st.composite
def writers(draw: st.DrawFn) -> Callable[[Any], str]:
    """A way to write JSON: compact or not, escaped or not."""
    ascii_only = draw(st.booleans())
    indent = draw(st.sampled_from([None, None, 1, "\t"]))
    separators = (
        draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")])) if indent is None else None
    )

    def write(value: Any) -> str:
        return json.dumps(value, ensure_ascii=ascii_only, indent=indent, separators=separators)

    return write


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _exactly(data: bytes, elements: list[Any]) -> None:
    decoded = opened(data)
    assert decoded.rejected == []
    assert [json.loads(raw) for raw in raws(decoded)] == elements
    assert values(decoded) == elements


@settings(deadline=None)
@given(st.lists(records, min_size=1, max_size=5), writers(), st.sampled_from(["", " ", "\r\n", "\n\n"]))
def test_a_log_file_gives_its_records(elements: list[Any], write: Callable[[Any], str], end: str) -> None:
    _exactly(_bytes(write({"Records": elements}) + end), elements)


@settings(deadline=None)
@given(st.lists(records, min_size=1, max_size=5), writers())
def test_an_array_gives_its_elements(elements: list[Any], write: Callable[[Any], str]) -> None:
    _exactly(_bytes(write(elements)), elements)


@settings(deadline=None)
@given(
    st.lists(records, min_size=1, max_size=5),
    writers(),
    st.sampled_from(["", " ", "\n", "\r\n", ",", "\n\n"]),
)
def test_values_that_follow_each_other(
    elements: list[Any], write: Callable[[Any], str], between: str
) -> None:
    _exactly(_bytes(between.join(map(write, elements))), elements)


@settings(deadline=None)
@given(
    st.lists(st.dictionaries(st.sampled_from(["a", "b", "eventName"]), documents), min_size=1, max_size=5),
    writers(),
)
def test_any_object_among_the_records_is_an_event(elements: list[Any], write: Callable[[Any], str]) -> None:
    _exactly(_bytes(write({"Records": elements})), elements)


def _layout(kind: str, texts: list[bytes]) -> tuple[bytes, list[int]]:
    """A file of the records, and where in it each ends."""
    opening, between, closing = {
        "records": (b'{"Records":[', b",", b"]}"),
        "array": (b"[", b",", b"]"),
        "lines": (b"", b"\n", b"\n"),
        "adjacent": (b"", b"", b""),
    }[kind]
    data, ends = opening, []
    for number, text in enumerate(texts):
        data += (between if number else b"") + text
        ends.append(len(data))
    return data + closing, ends


@st.composite
def damaged(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A damaged file, and the records that lie wholly before the damage."""
    compact = [
        json.dumps(value, separators=(",", ":")).encode()
        for value in draw(st.lists(records, min_size=1, max_size=4))
    ]
    data, ends = _layout(draw(st.sampled_from(["records", "array", "lines", "adjacent"])), compact)
    place = draw(st.integers(0, len(data) - 1))
    insert = draw(
        st.binary(max_size=3) | st.sampled_from([b'"', b"{", b"}", b"]", b"[", b",", b"\\", b"\n", b"\xff"])
    )
    removed = draw(st.sampled_from([0, 1, 2, 9, len(data)]))
    return data[:place] + insert + data[place + removed :], [
        text for text, end in zip(compact, ends, strict=True) if end < place
    ]


@settings(deadline=None)
@given(damaged())
def test_damage_costs_nothing_that_lies_before_it(case: tuple[bytes, list[bytes]]) -> None:
    data, before = case
    decoded = opened(data)
    assert raws(decoded)[: len(before)] == before


@settings(deadline=None)
@given(damaged())
def test_the_count_of_a_damaged_file_is_not_above_what_can_be_seen(case: tuple[bytes, list[bytes]]) -> None:
    data, before = case
    count = fast_count(data)
    assert count is None or count >= len(before)


@settings(deadline=None)
@given(st.binary(max_size=60) | damaged().map(lambda case: case[0]))
def test_nothing_is_lost_and_nothing_is_raised(data: bytes) -> None:
    decoded = split(data, LIMITS)
    assert decoded.blocks or decoded.rejected or decoded.labels
    for raw in raws(decoded):
        assert isinstance(parse_event(raw), dict)
    for rejected in decoded.rejected:
        assert rejected.detail
