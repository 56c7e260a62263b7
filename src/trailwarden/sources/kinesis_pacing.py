"""When a shard may be asked again. Pure.

Keeps: five calls and 2 MiB a second for each shard, which all consumers of a stream share; a shard that has nothing new, or whose
limit others use up, is asked less often.

Rule: Kinesis API reference, GetRecords: five transactions and 2 MiB a second and shard; after an answer of 10 MiB calls fail for
the next five seconds.
"""

from __future__ import annotations

from typing import Final

CALLS: Final = 5
"""A second and shard."""
BYTES: Final = 2 * 1024 * 1024
"""A second and shard."""
_FIRST: Final = 0.5
_LONGEST: Final = 10.0
_FAILED: Final = (1.0, 2.0, 5.0, 10.0, 30.0)


def after_answer(size: int, more: bool, poll: float) -> float:
    """Seconds to wait after an answer of `size` bytes. more: it was not all that there is; poll: seconds between two looks."""
    needed = max(1 / CALLS, size / BYTES)
    return needed if more else max(needed, poll)


def after_throttling(times: int, chance: float) -> float:
    """Seconds to wait when the limit was exceeded `times` in a row. chance: 0 to 1, so that not everybody returns at once."""
    ceiling = min(_LONGEST, _FIRST * 2.0 ** min(times - 1, 10))
    return ceiling / 2 + ceiling / 2 * chance


def after_failure(times: int) -> float:
    """Seconds to wait when there was no answer `times` in a row."""
    return _FAILED[min(times, len(_FAILED)) - 1]
