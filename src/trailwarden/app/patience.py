"""A start that meets a store which is away: it waits, as the running service would.

Keeps: what waiting does not mend (a wrong password, a schema of a newer version) ends the start at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog

from trailwarden.errors import StoreAwayError
from trailwarden.waiting import set_within

log = structlog.get_logger(__name__)

T = TypeVar("T")

_PAUSES: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between tries; the last one repeats."""


async def patiently(ask: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T:
    """What `ask` gives, once the store is there. Raises what else it raises, and StoreAwayError when the stop comes first."""
    tries = 0
    while True:
        try:
            return await ask()
        except StoreAwayError as fault:
            log.warning("start_waits_for_store", error=str(fault))
            if await set_within(stop, _PAUSES[min(tries, len(_PAUSES) - 1)]):
                raise
            tries += 1
