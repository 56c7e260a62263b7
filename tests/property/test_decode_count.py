"""The count without parsing is None or exact, for canonical files and for what comes near to them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trailwarden.decode import fast_count

KEYS = ["eventVersion", "eventID", "eventName", "Records", "a"]
VALUES = ["1.08", "1.", "2.1", "", '},{"eventVersion":"1.', ',"eventID":"', "é", "\ud83e", 1, None]
nested: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from(VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=10,
)


def _record(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return {"eventVersion": "1.09", **before, "eventID": "i", **after}


parts = st.dictionaries(st.sampled_from(["p", "q"]), nested, max_size=2)
others = st.dictionaries(st.sampled_from(KEYS), nested, max_size=3).filter(
    lambda value: "eventVersion" in value or "eventID" in value
)
records = st.builds(_record, parts, parts)


def _forges(value: Any) -> bool:
    """Whether a value holds what the counts cannot tell from a record: an object behind another one in an array, which
    begins with a version and says an id later (docs/adr/0001).
    """
    if isinstance(value, dict):
        return any(map(_forges, value.values()))
    if not isinstance(value, list):
        return False
    return any(
        isinstance(item, dict) and next(iter(item), "") == "eventVersion" for item in value[1:]
    ) or any(map(_forges, value))


@settings(deadline=None)
@given(st.lists(records | others, max_size=5), st.booleans(), st.sampled_from(["", "\n", "\r\n", " "]))
def test_a_file_is_counted_exactly_or_not_at_all(elements: list[Any], ascii_only: bool, end: str) -> None:
    assume(not any(_forges(part) for element in elements for part in element.values()))
    text = json.dumps({"Records": elements}, separators=(",", ":"), ensure_ascii=ascii_only) + end
    count = fast_count(text.encode("utf-8", "surrogatepass"))
    assert count in (None, len(elements))


@settings(deadline=None)
@given(st.lists(records, max_size=6), st.sampled_from(["", "\n", "\r\n"]))
def test_a_canonical_file_is_counted(elements: list[Any], end: str) -> None:
    plain = [_record({"x": index}, {"y": index}) for index, _ in enumerate(elements)]
    text = json.dumps({"Records": plain}, separators=(",", ":")) + end
    assert fast_count(text.encode()) == len(elements)


@settings(deadline=None)
@given(st.lists(records | others, min_size=1, max_size=5), st.sampled_from(["", "\n"]))
def test_lines_are_counted_exactly_or_not_at_all(elements: list[Any], end: str) -> None:
    text = "\n".join(json.dumps(element, separators=(",", ":")) for element in elements) + end
    assert fast_count(text.encode()) in (None, len(elements))


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_it_never_raises(data: bytes) -> None:
    for prefix in (b"", b'{"Records":[{"eventVersion":"1.', b'{"eventVersion":"1.'):
        for suffix in (b"", b"}]}", b"}\n"):
            count = fast_count(prefix + data + suffix)
            assert count is None or count >= 0
