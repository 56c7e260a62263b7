"""How a value in an event stands to a literal in a pattern: the comparison rules, in one place.

AWS leaves some comparisons undefined: quoted digits against a number, null against a text, and more. Keeps: where plausible
readings of the language disagree, the relation is open, that is, more than one relation at once, and then every
operator that fits any of them holds. So `=` never misses what some reading calls equal, nor `!=` what some reading
calls different. docs/patterns.md has the table of these questions.

Next: `trailwarden.patterns.reference`, which applies this over a whole tree.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from enum import Flag, auto
from typing import Final, NamedTuple

from trailwarden.patterns.numbers import number_in_text, read_number, spellings
from trailwarden.patterns.syntax import Operator


class Relation(Flag):
    """What a value may be to a literal. No flag at all: objects and arrays, for which no comparison holds."""

    LESS = auto()
    EQUAL = auto()
    GREATER = auto()
    UNLIKE = auto()  # different, and not in any order


NOTHING: Final = Relation(0)
ANY_ORDER: Final = Relation.LESS | Relation.EQUAL | Relation.GREATER
OPEN: Final = Relation.EQUAL | Relation.UNLIKE

ACCEPTED: Final = {
    Operator.EQUAL: Relation.EQUAL,
    Operator.UNEQUAL: Relation.LESS | Relation.GREATER | Relation.UNLIKE,
    Operator.LESS: Relation.LESS,
    Operator.AT_MOST: Relation.LESS | Relation.EQUAL,
    Operator.GREATER: Relation.GREATER,
    Operator.AT_LEAST: Relation.GREATER | Relation.EQUAL,
}
"""The relations for which an operator holds."""


class TextTest(NamedTuple):
    """A text or a regex, ready to be asked about strings.

    wide, narrow: whether a string satisfies it by the widest and by the narrowest reading (see `globs`)
    by_spelling:  whether a number's spelling decides like a string does (documented for texts with `*` alone)
    number:       the number that the text may mean
    """

    wide: Callable[[str], bool]
    narrow: Callable[[str], bool]
    by_spelling: bool = False
    number: Decimal | None = None

    @classmethod
    def of_text(cls, text: str, wide: Callable[[str], bool], narrow: Callable[[str], bool]) -> TextTest:
        return cls(wide, narrow, by_spelling="*" in text, number=number_in_text(text))

    @classmethod
    def of_regex(cls, search: Callable[[str], bool]) -> TextTest:
        return cls(search, search)


def relate_text(test: TextTest, value: object) -> Relation:
    """How a value stands to a text or a regex."""
    if isinstance(value, str):
        return _by_both_readings(test, value)
    if value is None or isinstance(value, bool):
        return OPEN if any(map(test.wide, spellings(value))) else Relation.UNLIKE
    if isinstance(value, int | float):
        return _text_to_number(test, value)
    return NOTHING


def relate_number(number: Decimal, value: object) -> Relation:
    """How a value stands to a bare number. A string that is a number may count as one (U3)."""
    if isinstance(value, str):
        read = read_number(value)
        return Relation.UNLIKE if read is None else _in_order(read, number) | Relation.UNLIKE
    if value is None or isinstance(value, bool):
        return Relation.UNLIKE
    if isinstance(value, int | float):
        return _in_order(value, number)
    return NOTHING


def _by_both_readings(test: TextTest, value: str) -> Relation:
    if not test.wide(value):
        return Relation.UNLIKE
    return Relation.EQUAL if test.narrow(value) else OPEN


def _text_to_number(test: TextTest, value: int | float) -> Relation:
    relations = [_by_both_readings(test, spelling) for spelling in spellings(value)]
    if test.by_spelling:
        return relations[0] | relations[-1]
    if any(Relation.EQUAL in relation for relation in relations):
        return OPEN
    same = test.number is not None and Relation.EQUAL in _in_order(value, test.number)
    return OPEN if same else Relation.UNLIKE


def _in_order(value: int | float | Decimal, number: Decimal) -> Relation:
    if not isinstance(value, float):
        return _ordered(value < number, value > number)
    if math.isnan(value):  # NaN, which Python's json reads
        return Relation.UNLIKE
    rounded = float(number)
    if value == rounded and Decimal(repr(value)) != number:
        # The event's digits were rounded when it was parsed: they may have been these, or next to them on either side.
        return ANY_ORDER
    return _ordered(value < rounded, value > rounded)


def _ordered(less: bool, greater: bool) -> Relation:
    if less:
        return Relation.LESS
    return Relation.GREATER if greater else Relation.EQUAL
