"""How many events of a stream may be looked into for their account and Region: some in each second, for each source.

Keeps: what coverage costs is bounded, however fast a stream is; a slow one is looked at whole. A run must be split to be looked
into, which takes longer than parsing some events of it, so that those of a fast stream are taken many at once.
"""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Final

PER_SECOND: Final = 300
"""Parsing so many takes a few milliseconds."""
_LOOKS: Final = 5
"""In how many looks a second, at the most, a fast stream's are taken."""


class Looks:
    """Thread-safe."""

    def __init__(self, per_second: int = PER_SECOND) -> None:
        self._per_second = per_second
        self._left: dict[str, tuple[float, datetime]] = {}
        self._lock = threading.Lock()

    def take(self, source: str, wanted: int, now: datetime) -> int:
        """How many of the wanted may be looked into now."""
        with self._lock:
            left, since = self._left.get(source, (float(self._per_second), now))
            gained = max(0.0, (now - since).total_seconds()) * self._per_second
            left = min(float(self._per_second), left + gained)
            taken = min(wanted, int(left))
            if taken < min(wanted, self._per_second // _LOOKS):
                taken = 0
            self._left[source] = (left - taken, now)
            return taken
