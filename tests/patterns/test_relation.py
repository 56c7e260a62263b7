"""Values to literals: exact numbers, odd values, and what stays open."""

from __future__ import annotations

import math
from typing import Any

import pytest

from trailwarden.patterns import OWN_RULES, compile_predicate, evaluate, parse

HUGE = 10**5000  # more digits than int's own str() writes
NUMBERS = [
    # pattern's right side, value, match
    ("= 9007199254740993", 2**53 + 1, True),
    ("= 9007199254740993", 2**53, False),
    ("> 9007199254740992", 2**53 + 1, True),
    ("< 9007199254740993", 2**53, True),
    ("= 0.1", 0.1, True),
    ("!= 0.1", 0.1, False),
    ("> 0.1", 0.1, False),
    ("= 1e22", 1e22, True),
    ("= 10000000000000000000000", 1e22, True),
    ("= 0", -0.0, True),
    ("= -0", 0, True),
    ("= 0.30000000000000004", 0.1 + 0.2, True),
    ("= 0.3", 0.1 + 0.2, False),
    # digits that a parser has rounded may have been these, or next to them
    ("= 18446744073709551617", float(2**64), True),
    ("> 18446744073709551617", float(2**64), True),
    ("!= 18446744073709551617", float(2**64), True),
    ("= 1e400", math.inf, True),
    ("> 1e300", math.inf, True),
    ("< 1e300", math.inf, False),
    ("= 5", math.nan, False),
    ("!= 5", math.nan, True),
    ("< 5", math.nan, False),
    (">= 5", math.nan, False),
    ("> 5", HUGE, True),
    ("= 5", HUGE, False),
    ("< 1e9999", HUGE, True),
    ("> 5", "1e" + "9" * 30, True),
    ("> 5", "1e-" + "9" * 30, False),
    ("= 5", "\u0665", False),
    ("= 5", "5\n", False),
    ("= 1*", HUGE, True),
    ('= "*0"', HUGE, True),
    ('= "2*"', HUGE, False),
    ("= NaN", math.nan, True),
    ("= Infinity", math.inf, True),
    ('= "-Infinity"', -math.inf, True),
    ("= Infinity", -math.inf, False),
    ("= 1e-07", 1e-7, True),
    ('= "1e-07*"', 1e-7, True),
    ('= "5.0*"', 5.0, True),
    ('= "5.0*"', 5, False),
    ('!= "5.0*"', 5.0, True),
    ('!= "5*"', 5.0, False),
    ("= 5", True, False),
    ("= 1", True, False),
    ("!= 1", True, True),
    ("= %0{9}%", HUGE, True),
    ('= "\ud800"', "\ud800", True),
    ('= "*\ud800"', "x\ud800", True),
    ("= %^.$%", "\ud800", True),
]


@pytest.mark.parametrize(("condition", "value", "expected"), NUMBERS, ids=range(len(NUMBERS)))
def test_comparison(condition: str, value: Any, expected: bool) -> None:
    pattern = parse(f"{{ $.n {condition} }}")
    assert evaluate(pattern, {"n": value}) is expected
    assert compile_predicate(pattern)({"n": value}) is expected


@pytest.mark.parametrize("operator", ["=", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("value", [[], {}, [5], {"n": 5}])
def test_objects_and_arrays_satisfy_no_comparison(operator: str, value: Any) -> None:
    pattern = parse(f"{{ $.n {operator} 5 }}")
    assert not evaluate(pattern, {"n": value})
    assert not compile_predicate(pattern)({"n": value})


@pytest.mark.parametrize("event", [None, True, 5, 5.0, "x", [], [{"n": 5}]])
def test_what_is_no_object_never_matches(event: Any) -> None:
    pattern = parse("{ $.n NOT EXISTS }")
    assert not evaluate(pattern, event)
    assert not compile_predicate(pattern)(event)


def test_many_names_for_one_selector() -> None:
    names = [f"Name{number}" for number in range(500)]
    pattern = parse("{ " + "||".join(f"$.a.b={name}" for name in names) + "|| $.c = 5 }", OWN_RULES)
    selects = compile_predicate(pattern)
    for event in ({"a": {"b": names[0]}}, {"a": {"b": names[-1]}}, {"c": 5}):
        assert evaluate(pattern, event)
        assert selects(event)
    for event in (
        {"a": {"b": "Name"}},
        {"a": {"b": [names[0]]}},
        {"a": {"b": {}}},
        {"a": names[0]},
        {"b": names[0]},
    ):
        assert not evaluate(pattern, event)
        assert not selects(event)
