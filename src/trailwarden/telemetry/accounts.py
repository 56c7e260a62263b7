"""The account of events: four counters that are raised, and read, as one.

Keeps: seen = matched + unmatched + quarantined for every source at every scrape, whatever the threads do: a count is
added under a lock, and a scrape takes one copy under the same lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

FIELDS: Final = ("seen", "matched", "unmatched", "quarantined")
ACCOUNT: Final[Mapping[str, str]] = {f"events_{field}_total": field for field in FIELDS}
"""The metrics of the account, and the field of each."""


@dataclass(frozen=True, slots=True)
class EventCounts:
    """Events of one source, or of all. Raises ValueError for an account that does not add up, or counts backwards."""

    seen: int = 0
    matched: int = 0
    unmatched: int = 0
    quarantined: int = 0

    def __post_init__(self) -> None:
        parts = (self.matched, self.unmatched, self.quarantined)
        if self.seen != sum(parts) or min(parts) < 0:
            raise ValueError(f"{self.seen} events seen are not {' + '.join(map(str, parts))}")

    def __add__(self, other: EventCounts) -> EventCounts:
        return EventCounts(
            self.seen + other.seen,
            self.matched + other.matched,
            self.unmatched + other.unmatched,
            self.quarantined + other.quarantined,
        )


class EventAccount:
    """Counts by source. Thread-safe."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._lock = Lock()
        self._counts = {source: EventCounts() for source in sources}

    def add(self, source: str, counts: EventCounts) -> None:
        """Raise the four together."""
        with self._lock:
            self._counts[source] = self._counts.get(source, EventCounts()) + counts

    def snapshot(self) -> Mapping[str, EventCounts]:
        """All sources at one moment."""
        with self._lock:
            return dict(self._counts)
