"""SIGTERM and Ctrl-C: the first one asks for a stop, the second one ends the process at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def stop_on_signal(stop: asyncio.Event) -> Iterator[None]:
    """Within the block a first signal sets `stop`; a second one ends the process with 128 + its number, cleaning up nothing.

    Nothing is lost by that: what was not acked or settled comes again at the next start.
    """
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        stop.set()

    for number in _SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
