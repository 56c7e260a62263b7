"""Where the service of a crash run keeps its state: in a file that lasts, in one that is lost with the container, or on a
server that crashes, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from tests.peers.postgresql import PostgresServer


class State(ABC):
    """To be started and stopped. ack: the point at which sources that have a choice are to be answered."""

    ack: str | None = None
    instances = 1
    """Services that run on it at once."""

    @abstractmethod
    def __init__(self, folder: Path) -> None:
        """folder: to work in."""

    async def start(self) -> None:
        """Be there."""
        return

    async def stop(self) -> None:
        """Be gone."""
        return

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """The section `store`."""

    async def killed(self) -> None:
        """The service was killed."""
        return

    async def calm(self) -> None:
        """From now on nothing happens to it."""
        return


class Lasting(State):
    """A database in a file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "state.db"

    def settings(self) -> dict[str, Any]:
        return {"url": f"sqlite:///{self.path}"}


class Lost(Lasting):
    """A container without a volume: the file is gone after each kill, so that acks must wait for delivery."""

    ack = "delivered"

    async def killed(self) -> None:
        for path in self.path.parent.glob(f"{self.path.name}*"):
            path.unlink()


class Postgres(State):
    """A PostgreSQL that instances share, and that crashes and comes back at random, whatever is under way."""

    instances = 2

    def __init__(self, folder: Path) -> None:
        self.server = PostgresServer(durable=True)
        self.crashes = 0
        self._over = asyncio.Event()
        self._crashing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        try:
            await asyncio.to_thread(self.server.create)
            await asyncio.to_thread(self.server.start)
        except BaseException:
            self.server.remove()
            raise
        self._crashing = asyncio.create_task(self._crash_at_random())

    async def stop(self) -> None:
        await self.calm()
        await asyncio.to_thread(self.server.remove)

    def settings(self) -> dict[str, Any]:
        return {"url": self.server.url, "connect_timeout": "2s", "statement_timeout": "2s", "pool_size": 4}

    async def calm(self) -> None:
        self._over.set()
        if self._crashing is not None:
            await self._crashing

    async def _crash_at_random(self) -> None:
        chance = random.Random(str(self.server.folder))
        while not await self._over_within(chance.uniform(0.5, 3.0)):
            await asyncio.to_thread(self.server.crash)
            await self._over_within(chance.uniform(0.0, 0.5))
            await asyncio.to_thread(self.server.start)
            self.crashes += 1

    async def _over_within(self, seconds: float) -> bool:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
        return self._over.is_set()


STATES: dict[str, type[State]] = {"sqlite": Lasting, "lost": Lost, "postgresql": Postgres}
"""Kind of store -> state."""
