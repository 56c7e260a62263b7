"""Custody of the shards by leases: several instances share a stream through a table.

Keeps: a shard is ours only while its lease was renewed within the failover time, by our own clock, counted from before the call.
From then on nothing more of it is handed on and nothing is written; somebody else may have it. A lease is left at stop, so that
nobody has to wait for it.

Next: `kinesis_lease_table`, the calls; `kinesis_leases`, the decisions.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from trailwarden.aws import AwsError, Fault
from trailwarden.model import Clock
from trailwarden.sources.kinesis_lease_table import LeaseTable
from trailwarden.sources.kinesis_leases import Lease, Watch, to_take
from trailwarden.sources.kinesis_position import Position, first_position
from trailwarden.sources.kinesis_settings import KinesisSettings
from trailwarden.sources.kinesis_shards import Shard, startable
from trailwarden.sources.problems import Problems

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 16
"""Writes under way at once."""
_Write = Callable[[Lease, Position], Awaitable[Lease | None]]


@dataclass(slots=True)
class _Held:
    """until: when it may be somebody else's, by our clock; position: what was reached, written or not."""

    lease: Lease
    position: Position
    until: float


class LeaseCustody:
    """The shards whose leases are ours. owner: our name in the table, of this process alone."""

    def __init__(
        self,
        settings: KinesisSettings,
        table: LeaseTable,
        owner: str,
        clock: Clock,
        monotonic: Callable[[], float],
        problems: Problems,
    ) -> None:
        """monotonic: seconds; cannot be set."""
        self.owner = owner
        self._settings = settings
        self._table = table
        self._clock = clock
        self._monotonic = monotonic
        self._problems = problems
        self._failover = settings.failover.total_seconds()
        self.beat = self._failover / 3
        self._watch = Watch(self._failover)
        self._held: dict[str, _Held] = {}
        self._calls = asyncio.Semaphore(_AT_ONCE)

    async def attend(self, shards: Mapping[str, Shard], identity: str) -> None:
        asked = self._monotonic()
        leases = await self._leases()
        self._watch.look(leases, asked)
        leases = await self._of_this_stream(leases, shards, identity)
        leases |= await self._added(shards, leases, identity)
        await self._tidied(shards, leases)
        may_start = {*startable(shards, _finished(leases)), *(leases.keys() - shards.keys())}
        open_ones = [
            lease for lease in leases.values() if not lease.position.ended and lease.key in may_start
        ]
        expired, limit = self._watch.expired(asked), self._settings.max_shards
        wanted = to_take(open_ones, expired, self.held().keys(), self.owner, limit, random.shuffle)
        await asyncio.gather(*(self._take(lease) for lease in wanted))

    async def keep(self) -> None:
        failures = await asyncio.gather(
            *(self._renew(key) for key in list(self._held)), return_exceptions=True
        )
        self._raise_first(failures)

    def held(self) -> Mapping[str, Position]:
        return {key: one.position for key, one in list(self._held.items()) if self.holding(key) is not None}

    def holding(self, shard: str) -> object | None:
        held = self._held.get(shard)
        if held is not None and held.until <= self._monotonic():
            self._lose(shard, "it could not be renewed in time")
            return None
        return held if held is not None and not held.position.ended else None

    def moved(self, shard: str, position: Position) -> None:
        if self.holding(shard) is not None:
            self._held[shard].position = position

    async def release(self) -> None:
        failures = await asyncio.gather(
            *(self._leave(key) for key in list(self._held)), return_exceptions=True
        )
        self._raise_first(failures)

    # --- the table --------------------------------------------------------------------------------------------

    async def _leases(self) -> dict[str, Lease]:
        try:
            return await self._table.leases()
        except AwsError as fault:
            if fault.failure.fault is not Fault.NOT_FOUND or not self._settings.create_lease_table:
                raise
        await self._table.create()
        return await self._table.leases()

    async def _of_this_stream(
        self, leases: Mapping[str, Lease], shards: Mapping[str, Shard], identity: str
    ) -> dict[str, Lease]:
        """Rows of an earlier stream of the same name begin again where this one has the shard, and go where it has not: a shard
        that comes later bears the same name. Those of another stream are nothing to us, and are told of.
        """
        ours: dict[str, Lease] = {}
        strangers = 0
        name = identity.partition(":")[0]
        for key, lease in leases.items():
            if lease.stream in ("", identity):
                ours[key] = lease
            elif lease.stream.partition(":")[0] != name:
                strangers += 1
            else:
                log.warning("stream_made_again", shard=key, before=lease.stream, now=identity)
                self._held.pop(key, None)
                if key not in shards:
                    await self._table.remove(lease)
                    continue
                begun = await self._table.restart(lease, identity)
                if begun is not None:
                    ours[key] = begun
        table = self._settings.lease_table
        if strangers:
            line = f"{table} has {strangers} leases of another stream; give each stream a table of its own"
            self._problems.note("table", line)
        else:
            self._problems.clear("table")
        return ours

    async def _added(
        self, shards: Mapping[str, Shard], leases: Mapping[str, Lease], identity: str
    ) -> dict[str, Lease]:
        """Rows for the shards that may be read and have none."""
        now, begun = self._clock.now(), bool(leases)
        missing = [key for key in startable(shards, _finished(leases)) if key not in leases]

        async def add(shard: Shard) -> Lease | None:
            async with self._calls:
                position = first_position(self._settings.start, shard.closed, now, begun)
                return await self._table.add(shard, position, identity)

        added = await asyncio.gather(*(add(shards[key]) for key in missing))
        return {lease.key: lease for lease in added if lease is not None}

    async def _tidied(self, shards: Mapping[str, Shard], leases: Mapping[str, Lease]) -> None:
        """Rows of finished shards that the stream has no more: no child asks for them."""
        gone = [lease for lease in leases.values() if lease.position.ended and lease.key not in shards]
        for lease in gone if shards else ():
            await self._table.remove(lease)

    async def _take(self, lease: Lease) -> None:
        async with self._calls:
            asked = self._monotonic()
            taken = await self._table.take(lease, self.owner)
        if taken is None or taken.position.ended:
            return
        self._held[taken.key] = _Held(taken, taken.position, asked + self._failover)
        log.info("lease_taken", shard=taken.key, before=lease.owner or "", at=taken.position.at)

    async def _renew(self, key: str) -> None:
        held = self._held.get(key)
        if held is None:
            return  # lost since the round began
        reached = held.position
        write = self._table.release if reached.ended else self._table.renew
        async with self._calls:
            asked = self._monotonic()
            renewed = await self._written(held, reached, write)
        if self._held.get(key) is not held:
            return
        if renewed is None:
            self._lose(key, "somebody else has it")
        elif reached.ended:
            del self._held[key]
            log.info("shard_finished", shard=key)
        else:
            held.lease, held.until = renewed, asked + self._failover

    async def _leave(self, key: str) -> None:
        held = self._held.pop(key, None)
        if held is None:
            return
        async with self._calls:
            await self._written(held, held.position, self._table.release)

    async def _written(self, held: _Held, position: Position, write: _Write) -> Lease | None:
        """Where the counter is not as we left it, a write of ours may have arrived whose answer did not: it is ours still."""
        written = await write(held.lease, position)
        if written is not None:
            return written
        current = await self._table.lease(held.lease.key)
        if current is None or current.owner != self.owner:
            return None
        held.lease = current
        return await write(current, position)

    def _lose(self, key: str, why: str) -> None:
        held = self._held.pop(key)
        log.warning("lease_lost", shard=key, why=why, at=held.position.at)

    @staticmethod
    def _raise_first(outcomes: Sequence[object]) -> None:
        """All were tried; the first failure stands for them."""
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome


def _finished(leases: Mapping[str, Lease]) -> Collection[str]:
    return {key for key, lease in leases.items() if lease.position.ended}
