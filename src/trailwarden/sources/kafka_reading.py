"""Many record batches to the payloads in them. In a worker thread.

Keeps: what comes out is what `kafka_records` says of each batch by itself, whichever of the two ways has read it. The compiled
one takes batches that are plainly in order, all in one go and with the interpreter's lock released; docs/adr/0011 says why.

Next: `kafka_records`, the way in Python, which decides about every batch that the other one leaves.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Final

from trailwarden.errors import UnusableError
from trailwarden.model.payloads import Joined, Lent, Payload, Payloads
from trailwarden.sources.kafka_records import Raw, messages

try:
    from trailwarden.sources import _kafka_records
except ImportError:  # no compiler at installation, or another processor
    COMPILED = False
else:
    COMPILED = True

_MAGIC: Final = 2
_AT_ONCE: Final = 64
"""Batches of one call. What it leaves is asked about again behind the next one: too many at once would be looked at too often."""


@cache
def _codecs() -> frozenset[int]:
    """Those that the compiled way knows: none, and lz4, which is done by the library in the package of this name."""
    if not COMPILED:
        return frozenset()
    try:
        path = import_module("lz4.frame._frame").__file__
    except ImportError:
        path = None
    return frozenset((0, 3) if path is not None and _kafka_records.library(path) else (0,))


def prepare() -> None:
    """Load what reading takes. In the midst of the first run that would hold up everybody."""
    _codecs()


class Messages:
    """What was read so far. position: messages before it are left out; largest: bytes of one message; most: of a whole batch.

    lasts: where a payload stands for a whole batch, by its index: the offset of the last message of that.
    """

    def __init__(self, position: int, largest: int, most: int) -> None:
        self._position, self._largest, self._most = position, largest, most
        self._parts: list[Sequence[Payload]] = []
        self.offsets = array("q")
        self.times = array("q")
        self.lasts: dict[int, int] = {}

    def payloads(self) -> Payloads:
        """In their order."""
        return Payloads(self._parts)

    def plain(self, batches: Sequence[Raw], start: int) -> int:
        """Read those from `start` on that are plainly in order; returns the index of the first one that is not."""
        end = start
        while end < min(len(batches), start + _AT_ONCE) and self._is_plain(batches[end]):
            end += 1
        if end == start:
            return start
        raws = [batch.data for batch in batches[start:end]]
        done, chunks, ends, offsets, times = _kafka_records.read(raws, self._largest, self._most)
        places = memoryview(ends).cast("q")
        first = 0
        for text, number in chunks:
            if isinstance(text, memoryview):
                self._parts.append(Lent(text))
            else:
                self._parts.append(Joined(text, places[first : first + number]))
            first += number
        self.offsets.frombytes(offsets)
        self.times.frombytes(times)
        return start + done

    def sound(self, batch: Raw) -> None:
        """A batch whose checksum is right."""
        read = messages(batch, self._position, self._largest, self._most)
        if isinstance(read, UnusableError):
            self.unusable(batch, read)
        else:
            self._parts.append(read.values)
            self.offsets.extend(read.offsets)
            self.times.extend(read.times)

    def unusable(self, batch: Raw, error: UnusableError) -> None:
        """A batch that stands for itself."""
        self.lasts[len(self.offsets)] = batch.next_offset - 1
        self._parts.append([error])
        self.offsets.append(batch.first)
        self.times.append(-1)

    def _is_plain(self, batch: Raw) -> bool:
        return batch.magic == _MAGIC and batch.codec in _codecs() and batch.first >= self._position
