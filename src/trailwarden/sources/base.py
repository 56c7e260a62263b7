"""The contract of a source: hand over batches; be told, once per batch, what became of it.

Keeps: a source holds no decision about alerts. It never gives up a batch that was not acked, and what it cannot read
it reports as a fault, never as silence.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from trailwarden.aws import AwsSettings
from trailwarden.model import Batch, Checkpoint, Clock


async def _nothing(_keys: Sequence[str]) -> Collection[str]:
    return ()


async def _unsaved(_checkpoints: Sequence[Checkpoint]) -> None:
    return


@dataclass(frozen=True, slots=True)
class Given:
    """What a source gets from outside, besides its settings.

    checkpoints: key -> value, as the store has them of the source of this name; known: which of these keys the inventory
    has, may raise StoreError; save: commits checkpoints outside of a batch, durable when it returns, may raise StoreError; aws:
    for sources at AWS.
    """

    clock: Clock
    checkpoints: Mapping[str, str] = field(default_factory=dict)
    known: Callable[[Sequence[str]], Awaitable[Collection[str]]] = _nothing
    save: Callable[[Sequence[Checkpoint]], Awaitable[None]] = _unsaved
    aws: AwsSettings = field(default_factory=AwsSettings)


class SourceState(StrEnum):
    """How a source is doing, for health."""

    STARTING = "starting"
    RUNNING = "running"
    FAILING = "failing"  # cannot read at all now; tries again by itself
    FINISHED = "finished"  # has nothing more to give (`once`)


@dataclass(slots=True)
class SourceStatus:
    """A snapshot for health. last_success: last poll that went through, also an empty one. problems: one line each, bounded;
    passed_over: what was not read on purpose, why -> how many since the start; behind: how far the reading is behind the newest
    of a stream, None where it is not known; missed: messages of a stream that were gone before
    they could be read, since the start.
    """

    state: SourceState = SourceState.STARTING
    last_success: datetime | None = None
    detail: str = ""
    problems: list[str] = field(default_factory=list)
    passed_over: Mapping[str, int] = field(default_factory=dict)
    behind: timedelta | None = None
    missed: int | None = None


class Source(Protocol):
    """Where batches come from."""

    name: str
    kind: str

    async def open(self) -> None:
        """Get ready. Raises ConfigError where the settings cannot work, SourceError where the world does not allow it now."""
        ...

    async def read(self, limit: int) -> Sequence[Batch]:
        """Wait for work and return 1 to `limit` batches; an empty sequence means: nothing will ever come again.

        Cancellation-safe: a cancelled read loses nothing. Transient faults are handled inside (status says so).
        """
        ...

    def status(self) -> SourceStatus:
        """A snapshot; never blocks."""
        ...

    async def close(self) -> None:
        """Release everything. Batches in flight may still be acked afterwards without harm. Idempotent."""
        ...
