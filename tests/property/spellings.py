"""Hypothesis strategies for the texts of a tree: what people write who do not know the canonical form."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from trailwarden.patterns import Pattern
from trailwarden.patterns.numbers import is_number
from trailwarden.patterns.printer import write_literal
from trailwarden.patterns.selectors import write_selector
from trailwarden.patterns.syntax import And, Compare, Is, Literal, NotExists, Or, Text

_BARE = re.compile(r"[A-Za-z0-9_*.:/-]+")


@st.composite
def spelled(draw: st.DrawFn, pattern: Pattern) -> str:
    """A text that means the tree."""
    return f"{_blank(draw)}{{{_blank(draw)}{_any(draw, pattern)}{_blank(draw)}}}{_blank(draw)}"


def _blank(draw: st.DrawFn, *, needed: bool = False) -> str:
    return draw(st.sampled_from([" ", "  ", "\t", "\n", "\r\n"] + ([] if needed else [""])))


def _any(draw: st.DrawFn, pattern: Pattern) -> str:
    if isinstance(pattern, Or | And):
        joint = "||" if isinstance(pattern, Or) else "&&"
        terms = [_operand(draw, pattern, term) for term in pattern.terms]
        text = terms[0]
        for term in terms[1:]:
            text += f"{_blank(draw)}{joint}{_blank(draw)}{term}"
        return text
    return _in_parentheses(draw, _condition(draw, pattern), least=0)


def _operand(draw: st.DrawFn, outer: Or | And, term: Pattern) -> str:
    return _in_parentheses(draw, _any(draw, term), least=int(isinstance(outer, And) and isinstance(term, Or)))


def _in_parentheses(draw: st.DrawFn, text: str, least: int) -> str:
    for _ in range(max(least, draw(st.sampled_from([0, 0, 0, 1, 2])))):
        text = f"({_blank(draw)}{text}{_blank(draw)})"
    return text


def _condition(draw: st.DrawFn, condition: Pattern) -> str:
    match condition:
        case Compare(selector, operator, literal):
            return (
                f"{write_selector(selector)}{_blank(draw)}{operator}{_blank(draw)}{_literal(draw, literal)}"
            )
        case Is(selector, constant):
            words = ["IS", str(constant)]
        case NotExists(selector):
            words = ["NOT", "EXISTS"]
        case _:
            raise AssertionError(condition)
    if draw(st.booleans()):
        words = [word.lower() for word in words]
    return write_selector(selector) + "".join(_blank(draw, needed=True) + word for word in words)


def _literal(draw: st.DrawFn, literal: Literal) -> str:
    bare = isinstance(literal, Text) and _BARE.fullmatch(literal.value) and not is_number(literal.value)
    if isinstance(literal, Text) and bare and draw(st.booleans()):
        return literal.value
    return write_literal(literal)
