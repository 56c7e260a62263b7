"""Takes the time of contestants in turns.

Keeps: within a round every contestant runs once, next to the others; a ratio is taken per round and the median of
the rounds is the figure, so that what disturbs the machine for a while disturbs both sides. Who begins changes from
round to round. The cyclic collector is emptied before and stays on, as in any program that nobody has tuned.

Next: `bench.matching`, which uses it.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rounds:
    """Seconds of every contestant, round by round."""

    seconds: Mapping[str, tuple[float, ...]]

    def faster(self, one: str, other: str) -> float:
        """How many times as fast `one` is as `other`: the median of the rounds."""
        pairs = zip(self.seconds[one], self.seconds[other], strict=True)
        return statistics.median(theirs / ours for ours, theirs in pairs)

    def rate(self, name: str, work: float) -> float:
        """Work done per second, by the median round."""
        return work / statistics.median(self.seconds[name])


def in_turns(contestants: Mapping[str, Callable[[], object]], rounds: int) -> Rounds:
    """Run each once to warm up, then `rounds` times in turns."""
    names = list(contestants)
    for name in names:
        contestants[name]()
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            seconds[name].append(_timed(contestants[name]))
    return Rounds({name: tuple(taken) for name, taken in seconds.items()})


def _timed(act: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    act()
    return time.perf_counter() - start
