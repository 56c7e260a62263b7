"""A stream and its lease table in memory, under a clock that is moved by hand, for instances that share them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from trailwarden.aws import AwsError, AwsFailure, Fault
from trailwarden.sources.kinesis_leased import LeaseCustody
from trailwarden.sources.kinesis_leases import Lease
from trailwarden.sources.kinesis_position import TRIM_HORIZON, Position
from trailwarden.sources.kinesis_settings import KinesisSettings
from trailwarden.sources.kinesis_shards import Shard, startable
from trailwarden.sources.problems import Problems

FAILOVER = 10.0
IDENTITY = "stream:1"


def unanswered() -> AwsError:
    return AwsError(AwsFailure(Fault.NETWORK, "ReadTimeoutError", "no answer"))


class Table:
    """As LeaseTable, in memory. `lose_answers`: of so many writes to come; each is carried out all the same."""

    def __init__(self) -> None:
        self.rows: dict[str, Lease] = {}
        self.lose_answers = 0
        self.writes: list[tuple[str, str, Position]] = []

    async def create(self) -> None:
        return

    async def leases(self) -> dict[str, Lease]:
        return dict(self.rows)

    async def lease(self, key: str) -> Lease | None:
        return self.rows.get(key)

    async def add(self, shard: Shard, position: Position, stream: str) -> Lease | None:
        if shard.id in self.rows:
            return None
        return self._set(Lease(shard.id, None, 0, position, stream))

    async def take(self, lease: Lease, owner: str) -> Lease | None:
        row = self.rows[lease.key]
        if (row.counter, row.owner) != (lease.counter, lease.owner):
            return None
        return self._set(replace(row, owner=owner, counter=row.counter + 1))

    async def renew(self, lease: Lease, position: Position) -> Lease | None:
        return self._held(lease, position, lease.owner)

    async def release(self, lease: Lease, position: Position) -> Lease | None:
        return self._held(lease, position, None)

    async def restart(self, lease: Lease, stream: str) -> Lease | None:
        row = self.rows[lease.key]
        if row.counter != lease.counter:
            return None
        return self._set(Lease(row.key, None, row.counter + 1, Position(TRIM_HORIZON), stream))

    async def remove(self, lease: Lease) -> None:
        row = self.rows.get(lease.key)
        if row is not None and row.position.at == lease.position.at:
            del self.rows[lease.key]

    def _held(self, lease: Lease, position: Position, owner: str | None) -> Lease | None:
        row = self.rows.get(lease.key)
        if row is None or (row.counter, row.owner) != (lease.counter, lease.owner):
            return None
        self.writes.append((str(lease.owner), lease.key, position))
        return self._set(replace(row, owner=owner, counter=row.counter + 1, position=position))

    def _set(self, lease: Lease) -> Lease:
        self.rows[lease.key] = lease
        if self.lose_answers:
            self.lose_answers -= 1
            raise unanswered()
        return lease


@dataclass
class Instance:
    """One consumer. reading: shard -> how many of its records it has dealt with since it holds it."""

    custody: LeaseCustody
    reading: dict[str, int] = field(default_factory=dict)


class World:
    """Shards hold numbered records; `acked` has those that somebody dealt with."""

    def __init__(self) -> None:
        self.table = Table()
        self.now = 0.0
        self.shards: dict[str, Shard] = {}
        self.length: dict[str, int] = {}
        self.acked: dict[str, set[int]] = {}
        self.instances: dict[str, Instance] = {}
        self._names = 0

    def now_utc(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def add_shard(self, *parents: str) -> str:
        name = f"shardId-{len(self.length):012d}"
        self.shards[name] = Shard(name, parents)
        self.length[name], self.acked[name] = 0, set()
        return name

    def close_shard(self, name: str) -> None:
        self.shards[name] = replace(self.shards[name], closed=True)

    def start(self, limit: int = 1000) -> Instance:
        world = self

        class Now:
            def now(self) -> datetime:
                return world.now_utc()

        self._names += 1
        document = {
            "kind": "kinesis", "name": "s", "stream": "stream", "lease_table": "table",
            "failover": f"{FAILOVER:g}s", "max_shards": limit,
        }  # fmt: skip
        name = f"instance-{self._names}"
        custody = LeaseCustody(
            KinesisSettings.model_validate(document),
            self.table,  # type: ignore[arg-type]
            name,
            Now(),
            lambda: self.now,
            Problems("s"),
        )
        self.instances[name] = Instance(custody)
        return self.instances[name]

    async def attend(self, instance: Instance) -> None:
        try:
            await instance.custody.attend(self.shards, IDENTITY)
        except AwsError:
            return

    async def keep(self, instance: Instance) -> None:
        try:
            await instance.custody.keep()
        except AwsError:
            return

    def read(self, instance: Instance, records: int) -> None:
        """Of each shard that it holds so many records, from where it was left; the end where there are no more."""
        held = instance.custody.held()
        instance.reading = {shard: done for shard, done in instance.reading.items() if shard in held}
        for shard, position in held.items():
            assert set(startable({shard: self.shards[shard]}, ())) == {shard}
            assert all(self.whole(parent) for parent in self.shards[shard].parents), (
                "a child before its parent"
            )
            done = instance.reading.get(shard, 0 if position.at == TRIM_HORIZON else int(position.at))
            upto = min(self.length[shard], done + records)
            self.acked[shard].update(range(done, upto))
            instance.reading[shard] = upto
            ended = self.shards[shard].closed and upto == self.length[shard]
            at = "SHARD_END" if ended else str(upto) if upto else TRIM_HORIZON
            instance.custody.moved(shard, Position(at))

    def whole(self, shard: str) -> bool:
        return self.acked[shard] == set(range(self.length[shard])) and self.shards[shard].closed

    def check(self) -> None:
        """No row says more than was dealt with."""
        for key, row in self.table.rows.items():
            at = row.position.at
            reached = self.length[key] if at == "SHARD_END" else 0 if at == TRIM_HORIZON else int(at)
            assert set(range(reached)) <= self.acked[key], (key, at)
            if at == "SHARD_END":
                assert self.whole(key)
