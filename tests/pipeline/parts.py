"""Sinks, sources, batches and a clock that do as they are told."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trailwarden.errors import UnusableError
from trailwarden.model import Alert, Batch, Checkpoint, Origin, Run
from trailwarden.sinks import DELIVERED, Outcome
from trailwarden.sources import SourceStatus
from trailwarden.store import Store, StoreSettings, open_store


@dataclass
class HandClock:
    """A clock that moves when it is told to."""

    moment: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def advance(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class ScriptedSink:
    """Answers with the next of the script; delivered when there is none left. An exception in the script is raised."""

    name: str = "sink"
    kind: str = "scripted"
    script: deque[Outcome | Exception] = field(default_factory=deque)
    sent: list[str] = field(default_factory=list)
    gate: asyncio.Event | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    delivered: set[str] = field(default_factory=set)

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def send(self, alert: Alert, attempt: int) -> Outcome:
        async with self.changed:
            self.sent.append(alert.id)
            self.changed.notify_all()
        if self.gate is not None:
            await self.gate.wait()
        step = self.script.popleft() if self.script else DELIVERED
        if isinstance(step, Exception):
            raise step
        if step is DELIVERED:
            async with self.changed:
                self.delivered.add(alert.id)
                self.changed.notify_all()
        return step

    async def until(self, reached: Callable[[], bool]) -> None:
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(reached)


class MemoryBatch(Batch):
    """A payload in memory that notes its answers."""

    def __init__(self, key: str, payload: bytes | Exception) -> None:
        self.origin = Origin("memory", "memory", f"memory:{key}")
        self.key = key
        self.received_at = datetime(2026, 1, 1, tzinfo=UTC)
        self.size_hint = len(payload) if isinstance(payload, bytes) else 100
        self._payload = payload
        self.answers: list[str] = []
        self.loads = 0
        self.slimmed = 0

    def slim(self) -> None:
        self.slimmed += 1

    def load(self) -> bytes:
        self.loads += 1
        if isinstance(self._payload, Exception):
            raise self._payload
        return self._payload

    @property
    def checkpoint(self) -> Checkpoint | None:
        return Checkpoint("memory", self.key, "done")

    async def ack(self) -> None:
        self.answers.append("ack")

    async def nack(self, reason: str) -> None:
        if "ack" not in self.answers:
            self.answers.append(f"nack: {reason}")


class MemoryRun(Run):
    """Payloads in memory, numbered from `first` on."""

    def __init__(self, first: int, payloads: Sequence[bytes | UnusableError]) -> None:
        self.origin = Origin("memory", "memory", f"stream@{first}-{first + len(payloads) - 1}")
        self.key = self.origin.locator
        self.received_at = datetime(2026, 1, 1, tzinfo=UTC)
        self.size_hint = 100
        self._first = first
        self._payloads = payloads
        self.answers: list[str] = []

    def payloads(self) -> Sequence[bytes | UnusableError]:
        return self._payloads

    def origin_of(self, index: int) -> Origin:
        offset = self._first + index
        return Origin("memory", "memory", f"stream@{offset}", {"offset": offset})

    async def ack(self) -> None:
        self.answers.append("ack")

    async def nack(self, reason: str) -> None:
        self.answers.append(f"nack: {reason}")


@dataclass
class MemorySource:
    """Hands over its batches, then ends (or waits, with `endless`)."""

    batches: deque[Batch]
    endless: bool = False
    name: str = "memory"
    kind: str = "memory"

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    def status(self) -> SourceStatus:
        return SourceStatus()

    async def read(self, limit: int) -> Sequence[Batch]:
        if not self.batches and self.endless:
            await asyncio.Event().wait()
        return [self.batches.popleft() for _ in range(min(limit, len(self.batches)))]


@asynccontextmanager
async def a_store(folder: Path) -> AsyncIterator[Store]:
    """A real store in a file."""
    store = await open_store(StoreSettings(url=f"sqlite:///{folder / 'state.db'}"))
    try:
        yield store
    finally:
        await store.close()
