"""The account of one partition while it is ours: what waits, what is in flight, and up to where everything is done. Pure.

Keeps: `position` passes no message whose run was not acked, in whatever order acks come. Once `lost`, no answer changes
anything: who has the partition now reads what was not committed again.

Next: `kafka`, which commits the positions.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from trailwarden.sources.kafka_run import KafkaRun

BACK_OFF: Final = (0.2, 1.0, 5.0, 30.0)
"""Seconds before a nacked run is handed out again; the last one repeats."""


@dataclass(slots=True)
class Partition:
    """position: the offset to commit; end: with `follow: false`, where it is finished; suspects: damaged batches;
    held: bytes of the runs that were not acked.
    """

    topic: str
    number: int
    position: int
    committed: int | None = None
    end: int | None = None
    lost: bool = False
    suspects: frozenset[int] = frozenset()
    held: int = 0
    _waiting: deque[KafkaRun] = field(default_factory=deque)
    _again: list[tuple[float, KafkaRun]] = field(default_factory=list)
    _in_order: deque[KafkaRun] = field(default_factory=deque)
    _done: set[KafkaRun] = field(default_factory=set)
    _out: int = 0

    def add(self, run: KafkaRun) -> None:
        """The next run, as fetched."""
        self.held += run.held
        self._in_order.append(run)
        self._waiting.append(run)

    def passed(self, position: int) -> None:
        """Nothing between the last run and there is for us: it was fetched, and has no messages that count."""
        if self._in_order:
            last = self._in_order[-1]
            last.next_offset = max(last.next_offset, position)
        else:
            self.position = max(self.position, position)

    def restart(self, position: int) -> None:
        """What we wanted is not there; reading goes on elsewhere, backwards even where a topic was made anew."""
        if not self._in_order:
            self.position = position

    def next_run(self, now: float) -> KafkaRun | None:
        """What is to be handed out now: first what failed and is due again."""
        for index, (due, run) in enumerate(self._again):
            if due <= now:
                del self._again[index]
                self._out += 1
                return run
        if self._waiting:
            self._out += 1
            return self._waiting.popleft()
        return None

    def acked(self, run: KafkaRun) -> None:
        """All of it is committed."""
        self._out -= 1
        self.held -= run.held
        self._done.add(run)
        while self._in_order and self._in_order[0] in self._done:
            first = self._in_order.popleft()
            self._done.discard(first)
            self.position = max(self.position, first.next_offset)

    def nacked(self, run: KafkaRun, now: float) -> float:
        """It is to come again; returns after how many seconds."""
        self._out -= 1
        run.tries += 1
        pause = BACK_OFF[min(run.tries, len(BACK_OFF)) - 1]
        self._again.append((now + pause, run))
        return pause

    @property
    def in_flight(self) -> int:
        """Runs handed out and not answered."""
        return self._out

    @property
    def settled(self) -> bool:
        """Whether nothing is waiting or in flight."""
        return not self._in_order

    @property
    def to_commit(self) -> bool:
        """Whether the group does not know the position yet."""
        return not self.lost and self.position != self.committed

    def stop(self) -> None:
        """Hand out nothing more."""
        self._waiting.clear()
        self._again.clear()
