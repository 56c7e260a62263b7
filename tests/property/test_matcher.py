"""A ruleset of many patterns says of every event what the reference says, and every match is a candidate."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.property.strategies import events_for, pattern_and_event, patterns
from trailwarden.detection import Matcher, load_pack
from trailwarden.detection.prefilter import AllCandidates
from trailwarden.patterns import Pattern, evaluate, parse

RULE = load_pack("cis-vpc")[0]
NAMED = [
    '{ $.eventName = "A" }',
    '{ $.eventName = "A" || $.eventName = B }',
    '{ ($.eventName = "A") && ($.x != "1") }',
    '{ $.eventName = "A*" }',
    '{ $.eventName = 7 || $.eventName = "7" }',
    '{ $.eventName = "true" }',
    '{ $.eventName != "A" }',
    '{ $.x.eventName = "A" }',
    '{ $.eventName = "A" || $.y NOT EXISTS }',
    '{ $.eventName = "" }',
]
names = st.sampled_from(["A", "B", "AB", "7", "true", "", 7, True, None, ["A"], {"eventName": "A"}])


def matcher(*trees: Pattern) -> Matcher:
    return Matcher([replace(RULE, id=f"rule-{number}", parsed=tree) for number, tree in enumerate(trees)])


def agreed(trees: list[Pattern], event: dict[str, Any]) -> None:
    found = matcher(*trees)
    wanted = [f"rule-{number}" for number, tree in enumerate(trees) if evaluate(tree, event)]
    assert [rule.id for rule in found.rules_for(event)] == wanted
    hits = found.search(json.dumps(event).encode())
    assert isinstance(hits, AllCandidates) or bool(hits) >= bool(wanted)


@given(names, st.sampled_from(["1", "2", None]))
def test_rules_by_name_are_the_rules_of_the_reference(name: Any, x: Any) -> None:
    agreed([parse(text) for text in NAMED], {"eventName": name, "x": x})


@given(st.lists(patterns(), min_size=1, max_size=4), st.data())
def test_any_rules_are_the_rules_of_the_reference(trees: list[Pattern], data: st.DataObject) -> None:
    agreed(trees, data.draw(events_for(trees[0])))


@given(pattern_and_event())
def test_a_match_is_a_candidate_in_every_spelling(pair: tuple[Pattern, dict[str, Any]]) -> None:
    tree, event = pair
    if not evaluate(tree, event):
        return
    found = matcher(tree)
    for text in (json.dumps(event), json.dumps(event, ensure_ascii=False), json.dumps(event, indent=1)):
        hits = found.search(text.encode("utf-8", "surrogatepass"))
        assert isinstance(hits, AllCandidates) or hits, text
