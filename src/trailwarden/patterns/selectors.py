"""Reads a selector (`$.a['b c'][0].*`) out of a pattern's text, and writes it.

Keeps: `read_selector(write_selector(s)) == s`.

Next: `trailwarden.patterns.tokens`, which calls this at each dollar sign.
"""

from __future__ import annotations

import re
from typing import Final

from trailwarden.errors import PatternError
from trailwarden.patterns.syntax import EveryElement, EveryMember, Index, Name, Selector, Step

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED: Final = re.compile(r"\['([^']*)'\]")
_INDEX: Final = re.compile(r"\[([0-9]{1,9})\]")
"""No JSON array within any size limit has a thousand million elements."""


def read_selector(text: str, start: int) -> tuple[Selector, int]:
    """The selector whose dollar sign is at `start`, and the offset behind it. Raises PatternError."""
    position = start + 1
    if text[position : position + 1] != ".":
        raise PatternError('a selector starts with "$.", for example $.eventName', text, start)
    steps: list[Step] = []
    while text[position : position + 1] in (".", "["):
        read = _after_period if text[position] == "." else _in_brackets
        step, position = read(text, position)
        steps.append(step)
    if text[position : position + 1] == "*":
        raise PatternError("a wildcard in a selector stands for a whole step: .* or [*]", text, position)
    return Selector(tuple(steps)), position


def write_selector(selector: Selector) -> str:
    """The selector as text; names that need it in brackets and single quotes."""
    return "$" + "".join(_written(step) for step in selector.steps)


def _after_period(text: str, period: int) -> tuple[Step, int]:
    position = period + 1
    if found := _NAME.match(text, position):
        return Name(found[0]), found.end()
    if text.startswith("*", position):
        return EveryMember(), position + 1
    if found := _QUOTED.match(text, position):
        return Name(found[1]), found.end()
    if text.startswith('"', position):
        raise PatternError("a property in double quotes is refused; write $.['name']", text, position)
    if text.startswith("['", position):
        raise PatternError("this quoted property is not closed: it ends in ']", text, position)
    if text.startswith("[", position):
        raise PatternError(
            "between a period and a bracket belongs a property, or no period: $.items[0]", text, position
        )
    raise PatternError(
        "a property name was expected here: letters, digits, - and _; others in $.['name']", text, position
    )


def _in_brackets(text: str, bracket: int) -> tuple[Step, int]:
    if found := _INDEX.match(text, bracket):
        return Index(int(found[1])), found.end()
    if text.startswith("[*]", bracket):
        return EveryElement(), bracket + 3
    if found := _QUOTED.match(text, bracket):
        return Name(found[1]), found.end()
    raise PatternError(_bracket_advice(text[bracket + 1 : bracket + 2]), text, bracket)


def _bracket_advice(inside: str) -> str:
    if inside == "-":
        return "a negative index is not in the language; elements count from 0"
    if inside == '"':
        return "a property in brackets takes single quotes: ['name']"
    if inside == "'":
        return "this quoted property is not closed: it ends in ']"
    if inside.isdigit():
        return "an index is at most nine digits and a closing bracket: [0]"
    return "between brackets belongs an index [0], a wildcard [*] or a property ['name']"


def _written(step: Step) -> str:
    match step:
        case Name(name):
            return f".{name}" if _NAME.fullmatch(name) else f".['{name}']"
        case Index(index):
            return f"[{index}]"
        case EveryMember():
            return ".*"
        case EveryElement():
            return "[*]"
