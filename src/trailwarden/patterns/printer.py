"""Writes a tree as a pattern, in one canonical form: quoted texts, single blanks, the parentheses that it needs for sure.

Keeps: `parse(to_text(tree)) == tree`. The canonical form may be longer than what the author wrote, and so than the
1024 characters that CloudWatch takes.

Next: `trailwarden.patterns.explanation` for people.
"""

from __future__ import annotations

from trailwarden.patterns.selectors import write_selector
from trailwarden.patterns.syntax import And, Compare, Is, Literal, NotExists, Number, Or, Pattern, Text


def to_text(pattern: Pattern) -> str:
    """The canonical form."""
    return f"{{ {_written(pattern)} }}"


def write_literal(literal: Literal) -> str:
    """A number as its author wrote it, a text in double quotes, a regex in percent signs."""
    match literal:
        case Number(spelling):
            return spelling
        case Text(value):
            escaped = value.replace("\\", "\\\\").replace('"', '\\"')
            return f'"{escaped}"'
        case _:
            return f"%{literal.source}%"


def _written(pattern: Pattern) -> str:
    match pattern:
        case Or(terms):
            return " || ".join(map(_term, terms))
        case And(terms):
            return " && ".join(map(_term, terms))
        case NotExists(selector):
            return f"{write_selector(selector)} NOT EXISTS"
        case Is(selector, constant):
            return f"{write_selector(selector)} IS {constant}"
        case Compare(selector, operator, literal):
            return f"{write_selector(selector)} {operator} {write_literal(literal)}"


def _term(pattern: Pattern) -> str:
    written = _written(pattern)
    return f"({written})" if isinstance(pattern, And | Or) else written
