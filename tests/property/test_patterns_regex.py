"""The linear-time search against Python's backtracking one."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.regexes import regexes, strings_like
from trailwarden.patterns.automaton import searcher
from trailwarden.patterns.regex import parse_regex
from trailwarden.patterns.syntax import Regex


@st.composite
def regex_and_strings(draw: st.DrawFn) -> tuple[Regex, list[str]]:
    regex = draw(regexes())
    return regex, draw(st.lists(strings_like(regex), min_size=1, max_size=5))


@given(regex_and_strings())
@settings(max_examples=400)
def test_finds_what_python_finds(drawn: tuple[Regex, list[str]]) -> None:
    regex, values = drawn
    expression = re.compile(regex.source, re.ASCII)
    search = searcher(parse_regex(regex.source))
    for value in values:
        assert search(value) is (expression.search(value) is not None)
