"""Which leases to take: those whose owner is gone, and a fair share of the others. Pure; times come in.

Keeps: a lease whose counter moves is never called expired, and one whose counter rests is, after the failover time, by whoever
looks on. Shares differ by one at the most when nobody comes or goes.

Rules: the lease table and the taking of leases of the Kinesis Client Library (awslabs/amazon-kinesis-client: Lease,
DynamoDBLeaseSerializer, DynamoDBLeaseTaker).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from trailwarden.sources.kinesis_position import Position

_AT_ONCE: Final = 5
"""Leases that are taken away from a living owner at once: each costs a moment in which two read the shard."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A row. key: the shard's id; counter: raised by each write of its owner; stream: which one it is of, "" if unsaid."""

    key: str
    owner: str | None
    counter: int
    position: Position
    stream: str = ""


class Watch:
    """Looks on at the counters, by a clock of its own (seconds; cannot be set). No clock of another machine is believed."""

    def __init__(self, failover: float) -> None:
        self._failover = failover
        self._seen: dict[str, tuple[int, float]] = {}

    def look(self, leases: Mapping[str, Lease], now: float) -> None:
        """The rows as they were read at `now` at the earliest."""
        seen: dict[str, tuple[int, float]] = {}
        for key, lease in leases.items():
            before = self._seen.get(key)
            seen[key] = before if before is not None and before[0] == lease.counter else (lease.counter, now)
        self._seen = seen

    def expired(self, now: float) -> frozenset[str]:
        """The leases whose counter has rested for the failover time."""
        return frozenset(key for key, (_, since) in self._seen.items() if now - since >= self._failover)


def to_take(
    leases: Collection[Lease],
    expired: Collection[str],
    held: Collection[str],
    me: str,
    limit: int,
    shuffle: Callable[[list[Lease]], None],
) -> Sequence[Lease]:
    """The leases to try for, in this order. leases: of shards that may be read and are not finished; held: those that we
    have; what stands in our name besides, we were too late to renew; limit: to hold at the most.

    Free ones up to an even share; where there are none, one of the instance that has most, when that makes it more even.
    """
    free = [
        lease
        for lease in leases
        if lease.owner is None or (lease.key not in held and (lease.owner == me or lease.key in expired))
    ]
    taken = {lease.key for lease in free}
    counts = Counter({me: 0})
    counts.update(lease.owner for lease in leases if lease.key not in taken and lease.owner is not None)
    share = -(-len(leases) // len(counts))
    missing = min(share, limit) - counts[me]
    if missing <= 0:
        return ()
    if free:
        shuffle(free)
        return free[:missing]
    most = max(counts, key=lambda owner: counts[owner])
    of_most = [lease for lease in leases if lease.owner == most and lease.key not in taken]
    shuffle(of_most)
    return of_most[: min(missing, (counts[most] - counts[me]) // 2, _AT_ONCE)]
