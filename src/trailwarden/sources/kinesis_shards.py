"""Which shards may be read: parents before their children. Pure.

Keeps: a child starts when each of its parents is read to its end and everything of it is dealt with. A parent that the stream
does not list any more has been trimmed, and counts as finished.

Rule: Kinesis developer guide, "Resharding a stream": data of the parents is older than any of the children's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Shard:
    """closed: nothing is written to it any more. parents: none, the one that was split, or the two that were merged."""

    id: str
    parents: tuple[str, ...] = ()
    closed: bool = False
    hashes: tuple[str, str] | None = None


def startable(shards: Mapping[str, Shard], finished: Collection[str]) -> list[str]:
    """The shards that may be read now, in the order of their ids."""
    return sorted(
        shard.id
        for shard in shards.values()
        if shard.id not in finished
        and all(parent in finished or parent not in shards for parent in shard.parents)
    )


def described(answer: Mapping[str, Any]) -> Shard:
    """One shard as ListShards describes it."""
    numbers = answer.get("SequenceNumberRange") or {}
    hashes = answer.get("HashKeyRange") or {}
    parents = (answer.get("ParentShardId"), answer.get("AdjacentParentShardId"))
    return Shard(
        id=str(answer["ShardId"]),
        parents=tuple(str(parent) for parent in parents if parent),
        closed=bool(numbers.get("EndingSequenceNumber")),
        hashes=(str(hashes["StartingHashKey"]), str(hashes["EndingHashKey"])) if len(hashes) == 2 else None,
    )
