"""Many expressions looked for at once, by hyperscan.

Keeps: thread-safe; the GIL is released while it searches.

Next: `trailwarden.detection.prefilter`, which imports this only where its rules have no anchor, or the anchor is not enough.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import hyperscan


class MultiSearch:
    """Compiled once. A scratch space may not be shared by two scans at a time: each thread has its own."""

    def __init__(self, expressions: Sequence[str]) -> None:
        """expressions: over raw bytes, as latin-1."""
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=[expression.encode("latin-1") for expression in expressions],
            ids=list(range(len(expressions))),
            flags=[0] * len(expressions),
        )
        self._of_thread = threading.local()

    def ends(self, data: bytes, most: int) -> list[int] | None:
        """Offsets, ascending, of the last byte of each place found; None: more than `most`."""
        ends: list[int] = []

        def found(_id: int, _start: int, end: int, _flags: int, _context: object) -> bool:
            ends.append(end - 1)
            return len(ends) > most

        scratch = getattr(self._of_thread, "scratch", None)
        if scratch is None:
            scratch = self._of_thread.scratch = hyperscan.Scratch(self._database)
        try:
            self._database.scan(data, match_event_handler=found, scratch=scratch)
        except hyperscan.ScanTerminated:
            return None
        ends.sort()
        return ends
