"""The regex subset of filter patterns (`%...%`), read into branches of repeated character classes.

The subset has no groups, so a regex is alternatives, each a plain row of items. Keeps: only what the reference of the
language allows is accepted, and the number of items, counts unrolled, is bounded. Anchors stand at the ends of a branch only.

Source: CloudWatch Logs User Guide, "Supported regular expressions (regex) syntax". Next: `trailwarden.patterns.automaton`.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Final

from trailwarden.errors import PatternError

MAX_COUNT: Final = 1000
"""The largest number in a count. RE2 has the same limit."""
MAX_ITEMS: Final = 1000
"""Items of one regex with its counts unrolled."""


@dataclass(frozen=True, slots=True)
class CharClass:
    """The characters in `members`, or all but these."""

    members: frozenset[str]
    negated: bool = False

    def __contains__(self, character: str) -> bool:
        return (character in self.members) != self.negated


@dataclass(frozen=True, slots=True)
class Item:
    """A class, `least` to `most` times; most None: without end."""

    characters: CharClass
    least: int = 1
    most: int | None = 1


@dataclass(frozen=True, slots=True)
class Branch:
    """One alternative. at_start: begins with `^`; at_end: ends with `$` (the end, or before a line break at the end)."""

    items: tuple[Item, ...]
    at_start: bool
    at_end: bool


_DIGITS: Final = frozenset(string.digits)
_WORD: Final = frozenset(string.ascii_letters + string.digits + "_")
_SPACE: Final = frozenset(" \t\n\r\f\v")
_CLASSES: Final = {
    "d": CharClass(_DIGITS),
    "D": CharClass(_DIGITS, negated=True),
    "w": CharClass(_WORD),
    "W": CharClass(_WORD, negated=True),
    "s": CharClass(_SPACE),
    "S": CharClass(_SPACE, negated=True),
}
_ANY: Final = CharClass(frozenset("\n"), negated=True)
_LITERAL: Final = frozenset(string.ascii_letters + string.digits + ":_#=@/;,- ")
"""The blank is an open question (U13): accepted."""
_OPERATORS: Final = frozenset("^$?[]{}|\\*+.")
_SIMPLE_COUNTS: Final[dict[str, tuple[int, int | None]]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}


def parse_regex(source: str, within: str | None = None, offset: int = 0) -> tuple[Branch, ...]:
    """The branches of a regex. Raises PatternError.

    source: without the percent signs; within, offset: the pattern that it stands in and where, for the error's caret.
    """
    reader = _Reader(source, source if within is None else within, offset)
    if not source:
        raise reader.error('an empty regex matches every text; write "*"')
    branches = [_branch(reader)]
    while reader.take("|"):
        branches.append(_branch(reader))
    size = sum(max(item.least, item.most or 0, 1) for branch in branches for item in branch.items)
    if size > MAX_ITEMS:
        raise reader.error(
            f"this regex is too large: {size} items with its counts written out, {MAX_ITEMS} are allowed", 0
        )
    return tuple(branches)


class _Reader:
    """A place in the source."""

    def __init__(self, source: str, within: str, offset: int) -> None:
        self.source = source
        self.place = 0
        self._within = within
        self._offset = offset

    @property
    def next(self) -> str:
        return self.source[self.place : self.place + 1]

    def take(self, wanted: str) -> bool:
        if not self.source.startswith(wanted, self.place):
            return False
        self.place += len(wanted)
        return True

    def advance(self) -> str:
        self.place += 1
        return self.source[self.place - 1]

    def digits(self) -> str:
        start = self.place
        while self.next in _DIGITS:
            self.place += 1
        return self.source[start : self.place]

    def error(self, message: str, place: int | None = None) -> PatternError:
        at = self.place if place is None else place
        return PatternError(message, self._within, self._offset + at)


def _branch(reader: _Reader) -> Branch:
    start = reader.place
    at_start = reader.take("^")
    items: list[Item] = []
    while reader.next not in ("", "|", "$"):
        items.append(_item(reader))
    at_end = reader.take("$")
    if reader.next not in ("", "|"):
        raise reader.error("$ stands only at the end of an alternative; for the character write \\$")
    if not (items or at_start or at_end):
        raise reader.error("this alternative is empty and would match every text", start)
    return Branch(tuple(items), at_start, at_end)


def _item(reader: _Reader) -> Item:
    characters = _characters(reader)
    least, most = _count(reader)
    if reader.next in _SIMPLE_COUNTS or reader.next == "{":
        raise reader.error("a count cannot follow a count")
    return Item(characters, least, most)


def _count(reader: _Reader) -> tuple[int, int | None]:
    if reader.next in _SIMPLE_COUNTS:
        least, most = _SIMPLE_COUNTS[reader.advance()]
    elif reader.next == "{":
        least, most = _braces(reader)
    else:
        return 1, 1
    reader.take("?")  # "as few as possible" changes what is found, not whether something is
    return least, most


def _braces(reader: _Reader) -> tuple[int, int | None]:
    start = reader.place
    reader.take("{")
    low = reader.digits()
    ranged = reader.take(",")
    high = reader.digits() if ranged else low
    if not reader.take("}") or not (low or high):
        raise reader.error("a count is written {m}, {m,}, {,n} or {m,n}; for the character write \\{", start)
    if len(low) > 4 or len(high) > 4 or max(int(low or 0), int(high or 0)) > MAX_COUNT:
        raise reader.error(f"a count goes up to {MAX_COUNT}", start)
    least, most = int(low or 0), int(high) if high else None
    if most is not None and most < least:
        raise reader.error("this count ends before it begins", start)
    return least, most


def _characters(reader: _Reader) -> CharClass:
    match reader.next:
        case ".":
            reader.advance()
            return _ANY
        case "[":
            return _bracketed(reader)
        case "\\":
            return _escaped(reader)
        case "*" | "+" | "?":
            raise reader.error(
                f"there is nothing before {reader.next} to repeat; for the character write \\{reader.next}"
            )
        case "{" | "}" | "]":
            raise reader.error(f"for the character {reader.next} write \\{reader.next}")
        case "^":
            raise reader.error("^ stands only at the start of an alternative; for the character write \\^")
    return CharClass(frozenset(_literal(reader)))


def _literal(reader: _Reader) -> str:
    if reader.next not in _LITERAL:
        raise reader.error(_refusal(reader.next))
    return reader.advance()


def _refusal(character: str) -> str:
    if not character.isascii():
        return "a regex takes no multi-byte characters; match them with a period, or use a text"
    hexadecimal = f"\\x{ord(character):02x}"
    if character in "()":
        return f"a regex has no groups; write the alternatives out, or {hexadecimal} for the character"
    return f"{character!r} is not allowed in a regex; write {hexadecimal}"


def _escaped(reader: _Reader) -> CharClass:
    start = reader.place
    reader.take("\\")
    escaped = reader.next
    if escaped in _CLASSES:
        return _CLASSES[reader.advance()]
    if escaped == "x":
        code = reader.source[reader.place + 1 : reader.place + 3]
        if len(code) != 2 or not set(code) <= set(string.hexdigits):
            raise reader.error("\\x takes two hexadecimal digits", start)
        reader.place += 3
        return CharClass(frozenset(chr(int(code, 16))))
    if escaped in _OPERATORS or (escaped in _LITERAL and not escaped.isalnum()):
        return CharClass(frozenset(reader.advance()))
    if escaped == "":
        raise reader.error(
            "a percent sign ends the regex, also behind a backslash; write \\x25 for it", start
        )
    if escaped.isdigit():
        raise reader.error("a regex has no back-references", start)
    if escaped.isalpha() and escaped.isascii():
        raise reader.error(f"\\{escaped} is not in the subset: \\d \\D \\s \\S \\w \\W and \\xhh are", start)
    raise reader.error(_refusal(escaped))


def _bracketed(reader: _Reader) -> CharClass:
    start = reader.place
    reader.take("[")
    negated = reader.take("^")
    included: set[str] = set()
    excluded: frozenset[str] | None = None  # set: everything but these is included too (\D \S \W)
    empty = True
    while not reader.take("]"):
        if not reader.next:
            raise reader.error("this class is not closed: a ] is missing", start)
        part = _class_part(reader)
        empty = False
        if part.negated:
            excluded = part.members if excluded is None else excluded & part.members
        else:
            included |= part.members
    if empty:
        raise reader.error("this class is empty; for the character ] write \\]", start)
    if excluded is None:
        return CharClass(frozenset(included), negated)
    return CharClass(excluded - included, not negated)


def _class_part(reader: _Reader) -> CharClass:
    start = reader.place
    first = _class_character(reader)
    if reader.next != "-" or reader.source[reader.place + 1 : reader.place + 2] in ("]", ""):
        return first
    reader.take("-")
    last = _class_character(reader)
    if any(bound.negated or len(bound.members) != 1 for bound in (first, last)):
        raise reader.error("a range goes from one character to another", start)
    low, high = (ord(next(iter(bound.members))) for bound in (first, last))
    if high < low:
        raise reader.error("this range ends before it begins", start)
    return CharClass(frozenset(map(chr, range(low, high + 1))))


def _class_character(reader: _Reader) -> CharClass:
    if reader.next == "\\":
        return _escaped(reader)
    if reader.next == "[":
        raise reader.error("for the character [ in a class write \\[")
    if reader.next in _OPERATORS:
        return CharClass(frozenset(reader.advance()))
    return CharClass(frozenset(_literal(reader)))
