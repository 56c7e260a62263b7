"""A file of rules that is plainly sound is one that the models accept, as it stands."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.detection.references import References
from trailwarden.detection.rules import PackText, RuleText
from trailwarden.detection.sound import is_sound

RULE: dict[str, Any] = {
    "id": "one",
    "title": "One",
    "severity": "low",
    "pattern": "{ $.eventName = One }",
    "description": "What it is.",
    "references": {"cis": ["1.2: 3.14"], "security_hub": [], "cce": ["C"], "mitre_attack": ["T1578.002"], "urls": ["u"]},
    "must_match": [{"eventName": "One"}],
    "must_not_match": [{"eventName": "Two", "deep": {"a": [1, None]}}],
}  # fmt: skip
PACK: dict[str, Any] = {"pack": "mine", "title": "M", "description": "", "version": "1", "rules": [RULE]}

WORDS = st.one_of(
    st.sampled_from(
        [
            "",
            "a",
            "a" * 64,
            "a" * 65,
            "b" * 200,
            "b" * 201,
            "c" * 500,
            "c" * 501,
            "d" * 4001,
            "A",
            "a\n",
            "é",
            "low",
        ]
    ),
    st.sampled_from(["critical", "LOW", "T1578", "T1578.01", "T15780", "T1578\n", "id", "cis", "\ud800"]),
    st.text(max_size=3),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in inside for place in places(inner, (*path, key)))]


def accepted(document: dict[str, Any]) -> PackText | None:
    try:
        return PackText.model_validate(document)
    except ValueError:
        return None


def held(document: dict[str, Any]) -> None:
    """Sound means accepted, and no value changed on the way."""
    if not is_sound(document):
        return
    model = accepted(document)
    assert model is not None
    assert written(model.model_dump(exclude_unset=True)) == document


def written(value: Any) -> Any:
    """Tuples as the lists that they were in the file."""
    if isinstance(value, dict):
        return {key: written(inner) for key, inner in value.items()}
    return [written(inner) for inner in value] if isinstance(value, list | tuple) else value


@given(st.data())
def test_whatever_is_changed_sound_means_accepted(data: st.DataObject) -> None:
    document = copy.deepcopy(PACK)
    for _ in range(data.draw(st.integers(0, 2))):
        path = data.draw(st.sampled_from([place for place in places(document) if place]))
        parent: Any = document
        for step in path[:-1]:
            parent = parent[step]
        what = data.draw(st.sampled_from(["set", "drop", "add"]))
        if what == "set":
            parent[path[-1]] = data.draw(VALUES)
        elif what == "drop":
            del parent[path[-1]]
        elif isinstance(parent, dict):
            parent[data.draw(WORDS)] = data.draw(VALUES)
        else:
            parent.append(data.draw(VALUES))
    held(document)


@pytest.mark.parametrize("size", [0, 1, 1000, 1001])
def test_the_bounds_of_lists(size: int) -> None:
    document = {**PACK, "rules": [{**RULE, "must_match": [{}] * size}]}
    assert is_sound(document) is (accepted(document) is not None)


@pytest.mark.parametrize("beyond", [0, 1])
@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("title", "t" * 200), ("description", "d" * 4000), ("id", "i" * 64), ("severity", "critical"),
        ("references", {"cis": ["c" * 500]}), ("references", {"urls": ["u"] * 32}),
        ("references", {"mitre_attack": ["T1578.002"]}),
    ],
)  # fmt: skip
def test_the_bounds_of_texts(member: str, value: Any, beyond: int) -> None:
    """Exactly as long as allowed is sound, one more is for neither."""
    document = {**PACK, "rules": [{**RULE, member: longer(value) if beyond else value}]}
    assert is_sound(document) is (accepted(document) is not None) is (not beyond)


def longer(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: longer(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [longer(value[0])] if len(value) == 1 else [*value, value[0]]
    return value + value[-1]


def test_the_full_rule_is_sound_and_every_member_of_the_models_is_known() -> None:
    assert is_sound(PACK)
    assert set(PACK) == set(PackText.model_fields)
    assert set(RULE) == set(RuleText.model_fields)
    assert set(RULE["references"]) == set(References.model_fields)
