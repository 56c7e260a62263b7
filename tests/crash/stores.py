"""Where the service of a crash run keeps its state: in a file that lasts, or in one that is lost with the container."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any


class State(ABC):
    """To be started and stopped. ack: the point at which sources that have a choice are to be answered."""

    ack: str | None = None

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


STATES: dict[str, type[State]] = {"sqlite": Lasting, "lost": Lost}
"""Kind of store -> state."""
