"""Wakes whoever waits for something to be different."""

from __future__ import annotations

import asyncio


class Change:
    """Of one loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Whoever waits looks again."""
        self._event.set()

    async def wait(self) -> None:
        """Until something is told. To be called right after looking, with nothing awaited between."""
        self._event.clear()
        await self._event.wait()
