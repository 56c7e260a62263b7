"""A pattern in words, one line a condition, indented like its tree.

Next: `trailwarden.patterns.needles` for what an event must contain.
"""

from __future__ import annotations

from typing import Final

from trailwarden.patterns.printer import write_literal
from trailwarden.patterns.selectors import write_selector
from trailwarden.patterns.syntax import (
    And,
    Compare,
    Is,
    Literal,
    NotExists,
    Number,
    Operator,
    Or,
    Pattern,
    Text,
)

_OPERATORS: Final = {
    Operator.EQUAL: "is",
    Operator.UNEQUAL: "is present and not",
    Operator.LESS: "is less than",
    Operator.AT_MOST: "is at most",
    Operator.GREATER: "is greater than",
    Operator.AT_LEAST: "is at least",
}


def explain(pattern: Pattern) -> str:
    """The tree, a line each, two blanks a level; no line break at the end."""
    return "\n".join(_lines(pattern, ""))


def _lines(pattern: Pattern, indent: str) -> list[str]:
    match pattern:
        case Or(terms):
            return [f"{indent}any of", *(line for term in terms for line in _lines(term, indent + "  "))]
        case And(terms):
            return [f"{indent}all of", *(line for term in terms for line in _lines(term, indent + "  "))]
        case NotExists(selector):
            return [f"{indent}{write_selector(selector)} is absent"]
        case Is(selector, constant):
            return [
                f"{indent}{write_selector(selector)} is the constant {constant.lower()}{_some(selector.wildcards)}"
            ]
        case Compare(selector, operator, literal):
            relation = f"{_OPERATORS[operator]} {_named(literal)}{_some(selector.wildcards)}"
            return [f"{indent}{write_selector(selector)} {relation}"]


def _named(literal: Literal) -> str:
    match literal:
        case Number():
            return f"the number {write_literal(literal)}"
        case Text(value) if "*" in value:
            return f"a text like {write_literal(literal)}"
        case Text():
            return f"the text {write_literal(literal)}"
        case _:
            return f"a text with a part like {write_literal(literal)}"


def _some(wildcards: int) -> str:
    return " (for some value there)" if wildcards else ""
