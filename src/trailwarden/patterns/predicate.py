"""A pattern compiled to closures: what runs over every candidate.

Keeps: agrees with `trailwarden.patterns.reference` on every event; does not walk the tree, and takes time linear in the
event's strings. It never raises on a JSON value.

Next: `trailwarden.detection.matcher`, which runs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, Final

from trailwarden.patterns.globs import glob, narrow, wide
from trailwarden.patterns.paths import ABSENT, all_values, one_value
from trailwarden.patterns.relation import ACCEPTED, Relation, TextTest, relate_number, relate_text
from trailwarden.patterns.spelling import only_strings
from trailwarden.patterns.syntax import (
    And,
    Compare,
    Constant,
    Is,
    Literal,
    NotExists,
    Number,
    Operator,
    Or,
    Pattern,
    Selector,
    Text,
)

Predicate = Callable[[dict[str, Any]], bool]
_Test = Callable[[Any], bool]

_CONSTANTS: Final = {Constant.NULL: None, Constant.TRUE: True, Constant.FALSE: False}


def compile_predicate(pattern: Pattern) -> Predicate:
    """A function that says whether an event, a JSON object, matches. Thread-safe."""
    holds = _compiled(pattern)
    return lambda event: isinstance(event, dict) and holds(event)


def _compiled(pattern: Pattern) -> Predicate:
    match pattern:
        case Or(terms):
            return any_of(terms, _compiled)
        case And(terms):
            return all_of(terms, _compiled)
        case NotExists(selector):
            return _absent(selector)
        case Is(selector, constant):
            wanted = _CONSTANTS[constant]
            return some_value(selector, lambda value: value is wanted)
        case Compare(selector, operator, literal):
            return some_value(selector, _test(operator, literal))


def any_of(terms: Iterable[Pattern], compiled: Callable[[Pattern], Predicate]) -> Predicate:
    """Plain texts for one selector become one look-up in a set: that is what most rules are. compiled: makes the other terms."""
    texts: dict[Selector, set[str]] = {}
    others: list[Predicate] = []
    for term in terms:
        match term:
            case Compare(selector, Operator.EQUAL, Text(text)) if "*" not in text and only_strings((text,)):
                texts.setdefault(selector, set()).add(text)
            case _:
                others.append(compiled(term))
    parts = (*(some_value(selector, among(frozenset(wanted))) for selector, wanted in texts.items()), *others)
    return parts[0] if len(parts) == 1 else lambda event: any(part(event) for part in parts)


def all_of(terms: Iterable[Pattern], compiled: Callable[[Pattern], Predicate]) -> Predicate:
    """Of the terms, each made by compiled."""
    parts = tuple(map(compiled, terms))
    return lambda event: all(part(event) for part in parts)


def among(wanted: frozenset[str]) -> _Test:
    """Whether a value is one of these texts."""
    return lambda value: isinstance(value, str) and value in wanted


def some_value(selector: Selector, test: _Test) -> Predicate:
    """Whether a value that the selector finds passes the test."""
    if selector.wildcards:
        values = all_values(selector)
        return lambda event: any(test(value) for value in values(event))
    find = one_value(selector)
    return lambda event: test(find(event))  # ABSENT satisfies no test: it is no JSON value


def _absent(selector: Selector) -> Predicate:
    if selector.wildcards:
        values = all_values(selector)
        return lambda event: not any(True for _ in values(event))
    find = one_value(selector)
    return lambda event: find(event) is ABSENT


def _test(operator: Operator, literal: Literal) -> _Test:
    accepted = ACCEPTED[operator]
    match literal:
        case Number(spelling):
            number = Decimal(spelling)
            return lambda value: bool(relate_number(number, value) & accepted)
        case Text(text):
            texts = TextTest.of_text(text, glob(wide(text)), glob(narrow(text)))
        case _:
            from trailwarden.patterns.automaton import searcher  # noqa: PLC0415 - few patterns have a regex
            from trailwarden.patterns.regex import parse_regex  # noqa: PLC0415

            texts = TextTest.of_regex(searcher(parse_regex(literal.source)))
    return _equal(texts) if operator is Operator.EQUAL else _unequal(texts)


def _equal(texts: TextTest) -> _Test:
    satisfies = texts.wide

    def equal(value: object) -> bool:
        return satisfies(value) if isinstance(value, str) else Relation.EQUAL in relate_text(texts, value)

    return equal


def _unequal(texts: TextTest) -> _Test:
    satisfies = texts.narrow

    def unequal(value: object) -> bool:
        return (
            not satisfies(value) if isinstance(value, str) else Relation.UNLIKE in relate_text(texts, value)
        )

    return unequal
