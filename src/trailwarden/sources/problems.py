"""What is wrong at a source right now, for its status: one line for each thing, bounded.

Keeps: a problem is logged when it appears or changes, not each time it is met again; it stays until it is cleared.
"""

from __future__ import annotations

from typing import Final

import structlog

log = structlog.get_logger(__name__)

SHOWN: Final = 20
"""Lines in a status."""
_KEPT: Final = 1000
"""Problems told apart; of what comes on top only the existence is known."""


class Problems:
    """The problems of one source, each under a key (a path, a shard)."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: dict[str, str] = {}
        self._overflow = False

    def note(self, key: str, line: str) -> None:
        """There is this problem now."""
        if self._lines.get(key) == line:
            return
        if key not in self._lines and len(self._lines) >= _KEPT:
            self._overflow = True
            return
        self._lines[key] = line
        log.warning("source_problem", source=self._source, problem=line)

    def clear(self, key: str) -> None:
        """It is over, if it ever was."""
        if self._lines.pop(key, None) is not None and not self._lines:
            self._overflow = False

    def lines(self) -> list[str]:
        """The oldest ones, and how many more there are."""
        every = list(self._lines.values())
        more = len(every) - SHOWN
        if more <= 0:
            return every
        at_least = "at least " if self._overflow else ""
        return [*every[:SHOWN], f"and {at_least}{more} more"]
