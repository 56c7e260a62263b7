"""Reading a field in whatever case its name is written, quickly and not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.detection.fields import at, text, texts_of
from trailwarden.detection.spellings import PLAIN

NAMES = sorted(PLAIN)


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
    assert len({name.lower() for name in PLAIN}) == len(PLAIN)


@given(st.dictionaries(KEYS, VALUES, max_size=6), st.sampled_from([*NAMES, "Tag"]))
def test_a_name_is_found_in_every_case(value: dict[str, Any], name: str) -> None:
    assert at(value, name) == by_going_through(value, name)
    assert text(value, name) == text(by_going_through(value, name))


@given(st.dictionaries(KEYS, VALUES, max_size=6), st.lists(st.sampled_from([*NAMES, "Tag"]), max_size=4))
def test_several_at_once_are_each_by_itself(value: dict[str, Any], names: list[str]) -> None:
    assert texts_of(*names)(value) == [text(value, name) for name in names]


@pytest.mark.parametrize("value", [None, "vpcId", [], 7])
def test_what_is_no_object_has_no_fields(value: Any) -> None:
    assert (at(value, "vpcId"), text(value, "vpcId"), texts_of("vpcId")(value)) == (None, None, [None])
