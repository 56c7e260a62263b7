"""What an event must contain to match: the base of every prefilter.

Keeps: if an event matches a pattern, at least one of the pattern's needles is in the event. None means that nothing can be
asked for, and that every event has to be looked at.

Next: `trailwarden.detection.needles`, which turns needles into searches over raw bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import total_ordering
from typing import TYPE_CHECKING, Final

from trailwarden.patterns.globs import wide
from trailwarden.patterns.spelling import only_strings
from trailwarden.patterns.syntax import (
    And,
    Compare,
    Is,
    Name,
    NotExists,
    Operator,
    Or,
    Pattern,
    Regex,
    Selector,
    Text,
)

if TYPE_CHECKING:
    from trailwarden.patterns.regex import Branch


@total_ordering
@dataclass(frozen=True, slots=True)
class Needle:
    """Something in an event, at any depth, after parsing. At least one of `key` and `text` is set.

    key:         a member has exactly this name (None: any value will do, array elements included)
    text:        the value is a string that contains this, decoded (None: the value may be anything)
    whole_start: the string begins with the text; whole_end: it ends with it; both: it is the text
    """

    key: str | None
    text: str | None
    whole_start: bool
    whole_end: bool

    def __lt__(self, other: Needle) -> bool:
        return self._ordered() < other._ordered()

    def _ordered(self) -> tuple[str, bool, str, bool, bool, bool]:
        return (
            self.key or "",
            self.key is None,
            self.text or "",
            self.text is None,
            self.whole_start,
            self.whole_end,
        )

    def describe(self) -> str:
        """In words, for `pattern explain`."""
        member = "any value" if self.key is None else f"a member {json.dumps(self.key, ensure_ascii=False)}"
        if self.text is None:
            return member
        relation = _RELATIONS[self.whole_start, self.whole_end]
        return f"{member} that {relation} the text {json.dumps(self.text, ensure_ascii=False)}"


_RELATIONS: Final = {
    (True, True): "is",
    (True, False): "begins with",
    (False, True): "ends with",
    (False, False): "contains",
}

_SAME_IN_MOST_EVENTS: Final = frozenset(
    {
        "awsRegion",
        "eventCategory",
        "eventSource",
        "eventType",
        "eventVersion",
        "managementEvent",
        "readOnly",
        "recipientAccountId",
        "type",
    }
)
"""Members of nearly every CloudTrail event with few different values: a search for one finds more than it leaves out."""


def required_needles(pattern: Pattern) -> frozenset[Needle] | None:
    """The needles of which a matching event contains at least one, or None when there is no such set.

    Or: all arms' needles together; an arm without any leaves the whole without. And: those of the most selective
    term, which is the one whose weakest needle is best, in this order: has a text; its member is not one that is the same
    in most events; more of its two ends are fixed; longer; then fewer needles.
    """
    match pattern:
        case Or(terms):
            return _united(terms)
        case And(terms):
            found = [needles for term in terms if (needles := required_needles(term)) is not None]
            return max(found, key=_selectivity, default=None)
        case NotExists():
            return None
        case Compare(selector, Operator.EQUAL, Text(text)):
            return _for_pieces(selector, [wide(text)])
        case Compare(selector, Operator.EQUAL, Regex(source)):
            from trailwarden.patterns.regex import parse_regex  # noqa: PLC0415 - few patterns have one

            return _for_pieces(selector, [_pieces(branch) for branch in parse_regex(source)])
        case Compare(selector) | Is(selector):
            return _presence(selector)


def _united(terms: Iterable[Pattern]) -> frozenset[Needle] | None:
    needles: set[Needle] = set()
    for term in terms:
        found = required_needles(term)
        if found is None:
            return None
        needles |= found
    return frozenset(needles)


def _selectivity(needles: frozenset[Needle]) -> tuple[tuple[bool, bool, int, int], int]:
    return min(map(_worth, needles)), -len(needles)


def _worth(needle: Needle) -> tuple[bool, bool, int, int]:
    return (
        needle.text is not None,
        needle.key not in _SAME_IN_MOST_EVENTS,
        needle.whole_start + needle.whole_end,
        len(needle.key or "" if needle.text is None else needle.text),
    )


def _for_pieces(
    selector: Selector, alternatives: Iterable[tuple[str, ...] | None]
) -> frozenset[Needle] | None:
    """One needle for each alternative; presence alone as soon as one of them gives no text that only strings have."""
    last = selector.steps[-1]
    key = last.name if isinstance(last, Name) else None
    needles: set[Needle] = set()
    for pieces in alternatives:
        if pieces is None or not only_strings(pieces):
            return _presence(selector)
        needles.add(_best_piece(key, pieces))
    return frozenset(needles)


def _best_piece(key: str | None, pieces: tuple[str, ...]) -> Needle:
    """The longest piece, and of equally long ones the first."""
    best = max(range(len(pieces)), key=lambda place: len(pieces[place]))
    return Needle(key, pieces[best], whole_start=best == 0, whole_end=best == len(pieces) - 1)


def _presence(selector: Selector) -> frozenset[Needle] | None:
    """The nearest member that the selector goes through by name."""
    names = [step.name for step in selector.steps if isinstance(step, Name)]
    return frozenset({Needle(names[-1], None, whole_start=False, whole_end=False)}) if names else None


def _pieces(branch: Branch) -> tuple[str, ...] | None:
    """A branch that is one plain text, as the pieces of a text with wildcards; None when it is more than that.

    `$` also accepts a line break behind the text, so it does not fix the end.
    """
    letters: list[str] = []
    for item in branch.items:
        if item.characters.negated or len(item.characters.members) != 1 or item.least != item.most:
            return None
        letters.extend([*item.characters.members] * item.least)
    text = "".join(letters)
    return (text, "") if branch.at_start else ("", text, "")
