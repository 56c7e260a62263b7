"""Standard input, output and error, where whoever has started us has closed them.

Keeps: nothing that is opened later gets one of their numbers: what is meant for people would be written into it.
"""

from __future__ import annotations

import os
import sys
from typing import Final

_STREAMS: Final = (0, 1, 2)


def held() -> None:
    """See that there is something behind each. Without a standard output Python's stays None: whoever needs it says so."""
    for number in _STREAMS:
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    if sys.stderr is None:  # so Python says of one that was closed
        sys.stderr = os.fdopen(_STREAMS[-1], "w", closefd=False)


def has_output() -> bool:
    """Whether there is a standard output."""
    return sys.stdout is not None
