"""Collects what splitting finds, in the order in which it is found.

Keeps: consecutive events share a block; a block either knows the offset of each of its events or of none. What is rejected
beyond a number is kept in one piece, so that a payload of nothing but rubbish does not become a million rows.

Next: `trailwarden.decode.split`, which fills it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trailwarden.decode.outcome import Decoded, EventBlock, RawEvent, Rejected
from trailwarden.errors import Reason

MAX_REJECTED: Final = 10_000
"""Rejected one by one in one payload; the rest, together, is one more."""


class Collector:
    """max_event_bytes: a longer event is rejected."""

    def __init__(self, max_event_bytes: int) -> None:
        self.max_event_bytes = max_event_bytes
        self._decoded = Decoded()
        self._raws: list[RawEvent] = []
        self._starts: list[int] = []
        self._placed = False
        self._overflow = bytearray()
        self._overflown = 0
        self._overflow_reason = Reason.NOT_JSON

    def event(self, raw: RawEvent, start: int | None, index: int | None) -> None:
        """One event; start: its offset in the data that is being split, where it was cut from there."""
        size = memoryview(raw).nbytes
        if size > self.max_event_bytes:
            detail = f"an event of {size} bytes; at most {self.max_event_bytes} are read"
            self.reject(raw, Reason.TOO_LARGE, detail, index)
            return
        placed = start is not None
        if placed != self._placed:
            self._flush()
            self._placed = placed
        self._raws.append(raw)
        if start is not None:
            self._starts.append(start)

    def block(self, raws: Sequence[RawEvent], starts: Sequence[int]) -> None:
        """Many events at once, none of them longer than allowed."""
        self._flush()
        self._decoded.blocks.append(EventBlock(raws, starts))

    def label(self, name: str) -> None:
        """One thing that is no event."""
        self._decoded.labels[name] += 1

    def reject(self, raw: RawEvent, reason: Reason, detail: str, index: int | None = None) -> None:
        """One thing that could not be read."""
        if len(self._decoded.rejected) < MAX_REJECTED:
            self._decoded.rejected.append(Rejected(bytes(raw), reason, detail, index))
        else:
            self._overflow_reason = reason
            self._overflow += b"\n" if self._overflown else b""
            self._overflow += memoryview(raw)
            self._overflown += 1

    def finish(self) -> Decoded:
        """Everything. The collector is of no use afterwards."""
        self._flush()
        if self._overflown:
            detail = f"{self._overflown} more that could not be read, a line each"
            rest = Rejected(bytes(self._overflow), self._overflow_reason, detail, None)
            self._decoded.rejected.append(rest)
        return self._decoded

    def _flush(self) -> None:
        if self._raws:
            self._decoded.blocks.append(EventBlock(self._raws, self._starts if self._placed else None))
            self._raws, self._starts = [], []
