"""The samples that a pattern itself suggests: where it leaves something out, an event that is just that. Pure.

`$.userIdentity.userName != "deploy"` loses what deploy does, and no sample that was made beforehand could know the name.

Keeps: each sample is an event of the control, and one that CloudTrail could record: only what describes caller, call and
result is changed, never which call it was.

Next: `judgement`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from trailwarden.audit.controls import Control
from trailwarden.audit.samples import Sample, is_global
from trailwarden.patterns import Pattern, Selection, selection
from trailwarden.patterns.regex import Branch, parse_regex
from trailwarden.patterns.selectors import write_selector
from trailwarden.patterns.syntax import (
    And,
    Compare,
    Literal,
    Name,
    NotExists,
    Operator,
    Or,
    Regex,
    Selector,
    Text,
)

_CHANGEABLE: Final = frozenset(
    {
        "userIdentity",
        "sourceIPAddress",
        "userAgent",
        "errorCode",
        "errorMessage",
        "requestParameters",
        "responseElements",
        "additionalEventData",
        "requestID",
        "apiVersion",
        "vpcEndpointId",
        "sessionCredentialFromConsole",
        "sharedEventID",
        "tlsDetails",
        "awsRegion",
    }
)
_MOST: Final = 64
"""Terms that are looked at, over all patterns."""
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -_.:/"


def excluded(control: Control, base: Sequence[Sample], trees: Iterable[Pattern]) -> tuple[Sample, ...]:
    """For each term that leaves something out, an event of each name that it leaves out. base: the control's samples."""
    ordinary = {sample.name: sample for sample in reversed(base)}
    terms = list(dict.fromkeys(term for tree in trees for term in _leaving_out(tree)))[:_MOST]
    made = (_made(sample, *term) for term in terms for sample in ordinary.values())
    return tuple(sample for sample in made if sample is not None and control.demands(sample.event))


def _leaving_out(tree: Pattern) -> Iterator[tuple[Selector, str, Literal | None]]:
    """What is left out: where it stands, which value, and the literal that says so."""
    match tree:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _leaving_out(term)
        case NotExists(selector):
            yield selector, "x", None
        case Compare(selector, Operator.UNEQUAL, literal):
            witness = _witness(literal)
            if witness is not None:
                yield selector, witness, literal


def _made(sample: Sample, selector: Selector, value: str, literal: Literal | None) -> Sample | None:
    names = [step.name for step in selector.steps if isinstance(step, Name)]
    if len(names) != len(selector.steps) or names[0] not in _CHANGEABLE:
        return None
    if names[0] == "awsRegion" and is_global(sample.event):
        return None
    event = copy.deepcopy(sample.event)
    place: Any = event
    for name in names[:-1]:
        if not isinstance(place.get(name), dict):
            place[name] = {}
        place = place[name]
    place[names[-1]] = value
    if (
        literal is not None
        and selection(Compare(selector, Operator.EQUAL, literal), event) is not Selection.YES
    ):
        return None
    return Sample(sample.name, sample.shape, event, f"with {write_selector(selector)} {value!r:.60}")


def _witness(literal: Literal) -> str | None:
    match literal:
        case Text(text):
            return text.replace("*", "x")
        case Regex(source):
            return _spelled(parse_regex(source)[0])
        case _:
            return None


def _spelled(branch: Branch) -> str | None:
    """A text that the branch finds."""
    text = ""
    for item in branch.items:
        known = item.characters
        found = next((one for one in _LETTERS if (one in known.members) is not known.negated), None)
        if found is None:
            found = min(known.members, default=None) if not known.negated else None
        if found is None and item.least:
            return None
        text += (found or "") * item.least
    return text
