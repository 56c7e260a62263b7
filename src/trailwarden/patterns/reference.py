"""The meaning of a pattern, said as simply as possible: a walk over the tree.

This is what the compiled predicate is held against. Keeps: nothing here is clever, and no event makes it raise.

Source: CloudWatch Logs User Guide, "Filter pattern syntax for JSON log events". Next: `trailwarden.patterns.predicate`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING

from trailwarden.patterns.globs import narrow, wide
from trailwarden.patterns.relation import ACCEPTED, Relation, TextTest, relate_number, relate_text
from trailwarden.patterns.syntax import (
    And,
    Compare,
    Constant,
    EveryElement,
    EveryMember,
    Index,
    Is,
    Literal,
    Name,
    NotExists,
    Number,
    Or,
    Pattern,
    Selector,
    Step,
    Text,
)

if TYPE_CHECKING:
    from trailwarden.patterns.regex import Branch, CharClass, Item

_CONSTANTS = {Constant.NULL: None, Constant.TRUE: True, Constant.FALSE: False}


def evaluate(pattern: Pattern, event: object) -> bool:
    """Whether a parsed JSON value matches. What is not an object never does."""
    return isinstance(event, dict) and _holds(pattern, event)


def _holds(pattern: Pattern, event: object) -> bool:
    match pattern:
        case Or(terms):
            return any(_holds(term, event) for term in terms)
        case And(terms):
            return all(_holds(term, event) for term in terms)
        case NotExists(selector):
            return not selected(selector, event)
        case Is(selector, constant):
            return any(value is _CONSTANTS[constant] for value in selected(selector, event))
        case Compare(selector, operator, literal):
            return any(relate(literal, value) & ACCEPTED[operator] for value in selected(selector, event))


def relate(literal: Literal, value: object) -> Relation:
    """How a value stands to a literal."""
    match literal:
        case Number(spelling):
            return relate_number(Decimal(spelling), value)
        case Text(text):
            return relate_text(TextTest.of_text(text, _glob(wide(text)), _glob(narrow(text))), value)
        case _:
            return relate_text(TextTest.of_regex(_search(literal.source)), value)


def selected(selector: Selector, event: object) -> list[object]:
    """The values that a selector leads to: none, one, or with a wildcard several."""
    values = [event]
    for step in selector.steps:
        values = [inner for value in values for inner in _inside(step, value)]
    return values


def _inside(step: Step, value: object) -> list[object]:
    match step:
        case Name(name):
            return [value[name]] if isinstance(value, dict) and name in value else []
        case Index(index):
            return [value[index]] if isinstance(value, list) and index < len(value) else []
        case EveryMember():
            return list(value.values()) if isinstance(value, dict) else []
        case EveryElement():
            return list(value) if isinstance(value, list) else []


def _glob(pieces: tuple[str, ...]) -> Callable[[str], bool]:
    expression = re.compile(".*".join(map(re.escape, pieces)), re.DOTALL)
    return lambda value: expression.fullmatch(value) is not None


@lru_cache(maxsize=64)
def _search(source: str) -> Callable[[str], bool]:
    from trailwarden.patterns.regex import parse_regex  # noqa: PLC0415 - few patterns have one

    expression = re.compile("|".join(map(_branch, parse_regex(source))))
    return lambda value: expression.search(value) is not None


def _branch(branch: Branch) -> str:
    return "^" * branch.at_start + "".join(map(_item, branch.items)) + "$" * branch.at_end


def _item(item: Item) -> str:
    return f"{_class(item.characters)}{{{item.least},{'' if item.most is None else item.most}}}"


def _class(characters: CharClass) -> str:
    members = "".join(f"\\x{ord(member):02x}" for member in sorted(characters.members))
    if not members:
        return r"[\s\S]" if characters.negated else r"[^\s\S]"
    return f"[{'^' * characters.negated}{members}]"
