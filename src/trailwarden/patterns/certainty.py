"""Whether a pattern selects an event by every reading of the language, not only by some.

`reference` takes what AWS leaves open for a match, since an alert too many is better than one too few. Whoever relies on a filter
that AWS runs needs the opposite: where readings differ, nothing is certain.

Keeps: what is certain is a match for the reference, too; negation is not in the language, so that what is certain of the terms is
certain of the whole. The compiled form agrees with the walk over the tree on every event.

Next: `trailwarden.patterns.relation`, where the open questions are.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import Enum
from typing import Any

from trailwarden.patterns.automaton import searcher
from trailwarden.patterns.globs import glob, narrow, wide
from trailwarden.patterns.predicate import Predicate, all_of, any_of, compile_predicate, some_value
from trailwarden.patterns.reference import evaluate, relate, selected
from trailwarden.patterns.regex import parse_regex
from trailwarden.patterns.relation import ACCEPTED, Relation, TextTest, relate_number, relate_text
from trailwarden.patterns.syntax import And, Compare, Literal, Number, Operator, Or, Pattern, Text


class Selection(Enum):
    """Of one event by one pattern."""

    NO = 0
    OPEN = 1  # AWS does not say, and plausible readings differ
    YES = 2


def selection(pattern: Pattern, event: object) -> Selection:
    """Whether it is selected, and whether that is certain: by a walk over the tree."""
    if not evaluate(pattern, event):
        return Selection.NO
    return Selection.YES if _certain(pattern, event) else Selection.OPEN


def compile_selection(pattern: Pattern) -> Callable[[dict[str, Any]], Selection]:
    """The same, compiled, for many events."""
    holds, surely = compile_predicate(pattern), _compiled(pattern)

    def decide(event: dict[str, Any]) -> Selection:
        if not holds(event):
            return Selection.NO
        return Selection.YES if surely(event) else Selection.OPEN

    return decide


def _certain(pattern: Pattern, event: object) -> bool:
    match pattern:
        case Or(terms):
            return any(_certain(term, event) for term in terms)
        case And(terms):
            return all(_certain(term, event) for term in terms)
        case Compare(selector, operator, literal):
            return any(_sure(operator, relate(literal, value)) for value in selected(selector, event))
        case _:
            return evaluate(pattern, event)


def _sure(operator: Operator, relation: Relation) -> bool:
    """Every relation that is possible is one for which the operator holds, and there is one."""
    return bool(relation) and not relation & ~ACCEPTED[operator]


def _compiled(pattern: Pattern) -> Predicate:
    match pattern:
        case Or(terms):
            return any_of(terms, _compiled)  # a plain text is certain where it matches
        case And(terms):
            return all_of(terms, _compiled)
        case Compare(selector, operator, literal):
            related = _relating(literal)
            return some_value(selector, lambda value: _sure(operator, related(value)))
        case _:
            return compile_predicate(pattern)


def _relating(literal: Literal) -> Callable[[Any], Relation]:
    match literal:
        case Number(spelling):
            number = Decimal(spelling)
            return lambda value: relate_number(number, value)
        case Text(text):
            texts = TextTest.of_text(text, glob(wide(text)), glob(narrow(text)))
        case _:
            texts = TextTest.of_regex(searcher(parse_regex(literal.source)))
    return lambda value: relate_text(texts, value)
