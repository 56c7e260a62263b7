"""Cuts a pattern's text into tokens.

Keeps: every character of the text is in exactly one token or is a blank between two; nothing is skipped. A character
that belongs to no token is a token of its own (OTHER), because only the parser knows what advice fits the place.

Next: `trailwarden.patterns.parser`.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import Final, NamedTuple

from trailwarden.errors import PatternError
from trailwarden.patterns.selectors import read_selector
from trailwarden.patterns.syntax import Selector

BLANKS: Final = " \t\r\n"


class Kind(Enum):
    """What a token is."""

    BRACE_OPEN = auto()
    BRACE_CLOSE = auto()
    LEFT = auto()
    RIGHT = auto()
    AND = auto()
    OR = auto()
    OPERATOR = auto()
    SELECTOR = auto()
    QUOTED = auto()  # value: the decoded text
    REGEX = auto()  # value: what stands between the percent signs
    WORD = auto()  # a keyword, a number or a bare text
    OTHER = auto()
    END = auto()


class Token(NamedTuple):
    """text[start:end] of the pattern; `value` is decoded (QUOTED, REGEX) or the same, `selector` is for SELECTOR."""

    kind: Kind
    value: str
    start: int
    end: int
    selector: Selector | None = None


_FIXED: Final = {
    "{": Kind.BRACE_OPEN,
    "}": Kind.BRACE_CLOSE,
    "(": Kind.LEFT,
    ")": Kind.RIGHT,
    "&&": Kind.AND,
    "||": Kind.OR,
    **dict.fromkeys(("=", "!=", "<", "<=", ">", ">="), Kind.OPERATOR),
}
_FIXED_OR_WORD: Final = re.compile(r"(?P<fixed>[{}()]|&&|\|\||[!<>]=|[=<>])|(?P<word>[A-Za-z0-9_*.:/+-]+)")
"""`+` is a sign or part of an exponent; the parser refuses it elsewhere."""
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)


def tokenize(text: str) -> list[Token]:
    """All tokens, the last of kind END. Raises PatternError for a selector, quote or regex that is malformed."""
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        if text[position] in BLANKS:
            position += 1
            continue
        token = _token(text, position)
        tokens.append(token)
        position = token.end
    tokens.append(Token(Kind.END, "", len(text), len(text)))
    return tokens


def _token(text: str, start: int) -> Token:
    match text[start]:
        case "$":
            selector, end = read_selector(text, start)
            return Token(Kind.SELECTOR, text[start:end], start, end, selector)
        case '"':
            return _quoted(text, start)
        case "%":
            return _regex(text, start)
    found = _FIXED_OR_WORD.match(text, start)
    if found is None:
        return Token(Kind.OTHER, text[start], start, start + 1)
    kind = Kind.WORD if found["word"] else _FIXED[found[0]]
    return Token(kind, found[0], start, found.end())


def _quoted(text: str, start: int) -> Token:
    position = start + 1
    while position < len(text) and text[position] != '"':
        if text[position] == "\\":
            if text[position + 1 : position + 2] not in ('"', "\\"):
                raise PatternError(_escape_advice(text[position + 1 : position + 2]), text, position)
            position += 1
        position += 1
    if position >= len(text):
        raise PatternError("this text is not closed: a double quote is missing", text, start)
    return Token(Kind.QUOTED, _ESCAPE.sub(r"\1", text[start + 1 : position]), start, position + 1)


def _escape_advice(escaped: str) -> str:
    if escaped == "*":
        return r"a literal asterisk cannot be written in a text; use a regex: %\*%"
    return r"in a text a backslash only escapes a double quote (\") or a backslash (\\)"


def _regex(text: str, start: int) -> Token:
    end = text.find("%", start + 1)
    if end < 0:
        raise PatternError("this regex is not closed: a percent sign is missing", text, start)
    return Token(Kind.REGEX, text[start + 1 : end], start, end + 1)
