"""Hypothesis strategies for events, near to what a pattern asks for."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.property.regexes import strings_like
from trailwarden.patterns import Pattern
from trailwarden.patterns.numbers import number_in_text
from trailwarden.patterns.syntax import (
    And,
    Compare,
    EveryMember,
    Index,
    Literal,
    Name,
    Number,
    Or,
    Regex,
    Selector,
    Step,
)

NAMES = [
    "eventName",
    "eventSource",
    "errorCode",
    "userIdentity",
    "type",
    "items",
    "detail-type",
    "a b",
    "c.d",
    "ü",
    "",
]
"""Few, so that patterns and events meet."""

_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-6, 500),
    st.integers(),
    st.floats(),
    st.sampled_from([10**400, 0.1, 1e22, -0.0, 3.0, math.inf, math.nan, 2**53 + 1, float(2**64)]),
    st.text(max_size=4),
    st.sampled_from(["DeleteVpc", "3", "3.0", "1e3", "10.0.0.1", "null", "\ud800", "1e99999"]),
)
_NAME = st.sampled_from(NAMES)
_FILLING = st.sampled_from(["", "x", "*", "Vpc", "1"])
_FLAT = st.one_of(st.lists(_SCALARS, max_size=3), st.dictionaries(_NAME, _SCALARS, max_size=3))
_DEEP = st.one_of(st.lists(_FLAT, max_size=2), st.dictionaries(_NAME, st.one_of(_SCALARS, _FLAT), max_size=2))
VALUES = st.one_of(_SCALARS, _SCALARS, _FLAT, _DEEP)
"""Any JSON value of up to three levels, and what Python's json reads besides."""


@st.composite
def events_for(draw: st.DrawFn, pattern: Pattern) -> dict[str, Any]:
    """An object with some noise, and for most conditions a value at the place that the condition looks at."""
    event = draw(st.dictionaries(_NAME, VALUES, max_size=3))
    for selector, literal in _asked(pattern):
        if draw(st.integers(0, 4)):
            value = draw(VALUES if literal is None else st.one_of(_near(literal), _near(literal), VALUES))
            _plant(draw, event, selector.steps, value)
    return event


def _asked(pattern: Pattern) -> list[tuple[Selector, Literal | None]]:
    if isinstance(pattern, And | Or):
        return [asked for term in pattern.terms for asked in _asked(term)]
    return [(pattern.selector, pattern.literal if isinstance(pattern, Compare) else None)]


def _near(literal: Literal) -> st.SearchStrategy[Any]:
    if isinstance(literal, Number):
        return _near_number(Decimal(literal.spelling), literal.spelling)
    if isinstance(literal, Regex):
        return strings_like(literal)
    pieces = literal.value.split("*")
    fillings = st.lists(_FILLING, min_size=len(pieces) - 1, max_size=len(pieces) - 1)
    filled = fillings.map(
        lambda between: pieces[0] + "".join(map("".join, zip(between, pieces[1:], strict=True)))
    )
    number = number_in_text(literal.value)
    same = _CONSTANTS.get(literal.value, literal.value)
    numeric = st.just(same) if number is None else _near_number(number, literal.value)
    return st.one_of(filled, st.just(literal.value), st.just(literal.value + "x"), st.just(same), numeric)


_CONSTANTS = {"null": None, "true": True, "false": False, "NaN": math.nan, "Infinity": math.inf}


def _near_number(number: Decimal, spelling: str) -> st.SearchStrategy[Any]:
    rounded = float(number)
    values: list[Any] = [rounded, spelling, str(number), math.nextafter(rounded, 0)]
    if abs(rounded) < 1e30:
        values += [int(number), int(number) + 1, str(int(number)), float(int(number))]
    return st.sampled_from(values)


def _plant(draw: st.DrawFn, place: Any, steps: tuple[Step, ...], value: Any) -> None:
    """Puts a value where the steps lead, making objects and arrays on the way."""
    first, *rest = steps
    if isinstance(place, dict):
        key: Any = first.name if isinstance(first, Name) else draw(_NAME)
    else:
        wanted = first.index if isinstance(first, Index) else draw(st.integers(0, 2))
        place.extend([None] * (wanted + 1 - len(place)))
        key = wanted
    if not rest:
        place[key] = value
        return
    inner = place.get(key) if isinstance(place, dict) else place[key]
    kind = dict if _names_a_member(rest[0]) else list
    if not isinstance(inner, kind):
        place[key] = inner = kind()
    _plant(draw, inner, tuple(rest), value)


def _names_a_member(step: Step) -> bool:
    return isinstance(step, Name | EveryMember)
