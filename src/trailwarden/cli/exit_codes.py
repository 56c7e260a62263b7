"""The exit codes of every command."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """0 and nothing else is good."""

    GOOD = 0
    BAD = 1  # the thing looked for is bad: a match with --fail-on-match, a gap, nothing found (pattern test)
    USAGE = 2  # the command line or the configuration cannot be used
    UNKNOWN = 3  # it could not be decided or done: the store is away, alerts are left undelivered
    PARTIAL = 4  # part of the input could not be read or decoded
