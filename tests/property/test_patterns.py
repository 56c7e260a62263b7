"""What holds for every pattern and every event."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.patterns.cases import CASES
from tests.patterns.needle_search import contains_one_of
from tests.property.events import VALUES
from tests.property.strategies import pattern_and_event, patterns, spelled
from trailwarden.errors import PatternError
from trailwarden.patterns import (
    OWN_RULES,
    Pattern,
    compile_predicate,
    evaluate,
    explain,
    parse,
    required_needles,
    to_text,
)
from trailwarden.patterns.syntax import And, Or

_ANY_TEXT = st.text(max_size=40)
_FRAGMENTS = [
    "{",
    "}",
    "(",
    ")",
    "&&",
    "||",
    "$.a",
    "$.*",
    "$.a[0]",
    "[*]",
    "=",
    "!=",
    ">",
    "IS",
    "NULL",
    "NOT",
    "EXISTS",
    '"',
    "%",
]
_FRAGMENTS += [
    "\\",
    "'",
    ",",
    "1",
    "1e5",
    "*",
    "abc",
    " ",
    " ",
    " ",
    "{2}",
    "[",
    "]",
    "^",
    "|",
    "\\x2",
    ".",
    "é",
    "\ud800",
]
_NEARLY = st.lists(st.sampled_from(_FRAGMENTS), max_size=14).map("".join)


@given(pattern_and_event())
@settings(max_examples=2000)
def test_compiled_agrees_with_reference_and_a_match_has_a_needle(
    drawn: tuple[Pattern, dict[str, Any]],
) -> None:
    pattern, event = drawn
    expected = evaluate(pattern, event)
    assert compile_predicate(pattern)(event) is expected
    needles = required_needles(pattern)
    if expected and needles is not None:
        assert contains_one_of(event, needles)


@given(patterns(), VALUES)
def test_any_json_value_is_decided(pattern: Pattern, event: Any) -> None:
    assert compile_predicate(pattern)(event) is evaluate(pattern, event)


@given(patterns())
def test_canonical_text_is_read_back_as_the_same_tree(pattern: Pattern) -> None:
    text = to_text(pattern)
    assert parse(text, OWN_RULES) == pattern
    assert to_text(parse(text, OWN_RULES)) == text


@given(st.data())
def test_every_spelling_of_a_tree_is_read_as_it(data: st.DataObject) -> None:
    pattern = data.draw(patterns())
    assert parse(data.draw(spelled(pattern)), OWN_RULES) == pattern


@given(
    st.one_of(
        _ANY_TEXT,
        _NEARLY,
        _NEARLY.map("{{ $.a = {} }}".format),
        st.sampled_from([case.pattern for case in CASES]),
    ),
    st.data(),
)
@settings(max_examples=500)
@example("{ $.a[" + "9" * 1000 + "] = 1 }", None)
def test_parser_raises_nothing_but_its_own_error(text: str, data: st.DataObject | None) -> None:
    if data is not None and text:
        place = data.draw(st.integers(0, len(text)))
        text = (
            text[:place]
            + data.draw(st.sampled_from(["", *_FRAGMENTS]))
            + text[place + data.draw(st.integers(0, 2)) :]
        )
    refusal = None
    try:
        pattern = parse(text)
    except PatternError as refused:
        refusal = refused
    if refusal is None:
        assert parse(to_text(pattern), OWN_RULES) == pattern
    else:
        assert refusal.text == text
        assert 0 <= refusal.position <= len(text)
        assert refusal.render().endswith(f"^\n{refusal.message}")


@given(patterns())
def test_explanation_has_a_line_for_each_node(pattern: Pattern) -> None:
    assert len(re.findall(r"^ *(?:\$|any of$|all of$)", explain(pattern), re.MULTILINE)) == _nodes(pattern)


def _nodes(pattern: Pattern) -> int:
    return 1 + sum(map(_nodes, pattern.terms)) if isinstance(pattern, And | Or) else 1
