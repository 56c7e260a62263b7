"""The pattern of a metric filter as it is deployed, of whichever family, and which events it selects. Pure.

Keeps: a pattern that is not understood selects nothing for certain and leaves nothing out for certain.

Rules: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log events".

Next: `judgement`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import orjson

from trailwarden.errors import PatternError
from trailwarden.patterns import OWN_RULES, Pattern, Selection, compile_predicate, compile_selection, parse

_TERM: Final = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|(%[^%]*%)|([^\s"]+))')
_EVERYTHING: Final = ("", '""', '" "')


@dataclass(frozen=True, slots=True)
class Deployed:
    """One pattern. tree: of a JSON pattern; doubt: why it cannot be judged, "" where it can."""

    text: str
    tree: Pattern | None = None
    doubt: str = ""
    _decide: Callable[[dict[str, Any]], Selection] = field(
        default=lambda _: Selection.OPEN, repr=False, compare=False
    )

    def selection(self, event: dict[str, Any]) -> Selection:
        """Whether it selects the event."""
        return self._decide(event)

    def selects(self, event: dict[str, Any]) -> bool:
        """Whether it does so by some reading at least."""
        return self._decide(event) is not Selection.NO


@lru_cache(maxsize=4096)
def deployed(text: str) -> Deployed:
    """Read a pattern that a service took: what it says is not checked against that service's limits."""
    bare = text.strip()
    if bare in _EVERYTHING:
        return Deployed(text, _decide=lambda _: Selection.YES)
    if bare.startswith("["):
        return Deployed(text, doubt="a pattern for fields between blanks is not judged: records are JSON")
    if not bare.startswith("{"):
        return _of_text(text)
    try:
        return of_tree(parse(bare, OWN_RULES), text)
    except PatternError as fault:
        return Deployed(text, doubt=f"the pattern is not understood: {fault.message}")


def of_tree(tree: Pattern, text: str) -> Deployed:
    """A JSON pattern that was parsed."""
    return Deployed(text, tree, _decide=compile_selection(tree))


def own_rule(tree: Pattern, text: str) -> Deployed:
    """A pattern that Trailwarden runs itself: what it takes for a match is one."""
    holds = compile_predicate(tree)
    return Deployed(text, tree, _decide=lambda event: Selection.YES if holds(event) else Selection.NO)


def _of_text(text: str) -> Deployed:
    """Plain terms: all of them, or with a question mark any; with a hyphen none."""
    terms: Mapping[str, list[str]] = {"": [], "?": [], "-": []}
    for sign, phrase, regex, word in _TERM.findall(text.strip()):
        if regex:
            return Deployed(text, doubt="a regex in a pattern for plain text is not judged")
        terms[sign].append(phrase or word)

    def decide(event: dict[str, Any]) -> Selection:
        line = orjson.dumps(event).decode()
        if any(term in line for term in terms["-"]):
            return Selection.NO
        # Beside other terms those with a question mark are ignored.
        found = [_contains(line, term) for term in terms[""]]
        if found or not terms["?"]:
            return min(found, key=_value, default=Selection.YES)
        return max((_contains(line, term) for term in terms["?"]), key=_value)

    return Deployed(text, _decide=decide)


def _contains(line: str, term: str) -> Selection:
    """A whole word is found for certain; AWS does not say whether a part of one is."""
    if term not in line:
        return Selection.NO
    whole = re.search(rf"(?<![A-Za-z0-9_]){re.escape(term)}(?![A-Za-z0-9_])", line)
    return Selection.YES if whole else Selection.OPEN


def _value(one: Selection) -> int:
    return one.value
