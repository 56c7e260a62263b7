"""What keeps shards from being read, for a status: one line for all shards that fail alike.

Keeps: a line stands while one of its shards fails; what was lost stays told until the next start.
"""

from __future__ import annotations

from trailwarden.aws import AwsError
from trailwarden.sources.problems import Problems


class Faults:
    """Of one source."""

    def __init__(self, stream: str, problems: Problems) -> None:
        self._stream = stream
        self._problems = problems
        self._of: dict[str, str] = {}
        self._lines: dict[str, str] = {}

    @property
    def first(self) -> str:
        """One line; "" where no shard fails."""
        return next(iter(self._lines.values()), "")

    def __len__(self) -> int:
        """Shards that fail now."""
        return len(self._of)

    def failed(self, shard: str, fault: AwsError) -> None:
        """It cannot be read now."""
        code = fault.failure.code
        if self._of.get(shard) != code:
            self.recovered(shard)
            self._of[shard] = code
        self._lines.setdefault(code, f"{self._stream}: {fault.failure.detail}")
        self._problems.note(f"fault {code}", self._lines[code])

    def recovered(self, shard: str) -> None:
        """It was read, or is not ours any more."""
        code = self._of.pop(shard, None)
        if code is not None and code not in self._of.values():
            self._lines.pop(code, None)
            self._problems.clear(f"fault {code}")

    def lost(self, shard: str, line: str) -> None:
        """Records of it were never read, and never will be."""
        self._problems.note(f"lost {shard} {line}", f"LOST: {self._stream} {shard}: {line}")
