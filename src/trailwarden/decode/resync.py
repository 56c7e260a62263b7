"""Splitting text that is not in order: every value that can be read, and what lies between, in order and without a gap.

Keeps: one bad element costs that element. Where an element cannot be read, reading goes on at the first place that may be
its next sibling and proves to be one; what is passed over is a piece with a fault, never silence. Each failed attempt
moves on, and their cost in all is bounded.

Next: `trailwarden.decode.lenient`, which says what can be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final

from trailwarden.decode.lenient import RefusedError, balanced_end, skip_space, value_end
from trailwarden.errors import Reason

_WS: Final = r"[ \t\r\n]*"
_ARRAY: Final = re.compile(rf'(?:\{{{_WS}"Records"{_WS}:{_WS})?\[(?!{_WS}\])')
_SEPARATORS: Final = re.compile(r"[ \t\r\n,]*")
_SIBLING: Final = re.compile(rf'\}}{_WS},{_WS}(?=\{{{_WS}")')
_ADJACENT: Final = re.compile(rf'\}}{_WS}(?=\{{{_WS}")')
_LINE: Final = re.compile(r"\n(?=[{\[])")
_MEMBER: Final = re.compile(rf',{_WS}"(?!Records")[^"\\]*+"{_WS}:{_WS}')
_WORK_FACTOR: Final = 8
"""Characters that may be read in vain, per character of the text, before the rest is given up."""


@dataclass(frozen=True, slots=True)
class Piece:
    """text[start:end]. fault: None for a value that Python's json reads. of_records: it stands in an array `Records`;
    index: position in its array, None outside of arrays.
    """

    start: int
    end: int
    fault: RefusedError | None = None
    of_records: bool = False
    index: int | None = None


Pieces = Generator[Piece, None, int]
Known = Callable[[int, int], bool]


class Resync:
    """One text. known: whether text[start:end], a sound object, has a shape that is known (so that a part of a broken
    event is not taken for one).
    """

    def __init__(self, text: str, known: Known) -> None:
        self._text = text
        self._known = known
        self._work = _WORK_FACTOR * len(text) + 1024 * 1024
        self._line: int | None = 0
        self._given_up = False

    def pieces(self, position: int = 0) -> Pieces:
        """All of the text from `position` on. Values may follow each other with or without white space, lines or commas."""
        while (position := self._skip(position)) < len(self._text):
            array = _ARRAY.match(self._text, position)
            if array is not None:
                position = yield from self._array(array.end(), of_records=array.group()[0] == "{")
            else:
                position = yield from self._value(position, self._next_value)
        return position

    def _skip(self, position: int) -> int:
        found = _SEPARATORS.match(self._text, position)
        return found.end() if found is not None else position

    def _array(self, position: int, of_records: bool) -> Pieces:
        """From the first element to behind the closing bracket, or brace."""
        index = 0
        while (position := self._skip(position)) < len(self._text):
            if self._text[position] == "]":
                return (yield from self._closing(position + 1)) if of_records else position + 1
            position = yield from self._value(position, self._next_sibling, of_records, index)
            index += 1
        if not self._given_up:
            yield _cut_off(position, position, "the text ends inside an array")
        return position

    def _closing(self, position: int) -> Pieces:
        """Behind the brace that closes `{"Records":[…]`, and behind sound members that stand before it and carry no events.
        What else follows is left to `pieces`.
        """
        close = skip_space(self._text, position)
        while (member := _MEMBER.match(self._text, close)) is not None:
            try:
                close = skip_space(self._text, value_end(self._text, member.end()))
            except RefusedError:
                return position
        if self._text.startswith("}", close):
            return close + 1
        if close == len(self._text):
            yield _cut_off(position, close, "the text ends inside an object")
            return close
        return position

    def _value(
        self,
        start: int,
        resume: Callable[[int, RefusedError], int | None],
        of_records: bool = False,
        index: int | None = None,
    ) -> Pieces:
        """One value, or what stands in its place up to where reading can go on."""
        try:
            end = value_end(self._text, start)
        except RefusedError as fault:
            found = resume(start, fault)
            if found is None:
                detail = f"{fault.detail}; nothing after it could be told apart"
                fault = RefusedError(fault.reason, detail, fault.position)
                self._given_up = True
            end = found or len(self._text)
            yield Piece(start, end, fault, of_records, index)
            return end
        yield Piece(start, end, None, of_records, index)
        return end

    def _next_sibling(self, start: int, fault: RefusedError) -> int | None:
        """Where a broken element of an array ends; None when nothing behind it can be told apart."""
        sibling = self._first_sound(_SIBLING, self._last_brace(start, fault), len(self._text))
        end = self._closed_end(start, sibling or len(self._text), ",]")
        return sibling if end is None else end

    def _next_value(self, start: int, fault: RefusedError) -> int | None:
        """Likewise outside of arrays. A line that begins with a bracket begins a value: it need not prove to be one."""
        line = self._next_line(start)
        limit = len(self._text) if line is None else line
        sibling = self._first_sound(_ADJACENT, self._last_brace(start, fault), limit)
        end = self._closed_end(start, sibling or limit, "{[")
        return (line if sibling is None else sibling) if end is None else end

    def _next_line(self, start: int) -> int | None:
        """Where the next line begins that begins with a bracket. What was found is kept, so that no stretch is searched twice."""
        if self._line is not None and self._line <= start:
            found = _LINE.search(self._text, start)
            self._line = found.end() if found is not None else None
        return self._line

    def _first_sound(self, boundary: re.Pattern[str], start: int, limit: int) -> int | None:
        """Behind the closing brace of the first boundary that a known object follows."""
        position = start
        while self._work > 0 and (found := boundary.search(self._text, position, limit)) is not None:
            self._work -= found.end() - position
            if self._sound(found.end()):
                return found.start() + 1
            position = found.end()
        self._work -= limit - position
        return None

    def _last_brace(self, start: int, fault: RefusedError) -> int:
        """Everything before the fault had been in order, so that no sibling begins before the last brace before it."""
        return max(start, self._text.rfind("}", start, fault.position + 1))

    def _closed_end(self, start: int, limit: int, followed_by: str) -> int | None:
        """Where the brackets of an element are closed, if what follows may follow an element."""
        end = balanced_end(self._text, start, limit) if self._text[start] in "{[" else None
        if end is None:
            return None
        after = skip_space(self._text, end)
        return end if after == len(self._text) or self._text[after] in followed_by else None

    def _sound(self, start: int) -> bool:
        """Whether a known object begins here."""
        try:
            end = value_end(self._text, start)
        except RefusedError as fault:
            unread = fault.detail.startswith("Unterminated") or fault.reason is Reason.TOO_DEEP
            self._work -= (len(self._text) if unread else fault.position) - start
            return False
        self._work -= end - start
        return self._known(start, end)


def _cut_off(start: int, end: int, detail: str) -> Piece:
    return Piece(start, end, RefusedError(Reason.NOT_JSON, detail, start))
