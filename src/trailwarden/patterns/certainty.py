"""Whether a pattern selects an event by every reading of the language, not only by some.

`reference` takes what AWS leaves open for a match, since an alert too many is better than one too few. Whoever relies on a filter
that AWS runs needs the opposite: where readings differ, nothing is certain.

Keeps: what is certain is a match for the reference, too; negation is not in the language, so that what is certain of the terms is
certain of the whole.

Next: `trailwarden.patterns.relation`, where the open questions are.
"""

from __future__ import annotations

from enum import Enum

from trailwarden.patterns.reference import evaluate, relate, selected
from trailwarden.patterns.relation import ACCEPTED
from trailwarden.patterns.syntax import And, Compare, Or, Pattern


class Selection(Enum):
    """Of one event by one pattern."""

    NO = 0
    OPEN = 1  # AWS does not say, and plausible readings differ
    YES = 2


def selection(pattern: Pattern, event: object) -> Selection:
    """Whether it is selected, and whether that is certain."""
    if not evaluate(pattern, event):
        return Selection.NO
    return Selection.YES if _certain(pattern, event) else Selection.OPEN


def _certain(pattern: Pattern, event: object) -> bool:
    match pattern:
        case Or(terms):
            return any(_certain(term, event) for term in terms)
        case And(terms):
            return all(_certain(term, event) for term in terms)
        case Compare(selector, operator, literal):
            relations = [relate(literal, value) for value in selected(selector, event)]
            return any(one and not one & ~ACCEPTED[operator] for one in relations)
        case _:
            return evaluate(pattern, event)
