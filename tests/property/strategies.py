"""Hypothesis strategies for the pattern language: patterns, their texts, and events that touch them.

patterns()           trees
spelled(pattern)     texts of a tree, with random blanks, quotes and parentheses
events_for(pattern)  events whose members and values are likely to be those that the pattern asks for
pattern_and_event()  both
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.property.events import NAMES, events_for
from tests.property.regexes import regexes
from tests.property.spellings import spelled
from trailwarden.patterns import Pattern
from trailwarden.patterns.syntax import (
    And,
    Compare,
    Constant,
    EveryElement,
    EveryMember,
    Index,
    Is,
    Name,
    NotExists,
    Number,
    Operator,
    Or,
    Selector,
    Step,
    Text,
    joined,
)

__all__ = ["events_for", "pattern_and_event", "patterns", "regexes", "spelled"]

_WORDS = [
    "DeleteVpc",
    "CreateVpc",
    "Vpc",
    "ec2.amazonaws.com",
    "10.0.",
    "3",
    "-5",
    "400",
    "0x10",
    "1e3",
    "3.0",
]
_ODD = ["null", "true", "false", "NaN", "", " ", "\\", '"', "/", "é", "\ud800", "%", "Infinity", "e", "."]
_STRINGS = st.one_of(st.sampled_from(_WORDS + _ODD), st.text(max_size=6))

_names = st.sampled_from(NAMES).map(Name)
_steps: st.SearchStrategy[Step] = st.one_of(
    _names, _names, st.integers(0, 2).map(Index), st.just(EveryMember()), st.just(EveryElement())
)
_first_steps: st.SearchStrategy[Step] = st.one_of(_names, _names, _names, st.just(EveryMember()))


def selectors() -> st.SearchStrategy[Selector]:
    """Selectors of up to four steps with at most two wildcards."""
    built = st.builds(
        lambda first, rest: Selector((first, *rest)), _first_steps, st.lists(_steps, max_size=3)
    )
    return built.filter(lambda selector: selector.wildcards <= 2)


def texts() -> st.SearchStrategy[Text]:
    """Texts, with and without wildcards."""
    pieces = st.lists(st.one_of(_STRINGS, st.just("*")), max_size=4)
    return st.one_of(st.sampled_from(_WORDS), _STRINGS, pieces.map("".join)).map(Text)


def numbers() -> st.SearchStrategy[Number]:
    """Numbers in the spellings of the language."""
    fraction = st.floats(-1e6, 1e6).map(repr)
    scientific = st.builds(
        "{}{}e{}".format,
        st.sampled_from(["", "+", "-"]),
        st.sampled_from(["1", "2.5", ".5", "7."]),
        st.integers(-400, 400),
    )
    known = [
        "0",
        "-0",
        "+5",
        "3",
        "3.0",
        ".5",
        "400",
        "1E3",
        "0.1",
        "0.10000000000000000001",
        "9007199254740993",
    ]
    return st.one_of(st.sampled_from(known), st.integers().map(str), fraction, scientific).map(Number)


def conditions() -> st.SearchStrategy[Pattern]:
    """Single conditions."""
    both = st.sampled_from([Operator.EQUAL, Operator.EQUAL, Operator.UNEQUAL])
    return st.one_of(
        st.builds(Compare, selectors(), both, texts()),
        st.builds(Compare, selectors(), both, regexes()),
        st.builds(Compare, selectors(), st.sampled_from(Operator), numbers()),
        st.builds(Is, selectors(), st.sampled_from(Constant)),
        st.builds(NotExists, selectors()),
    )


def _compound(inner: st.SearchStrategy[Pattern]) -> st.SearchStrategy[Pattern]:
    terms = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(terms.map(lambda found: joined(And, found)), terms.map(lambda found: joined(Or, found)))


def _one_of_texts() -> st.SearchStrategy[Pattern]:
    """What most rules are: one selector, several names."""
    return st.builds(
        lambda selector, wanted: joined(Or, [Compare(selector, Operator.EQUAL, text) for text in wanted]),
        selectors(),
        st.lists(texts(), min_size=2, max_size=4),
    )


_SIMPLE = st.one_of(conditions(), conditions(), conditions(), _one_of_texts())
_NESTED = _compound(st.one_of(_SIMPLE, _SIMPLE, _compound(_SIMPLE)))
_PATTERNS = st.one_of(_SIMPLE, _compound(_SIMPLE), _NESTED)


def patterns() -> st.SearchStrategy[Pattern]:
    """Trees of up to three levels. Not st.recursive, which takes most of a test's time."""
    return _PATTERNS


@st.composite
def pattern_and_event(draw: st.DrawFn) -> tuple[Pattern, dict[str, Any]]:
    """A pattern and an event that it may well select."""
    pattern = draw(patterns())
    return pattern, draw(events_for(pattern))
