"""The syntax tree of a JSON filter pattern.

Keeps: a tree is a value: frozen, hashable, compared by content. `And` and `Or` have at least two terms and never a term
of their own kind, so that redundant parentheses leave no trace and equal meaning in equal order is an equal tree. Trees come
from the parser, which has checked what the types cannot say (a number's spelling, a regex's subset).

Next: `trailwarden.patterns.parser` makes trees; `trailwarden.patterns.reference` says what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# --- selectors ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Name:
    """`.name` or `.['name']`: the member of an object."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """`[n]`: the element of an array, from 0."""

    index: int


@dataclass(frozen=True, slots=True)
class EveryMember:
    """`.*`: every member of an object."""


@dataclass(frozen=True, slots=True)
class EveryElement:
    """`[*]`: every element of an array."""


Step = Name | Index | EveryMember | EveryElement


@dataclass(frozen=True, slots=True)
class Selector:
    """`$` and at least one step; the first one is not an index."""

    steps: tuple[Step, ...]

    @property
    def wildcards(self) -> int:
        """How many steps visit more than one value."""
        return sum(isinstance(step, EveryMember | EveryElement) for step in self.steps)


# --- literals -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Number:
    """A bare number, in the author's spelling (`1e3` and `1000` are two trees with one meaning)."""

    spelling: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text, decoded; each `*` in it is a wildcard. Bare or quoted makes no difference."""

    value: str


@dataclass(frozen=True, slots=True)
class Regex:
    """What stands between the percent signs, in the subset of `trailwarden.patterns.regex`."""

    source: str


Literal = Number | Text | Regex


# --- conditions -----------------------------------------------------------------------------------------------


class Operator(StrEnum):
    """The comparisons. Texts and regexes know the first two only."""

    EQUAL = "="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    GREATER = ">"
    AT_LEAST = ">="


class Constant(StrEnum):
    """What `IS` can ask for."""

    NULL = "NULL"
    TRUE = "TRUE"
    FALSE = "FALSE"


@dataclass(frozen=True, slots=True)
class Compare:
    """`selector operator literal`: some selected value stands in that relation to the literal."""

    selector: Selector
    operator: Operator
    literal: Literal


@dataclass(frozen=True, slots=True)
class Is:
    """`selector IS constant`: some selected value is exactly this JSON constant."""

    selector: Selector
    constant: Constant


@dataclass(frozen=True, slots=True)
class NotExists:
    """`selector NOT EXISTS`: the selector leads nowhere."""

    selector: Selector


@dataclass(frozen=True, slots=True)
class And:
    """All terms hold."""

    terms: tuple[Pattern, ...]

    def __post_init__(self) -> None:
        _check_terms(self)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one term holds."""

    terms: tuple[Pattern, ...]

    def __post_init__(self) -> None:
        _check_terms(self)


Condition = Compare | Is | NotExists
Pattern = And | Or | Compare | Is | NotExists


def joined(kind: type[And] | type[Or], terms: list[Pattern]) -> Pattern:
    """The terms under one `And` or `Or`: those of the same kind dissolve into it, a single term stands for itself."""
    flat: list[Pattern] = []
    for term in terms:
        flat.extend(term.terms if isinstance(term, kind) else (term,))
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


def _check_terms(node: And | Or) -> None:
    if len(node.terms) < 2 or any(type(term) is type(node) for term in node.terms):
        raise ValueError(f"{type(node).__name__} needs two or more terms, none of its own kind: use joined()")
