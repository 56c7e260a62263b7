"""The payloads of a run, where many of them lie in one text: a topic brings hundreds of thousands a second.

Keeps: whoever asks for payloads gets each as it came; only who knows of `Joined` sees that they lie side by side.

Next: `trailwarden.detection.runs`, which looks at a joined text at once.
"""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import TypeVar, overload

from trailwarden.errors import UnusableError

Payload = bytes | UnusableError
"""The error stands in the place of one that will never be had."""
P = TypeVar("P")


class _Indexed(Sequence[P]):
    """What has its items by their place alone."""

    @overload
    def __getitem__(self, index: int) -> P: ...
    @overload
    def __getitem__(self, index: slice) -> list[P]: ...
    def __getitem__(self, index: int | slice) -> P | list[P]:
        places = range(len(self))
        if isinstance(index, slice):
            return [self._at(place) for place in places[index]]
        return self._at(places[index])

    @abstractmethod
    def _at(self, place: int) -> P:
        """The item at a place that there is."""


class Joined(_Indexed[bytes]):
    """Payloads in one text, with a line end between each two, whatever they hold."""

    def __init__(self, text: bytes, ends: Sequence[int]) -> None:
        """ends: the offset behind each of them."""
        self.text = text
        self._ends = ends

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return len(self.text) - len(self._ends) + 1

    def start(self, index: int) -> int:
        """The offset of a payload."""
        return self._ends[index - 1] + 1 if index else 0

    def __len__(self) -> int:
        return len(self._ends)

    def _at(self, place: int) -> bytes:
        if len(self._ends) == 1:
            return self.text  # not a copy
        return self.text[self.start(place) : self._ends[place]]


class Lent(_Indexed[bytes]):
    """One large payload in memory that its reader will use again when nobody has the view any more: bytes of it are a copy."""

    def __init__(self, view: memoryview) -> None:
        """view: of bytes that do not change."""
        self.view = view

    @property
    def size(self) -> int:
        """Bytes of it."""
        return len(self.view)

    def __len__(self) -> int:
        return 1

    def _at(self, place: int) -> bytes:
        del place
        return bytes(self.view)


class Payloads(_Indexed[Payload]):
    """Sequences of payloads, one behind the other."""

    def __init__(self, parts: Sequence[Sequence[Payload]]) -> None:
        self.parts = parts
        self._ends = list(accumulate(map(len, parts)))

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Payload]:
        for part in self.parts:
            yield from part

    def _at(self, place: int) -> Payload:
        number = bisect_right(self._ends, place)
        return self.parts[number][place - (self._ends[number - 1] if number else 0)]


def in_place(part: Sequence[Payload], index: int) -> Payload | memoryview:
    """A payload as it lies there, for who need not keep it."""
    return part.view if isinstance(part, Lent) else part[index]


def parts_of(payloads: Sequence[Payload]) -> Sequence[Sequence[Payload]]:
    """What they consist of: some of the parts may be `Joined` or `Lent`."""
    return payloads.parts if isinstance(payloads, Payloads) else (payloads,)


def size_of(payloads: Sequence[Payload]) -> int:
    """Bytes of all of them that could be had."""
    return sum(
        part.size
        if isinstance(part, Joined | Lent)
        else sum(len(payload) for payload in part if isinstance(payload, bytes))
        for part in parts_of(payloads)
    )
