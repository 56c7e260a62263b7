"""Which term of a pattern loses an event: a walk over the tree with the reference. Pure.

Next: `trailwarden.patterns.reference`, by which a term holds or does not.
"""

from __future__ import annotations

from trailwarden.patterns import Pattern, evaluate, to_text
from trailwarden.patterns.selectors import write_selector
from trailwarden.patterns.syntax import And, Compare, Operator, Or, Text


def losing_term(tree: Pattern, event: dict[str, object]) -> str:
    """In words, for an event that the pattern does not select: the terms to blame, of the arm that comes nearest."""
    blamed = _blamed(tree, event)
    shown = " and ".join(blamed[:2])
    return f"{shown} (and {len(blamed) - 2} more)" if len(blamed) > 2 else shown


def contradiction(tree: Pattern) -> str:
    """Two terms that no event satisfies at once, in words; "" where none is found."""
    if isinstance(tree, Or):
        found = [contradiction(term) for term in tree.terms]
        return found[0] if all(found) else ""
    if not isinstance(tree, And):
        return ""
    wanted: dict[object, Compare] = {}
    for term in tree.terms:
        if inner := contradiction(term):
            return inner
        if not isinstance(term, Compare) or term.operator is not Operator.EQUAL or term.selector.wildcards:
            continue
        if not isinstance(term.literal, Text) or "*" in term.literal.value:
            continue
        other = wanted.setdefault(term.selector, term)
        if other.literal != term.literal:
            return f"{_written(other)} and {_written(term)} cannot hold at once"
    return ""


def _blamed(tree: Pattern, event: dict[str, object]) -> list[str]:
    match tree:
        case And(terms):
            return [one for term in terms if not evaluate(term, event) for one in _blamed(term, event)]
        case Or(terms):
            of_one = _values_of_one_selector(terms)
            if of_one is not None:
                return [of_one]
            return min((_blamed(term, event) for term in terms), key=len)
        case _:
            return [_written(tree)]


def _values_of_one_selector(terms: tuple[Pattern, ...]) -> str | None:
    """`$.eventName is none of 10 values`."""
    selectors = {
        term.selector if isinstance(term, Compare) and term.operator is Operator.EQUAL else None
        for term in terms
    }
    only = selectors.pop()
    return None if selectors or only is None else f"{write_selector(only)} is none of {len(terms)} values"


def _written(term: Pattern) -> str:
    return to_text(term)[2:-2]
