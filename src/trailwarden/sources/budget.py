"""Room for bytes in flight.

Keeps: what was taken and not given back is at most the limit, or one piece that is larger than the limit, alone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque


class Budget:
    """Hands out room in the order in which it was asked for."""

    def __init__(self, limit: int) -> None:
        """limit: bytes."""
        self._limit = limit
        self._taken = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def taken(self) -> int:
        """Bytes."""
        return self._taken

    async def take(self, size: int) -> None:
        """Wait until there is room. When cancelled, nothing was taken."""
        if self.take_now(size):
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(size)  # its turn had come in the same moment
            else:
                with contextlib.suppress(ValueError):  # it may have been passed over already
                    self._waiting.remove((size, turn))
                self._serve()
            raise

    def take_now(self, size: int) -> bool:
        """Whether there was room, which is taken then."""
        if self._waiting or not self._fits(size):
            return False
        self._taken += size
        return True

    def give(self, size: int) -> None:
        """Room is free again."""
        self._taken -= size
        if self._waiting:
            self._serve()

    def _fits(self, size: int) -> bool:
        return self._taken == 0 or self._taken + size <= self._limit

    def _serve(self) -> None:
        while self._waiting:
            size, turn = self._waiting[0]
            # Of those that are cancelled in the same moment, not every one has left the queue yet.
            if not turn.cancelled():
                if not self._fits(size):
                    return
                self._taken += size
                turn.set_result(None)
            self._waiting.popleft()
