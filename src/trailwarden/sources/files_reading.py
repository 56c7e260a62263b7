"""Many files looked at, or read, in one call where that was compiled; else there is no answer, and each goes by itself.

Keeps: what is answered is what looking at the file, or reading it, by itself would have given. An answer that is None says
nothing about a file: asking by itself does.

Next: `trailwarden.sources.files_spool`, which looks, and `trailwarden.sources.files_batch`, which reads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

try:
    from trailwarden.sources import _files
except ImportError:  # no compiler at installation
    COMPILED = False
else:
    COMPILED = True

GROUP: Final = 256
"""Files that are looked at in one call: what is read ahead of them is small."""

Status = tuple[int, int, int]
"""Mode, size in bytes, time of the last change in nanoseconds."""


def statuses(paths: Sequence[str]) -> Sequence[Status | None]:
    """Of some paths, at most 4096."""
    return _files.statuses(tuple(paths)) if COMPILED else [None] * len(paths)


def contents(expected: Sequence[tuple[str, tuple[int, int]]]) -> Sequence[bytes | None]:
    """Of some paths, at most 4096, each with the size and the time that its file must have."""
    if not COMPILED:
        return [None] * len(expected)
    return _files.contents(tuple(path for path, _ in expected), tuple(version for _, version in expected))
