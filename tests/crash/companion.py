"""A second instance of the service on the same feed, with a store of its own: it comes and goes while the first one is killed."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable

Start = Callable[[], Awaitable[asyncio.subprocess.Process]]


class Companion:
    """start: begins a process of it."""

    def __init__(self, start: Start, chance: random.Random) -> None:
        self._start = start
        self._chance = chance
        self._process: asyncio.subprocess.Process | None = None

    async def come_or_go(self) -> None:
        """Started, stopped or killed, or left as it is."""
        if self._process is None:
            if self._chance.random() < 0.7:
                await self.come()
        elif self._chance.random() < 0.6:
            await self.go(signal.SIGKILL if self._chance.random() < 0.5 else signal.SIGTERM)

    async def come(self) -> None:
        """Be there."""
        if self._process is None:
            self._process = await self._start()

    async def go(self, number: int) -> None:
        """Be gone. It must not have ended by itself."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.returncode is None, f"the second instance ended with exit code {process.returncode}"
        process.send_signal(number)
        await asyncio.wait_for(process.wait(), 40)
