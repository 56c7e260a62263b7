"""Reading a field in whatever case its name is written, quickly and not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.detection.fields import at, member_of, text, texts
from trailwarden.detection.spellings import INNER, RECORD, spelled

NAMES = sorted(INNER)


def by_going_through(value: dict[str, Any], name: str) -> Any:
    """The name as it is, else the first that is the same but for its case."""
    if name in value:
        return value[name]
    return next((inner for key, inner in value.items() if key.lower() == name.lower()), None)


def respelled(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name, name[0].upper() + name[1:], name.upper(), name.lower(), name + "x"])


KEYS = st.sampled_from([*NAMES, "Tag", "tag", ""]).flatmap(
    lambda name: respelled(name) if name else st.just("")
)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-(10**50), 10**50), st.text(max_size=3), st.just({}))


def test_no_two_spellings_are_the_same_but_for_their_case() -> None:
    for names in (RECORD, INNER):
        assert len({name.lower() for name in names}) == len(names)


@given(st.dictionaries(KEYS, VALUES, max_size=6), st.sampled_from([*NAMES, "Tag"]))
def test_a_name_is_found_in_every_case(value: dict[str, Any], name: str) -> None:
    assert at(value, name) == by_going_through(value, name)
    assert text(value, name) == text(by_going_through(value, name))


@given(st.dictionaries(KEYS, VALUES, max_size=6), st.lists(st.sampled_from([*NAMES, "Tag"]), max_size=4))
def test_several_at_once_are_each_by_itself(value: dict[str, Any], names: list[str]) -> None:
    assert [member_of(value)(name) for name in names] == [at(value, name) for name in names]
    assert texts(map(member_of(value), names)) == [text(value, name) for name in names]


@given(
    st.dictionaries(st.sampled_from([*sorted(RECORD), "other"]).flatmap(respelled), VALUES, max_size=6),
    st.sampled_from(sorted(RECORD)),
)
def test_a_record_is_asked_for_its_members_in_one_spelling(record: dict[str, Any], name: str) -> None:
    assert spelled(record).get(name) == by_going_through(record, name)
    if record.keys() <= RECORD:
        assert spelled(record) is record


@pytest.mark.parametrize("value", [None, "vpcId", [], 7])
def test_what_is_no_object_has_no_fields(value: Any) -> None:
    assert (at(value, "vpcId"), text(value, "vpcId"), member_of(value)("vpcId")) == (None, None, None)
