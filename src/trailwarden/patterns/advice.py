"""What to tell someone whose pattern is not in the language: what is wrong, and the mend.

Keeps: each message names the mend wherever there is one. The mistakes are those that people bring from other languages.

Next: `trailwarden.patterns.parser`, which knows where they occur.
"""

from __future__ import annotations

from typing import Final

from trailwarden.patterns.syntax import Operator
from trailwarden.patterns.tokens import Kind, Token

_SINGLE_QUOTES: Final = 'single quotes are not string quotes; use double quotes: "text"'


def on_family(first: str) -> str:
    """For a pattern that does not begin with a brace; `first` is its first character that is no blank, or nothing."""
    if not first:
        return 'an empty pattern is a text pattern that matches every event; a JSON pattern is required: { $.eventName = "*" }'
    if first == "[":
        return "this is a space-delimited pattern; CloudTrail events are JSON and need a JSON pattern: { $.field = value }"
    if first == "$":
        return "a JSON pattern stands in braces: { $.field = value }"
    return "this is an unstructured text pattern; CloudTrail events are JSON and need a JSON pattern: { $.field = value }"


_CONNECTIVES: Final = {
    ",": "a comma is not an operator; write || (or) or && (and)",
    "|": 'a single "|" is not an operator; write ||',
    "&": 'a single "&" is not an operator; write &&',
    "OR": 'write || for "or"',
    "AND": 'write && for "and"',
    ")": "this parenthesis was never opened",
    ";": "only || and && join conditions",
}


def on_connective(previous: Token, found: Token, *, opened: bool = False) -> str:
    """For what stands behind a complete condition and is neither && nor ||, nor the end of what was opened."""
    word = found.value.upper()
    if word in _CONNECTIVES and found.kind is not Kind.QUOTED:
        return _CONNECTIVES[word]
    if found.kind is Kind.END or (opened and found.kind is Kind.BRACE_CLOSE):
        return "a closing parenthesis is missing" if opened else "the closing brace is missing"
    if previous.kind is Kind.WORD and found.kind in (
        Kind.WORD,
        Kind.OTHER,
        Kind.LEFT,
        Kind.QUOTED,
        Kind.OPERATOR,
    ):
        return "an unquoted value ends here; put the whole value into double quotes"
    return "|| or && was expected here, or the end of the pattern"


def on_condition(found: Token) -> str:
    """For what stands where a condition begins and is no selector."""
    if found.value.upper() == "NOT" or found.value in ("!", "!="):
        return 'there is no negation; write != for "different", or NOT EXISTS behind a selector'
    if found.kind in (Kind.BRACE_CLOSE, Kind.END, Kind.RIGHT):
        return "a condition is missing here, such as $.eventName = DeleteVpc"
    if found.value == "'":
        return _SINGLE_QUOTES
    return "a condition begins with a selector, such as $.eventName"


_OPERATORS: Final = {
    "EXISTS": 'EXISTS alone is not in the language; for "present" write = "*"',
    "IN": "IN is not in the language; write one comparison for each value, joined by ||",
    "LIKE": 'LIKE is not in the language; write = with wildcards: = "*part*"',
    "CONTAINS": 'CONTAINS is not in the language; write = with wildcards: = "*part*"',
    "!": 'write != for "different", or NOT EXISTS for "absent"',
    "~": "write = with a regex between percent signs: = %regex%",
    ":": "write = instead of :",
}


def on_operator(found: Token) -> str:
    """For what stands behind a selector and is no operator."""
    known = _OPERATORS.get(found.value.upper())
    if known is not None and found.kind in (Kind.WORD, Kind.OTHER):
        return known
    return "an operator was expected here: = != < <= > >= IS NOT EXISTS"


def on_constant(word: str) -> str:
    """For what stands behind IS; `word` is in capitals."""
    if word == "NOT":
        return 'IS NOT is not in the language; for "present" write = "*", for "not true" write IS FALSE'
    if word == "EMPTY":
        return 'IS EMPTY is not in the language; write = ""'
    return "after IS only NULL, TRUE or FALSE may follow; to compare with a text, write ="


def on_two_operators(first: Token, second: Token) -> str:
    """For two operators without a blank between them."""
    mend = "=" if first.value == second.value == "=" else "one of = != < <= > >="
    return f'"{first.value}{second.value}" is not an operator; use {mend}'


def on_value(found: Token) -> str:
    """For what stands behind an operator and is no value."""
    if found.value == "'":
        return _SINGLE_QUOTES
    if found.kind is Kind.SELECTOR:
        return "a selector stands on the left only; a text that begins with $ needs double quotes"
    if found.kind is Kind.OTHER:
        return "this character needs double quotes around the value"
    return "a value is missing here: a number, a text or a %regex%"


def on_order(operator: Operator, found: Token) -> str:
    """For a text or a regex behind an ordering operator."""
    if found.kind is Kind.QUOTED:
        return f"{operator} compares numbers; a number stands without quotes"
    return f"{operator} compares numbers; this is no number"
