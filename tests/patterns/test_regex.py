"""The linear-time search: what it costs at most, and details that the property test meets seldom."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from trailwarden.patterns.automaton import searcher
from trailwarden.patterns.regex import parse_regex

LONG = "a" * 200_000
HARD = [
    # each of these takes a backtracking engine hours on LONG
    ("[a-z]+:", LONG, False),
    ("a*a*a*a*b", LONG, False),
    (".*a.*b.*c", LONG, False),
    ("a{1,50}a{1,50}b", LONG, False),
    ("a+$", LONG + "b", False),
    ("a+$", LONG, True),
    ("^a*b", LONG + "b", True),
]


@pytest.mark.parametrize(("source", "value", "found"), HARD, ids=[source for source, _, _ in HARD])
def test_long_strings(source: str, value: str, found: bool) -> None:
    assert searcher(parse_regex(source))(value) is found


def test_more_states_than_are_remembered() -> None:
    search = searcher(parse_regex("[ab]*a[ab]{300}c"))
    noise = "".join("ab"[(place * place // 7) % 2] for place in range(3000))
    assert not search(noise)
    assert search(noise + "a" + "b" * 300 + "c")
    assert not search("b" * 300 + "c")
    assert not search(noise)


def test_what_is_remembered_is_bounded() -> None:
    search = searcher(parse_regex("[ab]*a[ab]{300}c"))
    letters = random.Random(1)
    noise = "".join(letters.choice("ab") for _ in range(5000))
    tracemalloc.start()
    try:
        assert not search(noise)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 16 * 1024 * 1024


DETAILS = [
    ("^a$", "a", True),
    ("^a$", "a\n", True),
    ("^a$", "a\n\n", False),
    (r"^a\x0a$", "a\n", True),
    ("$", "", True),
    ("$", "x", True),
    ("^", "x", True),
    ("^$", "", True),
    ("^$", "\n", True),
    ("^$", "x", False),
    (".", "\n", False),
    ("a{0}b", "b", True),
    ("^a{,2}$", "aaa", False),
    ("^a{2,}$", "aaa", True),
    ("^a{2}$", "aaa", False),
    (r"\d", "٣", False),
    (r"\w", "é", False),
    (r"\W", "é", True),
    (r"^[^\W_]+$", "a1", True),
    (r"^[^\W_]+$", "a_1", False),
    (r"^[\W_]+$", "-_é", True),
    (r"[\D\S]", "1", True),
    (r"^[\D5]$", "5", True),
    (r"^[\D5]$", "6", False),
    ("^[a-]$", "-", True),
    ("^[-a]$", "-", True),
    (r"^[\]^.$]+$", "]^.$", True),
    ("^[*+?{}|]+$", "*+?{}|", True),
    (r"\xe9", "é", True),
    (r"^\$\^\*\+\?\.\[\]\{\}\|\\\/\-$", "$^*+?.[]{}|\\/-", True),
]


@pytest.mark.parametrize(
    ("source", "value", "found"), DETAILS, ids=[f"{source}-{value!r}" for source, value, _ in DETAILS]
)
def test_details(source: str, value: str, found: bool) -> None:
    assert searcher(parse_regex(source))(value) is found
