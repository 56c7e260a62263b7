"""What one instance alone does for all that share a store: tell of the coverage, read a source whose place the store keeps.

Keeps: nobody begins before the one before it has given up or has been silent for a whole lease.

Next: `trailwarden.store.leases`; `sole_readers` and `coverage`, which take turns.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from trailwarden.errors import StoreError
from trailwarden.model import Clock
from trailwarden.store import Lease, Store

_GIVING_UP: Final = 2.0
"""Seconds that giving up may take: a lease ends by itself."""


def holder() -> str:
    """This process: where it runs, and what tells it apart from any other there."""
    return f"{socket.gethostname()}/{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True)
class Turn:
    """One such thing, for one instance. lasts: after the last `take()`."""

    store: Store
    clock: Clock
    name: str
    holder: str
    lasts: timedelta

    async def take(self) -> Lease:
        """Take or renew it; the lease as it is then, ours or another's. Raises StoreError."""
        now = self.clock.now()
        return await self.store.lease(Lease(self.name, self.holder, now + self.lasts), now)

    def is_ours(self, lease: Lease) -> bool:
        """Whether it is this instance's."""
        return lease.holder == self.holder

    async def give_up(self) -> None:
        """Let the next one begin at once."""
        now = self.clock.now()
        with contextlib.suppress(StoreError, TimeoutError):
            async with asyncio.timeout(_GIVING_UP):
                lease = await self.take()
                if self.is_ours(lease):
                    await self.store.lease(Lease(self.name, self.holder, now), now)
