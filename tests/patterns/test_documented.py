"""docs/patterns.md against the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trailwarden.errors import PatternError
from trailwarden.patterns import CLOUDWATCH, OWN_RULES, Limits, evaluate, parse
from trailwarden.patterns.regex import MAX_COUNT, MAX_ITEMS

PAGE = (Path(__file__).resolve().parents[2] / "docs/patterns.md").read_text(encoding="utf-8")
ROWS = [
    "characters",
    "nested parentheses",
    "regexes",
    "wildcard steps in a selector",
    "selectors with a wildcard step",
]


@pytest.mark.parametrize(("column", "limits"), [(1, CLOUDWATCH), (2, OWN_RULES)])
def test_limits(column: int, limits: Limits) -> None:
    rows = re.findall(r"^\| ([a-z ]+) \| ([0-9]+) \| ([0-9]+) \|$", PAGE, re.MULTILINE)
    documented = {row[0]: int(row[column]) for row in rows}
    assert documented == dict(zip(ROWS, limits, strict=True))


def test_limits_of_a_regex() -> None:
    assert f"counts up to {MAX_COUNT}, and {MAX_ITEMS} items" in " ".join(PAGE.split())


def test_the_first_example_is_a_pattern() -> None:
    (text,) = re.findall(r"^    (\{ .*)$", PAGE, re.MULTILINE)
    assert evaluate(parse(text), {"eventSource": "ec2.amazonaws.com", "eventName": "DeleteVpc"})


def test_every_open_question_has_its_row() -> None:
    assert re.findall(r"^\| (U[0-9]+) \|", PAGE, re.MULTILINE) == [f"U{number}" for number in range(1, 16)]


def test_a_limit_can_be_set() -> None:
    parse("{ $.a = 1 }", CLOUDWATCH._replace(length=11))
    with pytest.raises(PatternError, match="11 characters; 10 are allowed"):
        parse("{ $.a = 1 }", CLOUDWATCH._replace(length=10))
