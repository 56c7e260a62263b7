"""Which repeated warnings and errors are written, and how many were not.

Keeps: nothing is held back in silence: what was suppressed is told with the next line that is written, whichever it is,
or at the end. Pure but for what it remembers, and that is bounded. Time comes in as an argument, in seconds.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

INTERVAL: Final = 30.0
"""Seconds in which equal lines are written once."""
PER_EVENT: Final = 50
"""Lines of one event name, whatever their fields, in an interval: ten thousand bad files are not ten thousand lines."""
MAX_REMEMBERED: Final = 2000


@dataclass(slots=True)
class _Window:
    """One interval of one kind of line."""

    event: str
    until: float
    passed: int = 0
    suppressed: int = 0


@dataclass(frozen=True, slots=True)
class Suppressed:
    """`count` lines of the event were not written."""

    event: str
    count: int


@dataclass(slots=True)
class Repetition:
    """Windows by line and by event. Not thread-safe: its user holds a lock (a logging handler's)."""

    _windows: dict[Hashable, _Window] = field(default_factory=dict)

    def admits(self, event: str, line: Hashable, now: float) -> bool:
        """Whether a line is to be written. line: everything that makes it equal to another, but the time."""
        alike = self._window(("event", event), event, now)
        limiting = alike
        if alike.passed < PER_EVENT:
            limiting = self._window(("line", line), event, now)
        if limiting is alike or limiting.passed:
            limiting.suppressed += 1
            return False
        limiting.passed += 1
        alike.passed += 1
        return True

    def ended(self, now: float, *, every: bool = False) -> list[Suppressed]:
        """What was suppressed in windows that are over (or in every one): told once, and forgotten."""
        over = every or len(self._windows) >= MAX_REMEMBERED
        gone = [key for key, window in self._windows.items() if over or window.until <= now]
        told: dict[str, int] = {}
        for key in gone:
            window = self._windows.pop(key)
            if window.suppressed:
                told[window.event] = told.get(window.event, 0) + window.suppressed
        return [Suppressed(event, count) for event, count in told.items()]

    def _window(self, key: Hashable, event: str, now: float) -> _Window:
        return self._windows.setdefault(key, _Window(event, now + INTERVAL))
