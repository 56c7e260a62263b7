"""Waiting for an event, but not for longer than so many seconds."""

from __future__ import annotations

import asyncio


async def set_within(event: asyncio.Event, seconds: float | None) -> bool:
    """Whether it came in time; None: it is waited for however long it takes.

    Not `asyncio.wait_for`: in Python 3.11 that loses a cancellation which comes in the same moment as the event, and whoever
    waits in a loop goes on after its end.
    """
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
