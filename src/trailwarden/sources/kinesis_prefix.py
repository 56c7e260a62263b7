"""What of a shard is dealt with without a hole. Pure.

Keeps: the position never passes a run that is not acked, in whatever order the runs are answered for; it never goes back.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from trailwarden.sources.kinesis_position import Position


@dataclass(slots=True, eq=False)
class Part:
    """One run that was handed out. last: where the shard stands when it, and all before it, is acked."""

    last: Position
    acked: bool = False


class Prefix:
    """Of one shard. position: of the last run before which none is open."""

    def __init__(self, position: Position) -> None:
        self.position = position
        self._open: deque[Part] = deque()

    @property
    def whole(self) -> bool:
        """Everything that was handed out is acked."""
        return not self._open

    def __len__(self) -> int:
        """Runs that are open, or acked behind one that is."""
        return len(self._open)

    def handed_out(self, last: Position) -> Part:
        """A further run, behind all others."""
        part = Part(last)
        self._open.append(part)
        return part

    def acked(self, part: Part) -> bool:
        """It is dealt with. Returns whether the position moved."""
        part.acked = True
        moved = False
        while self._open and self._open[0].acked:
            self.position = self._open.popleft().last
            moved = True
        return moved

    def moved_on(self, position: Position) -> bool:
        """There was nothing up to there. Says so only where nothing is open; returns whether it did."""
        if self._open:
            return False
        self.position = position
        return True
