"""Which rules can select an event of a given name, so that two hundred rules are not asked about one candidate.

Keeps: a rule is left out only where its pattern cannot be true for that name: every way to satisfy it demands
`$.eventName = "some other text"`. Whatever is not plainly so is asked.

Next: `trailwarden.detection.matcher`.
"""

from __future__ import annotations

from typing import Final

from trailwarden.patterns import Pattern
from trailwarden.patterns.syntax import And, Compare, Name, Operator, Or, Text

_EVENT_NAME: Final = (Name("eventName"),)


def event_names(pattern: Pattern) -> frozenset[str] | None:
    """The event names, being strings, outside of which the pattern is false; None: any name may do."""
    match pattern:
        case Or(terms=terms):
            parts = [event_names(term) for term in terms]
            known = [part for part in parts if part is not None]
            return frozenset().union(*known) if len(known) == len(parts) else None
        case And(terms=terms):
            return next((names for names in map(event_names, terms) if names is not None), None)
        case Compare(selector=selector, operator=Operator.EQUAL, literal=Text(value=value)):
            return frozenset({value}) if selector.steps == _EVENT_NAME and "*" not in value else None
        case _:
            return None
