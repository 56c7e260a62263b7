"""Who reads which shard, and where each was left: the contract, and the form for one instance, which keeps it in the store.

Keeps: a position is written only while the shard is ours, and never one that passes what is not acked. Where nobody knows a
position, a shard is read from the place where reading began, never from later on.

Next: `kinesis_leases`, the form for several instances.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Final, Protocol

from trailwarden.model import Checkpoint, Clock
from trailwarden.sources import kinesis_position as positions
from trailwarden.sources.base import Given
from trailwarden.sources.kinesis_position import TRIM_HORIZON, Position, first_position
from trailwarden.sources.kinesis_shards import Shard, startable

IDENTITY: Final = "stream"
"""Checkpoint: which stream the others are of."""
_FLUSH: Final = 1.0
_THROUGH: Final = 60.0
"""Seconds after which a position is written that has moved in time alone."""


class Custody(Protocol):
    """What a source needs to know about its shards. beat: seconds between two calls of `keep`."""

    beat: float

    async def attend(self, shards: Mapping[str, Shard], identity: str) -> None:
        """One look, with the shards as they are now: take up what there is to take up. Raises AwsError or StoreError."""
        ...

    async def keep(self) -> None:
        """Write what has moved, and keep what is ours. Raises AwsError or StoreError."""
        ...

    def held(self) -> Mapping[str, Position]:
        """The shards that are ours to read now, and where each was left. None of a finished one."""
        ...

    def holding(self, shard: str) -> object | None:
        """None where it is not ours to read at this moment. When it was lost and taken again, another object than before."""
        ...

    def moved(self, shard: str, position: Position) -> None:
        """Everything up to there is dealt with. Without effect where the shard is not ours any more."""
        ...

    async def release(self) -> None:
        """Write what has moved, and leave everything to others. Raises AwsError or StoreError."""
        ...


class StoreCustody:
    """Every shard is ours."""

    beat = _FLUSH

    def __init__(self, source: str, given: Given, start: str | datetime) -> None:
        self._source = source
        self._given = given
        self._clock: Clock = given.clock
        self._start = start
        self._identity = given.checkpoints.get(IDENTITY, "")
        known = ((key, positions.read(value)) for key, value in given.checkpoints.items() if key != IDENTITY)
        self._known: dict[str, Position] = {key: position for key, position in known if position is not None}
        self._held: set[str] = set()
        self._unwritten: dict[str, Position] = {}
        self._written: dict[str, Position] = dict(self._known)
        self._writing = asyncio.Lock()

    async def attend(self, shards: Mapping[str, Shard], identity: str) -> None:
        begun = bool(self._identity)
        fresh = {} if identity == self._identity else {name: Position(TRIM_HORIZON) for name in self._known}
        now = self._clock.now()
        for name in shards.keys() - self._known.keys():
            fresh[name] = first_position(self._start, shards[name].closed, now, begun)
        if fresh or identity != self._identity:
            # Before anything is read, and all at once: a stop must not make the beginning a later one.
            await self._write(fresh, [Checkpoint(self._source, IDENTITY, identity)])
            self._known.update(fresh)
            self._identity = identity
        self._held = {name for name in startable(shards, self._finished()) if not self._known[name].ended}

    async def keep(self) -> None:
        due = {name: position for name, position in self._unwritten.items() if self._is_due(name, position)}
        if due:
            await self._write(due, [])

    def held(self) -> Mapping[str, Position]:
        return {name: self._known[name] for name in self._held if not self._known[name].ended}

    def holding(self, shard: str) -> object | None:
        return self if shard in self._held and not self._known[shard].ended else None

    def moved(self, shard: str, position: Position) -> None:
        self._known[shard] = self._unwritten[shard] = position

    async def release(self) -> None:
        await self._write(dict(self._unwritten), [])

    def _finished(self) -> Collection[str]:
        return {name for name, position in self._known.items() if position.ended}

    def _is_due(self, name: str, position: Position) -> bool:
        """A position that moved in time alone is worth a write now and then only."""
        before = self._written.get(name)
        if before is None or before.at != position.at or before.through is None or position.through is None:
            return True
        return (position.through - before.through).total_seconds() >= _THROUGH

    async def _write(self, moved: Mapping[str, Position], more: Sequence[Checkpoint]) -> None:
        async with self._writing:
            rows = [
                Checkpoint(self._source, name, positions.written(position))
                for name, position in moved.items()
            ]
            if rows or more:
                await self._given.save([*rows, *more])
            for name, position in moved.items():
                self._written[name] = position
                if self._unwritten.get(name) == position:
                    del self._unwritten[name]
