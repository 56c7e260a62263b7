"""What the rest of the program may ask of the store, whatever the database is.

Keeps: `commit` is one transaction, durable when it returns: the alerts, their deliveries, the quarantine, the
inventory and the checkpoints of a group of batches are there together or not at all. Ack follows it, never
precedes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from trailwarden.model import Alert
from trailwarden.store.records import (
    Claim,
    Commit,
    Committed,
    DeliveryState,
    Lease,
    OutboxFilter,
    OutboxRow,
    Pruned,
    Quarantined,
    QuarantineFilter,
    Received,
    RoutedAlert,
    Settlement,
    SinkBacklog,
    StoreSummary,
    Taking,
)

__all__ = [
    "Claim",
    "Commit",
    "Committed",
    "DeliveryState",
    "Lease",
    "OutboxFilter",
    "OutboxRow",
    "Pruned",
    "QuarantineFilter",
    "Quarantined",
    "Received",
    "RoutedAlert",
    "Settlement",
    "SinkBacklog",
    "Store",
    "StoreSummary",
    "Taking",
]


class Store(Protocol):
    """Durable state.

    All methods raise StoreError when the database cannot do it now; nothing was changed then.
    """

    async def open(self) -> None:
        """Connect, create or migrate the schema. Raises SchemaError for a schema newer than ours."""
        ...

    async def close(self) -> None: ...

    async def commit(self, commit: Commit) -> Committed:
        """One transaction.

        Alerts already there stay as they are (and their deliveries too); inventory and checkpoints are
        replaced. New alerts are claimed as `commit.takings` ask for it, in the same transaction. Raises LeaseLostError where
        somebody else has the lease.
        """
        ...

    async def lease(self, wanted: Lease, now: datetime) -> Lease:
        """Take or renew it, where it is free, over, or the holder's own; the lease as it is then: `wanted`, or somebody
        else's. One whose `until` has come is free.
        """
        ...

    async def known(self, source: str, keys: Sequence[str]) -> Mapping[str, Received]:
        """The inventory rows of those keys that are there."""
        ...

    async def checkpoints(self, source: str) -> Mapping[str, str]:
        """key -> value of every checkpoint of a source."""
        ...

    async def claim(self, sink: str, limit: int, now: datetime, until: datetime) -> Sequence[Claim]:
        """Claim up to `limit` due alerts of a sink: PENDING, next_attempt_at <= now, not claimed beyond now.

        The longest due are taken first (a new alert is due from its creation on, so the oldest; one that
        failed steps back behind those that wait meanwhile), and returned oldest first.
        """
        ...

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        """Record outcomes; one transaction. Releases the claim. What is no longer PENDING stays as it is.

        What this and `claim` change outlives the process. A machine that fails may lose the last of it, unlike a commit: then the
        claim ends by itself, and the alert is sent again under its id.
        """
        ...

    async def untaken(
        self, alert_ids: Sequence[str], sinks: Sequence[str]
    ) -> Mapping[str, DeliveryState | None]:
        """Those of the alerts that one of the sinks wants and has not taken: DEAD where it is a dead letter at one of them,
        PENDING otherwise, and None where the store does not have the alert at all.
        """
        ...

    async def next_due(self, sink: str) -> datetime | None:
        """When the earliest pending alert of a sink may be claimed (for a claimed one: when the claim ends);
        None when there is none.
        """
        ...

    async def outbox(self, which: OutboxFilter) -> Sequence[OutboxRow]:
        """Deliveries, newest alert first."""
        ...

    async def alert(self, alert_id: str) -> Alert | None: ...

    async def retry(self, which: OutboxFilter, now: datetime) -> int:
        """Dead (or discarded, when asked for by state) deliveries become PENDING, due now, attempts from 0.

        Returns how many.
        """
        ...

    async def discard(self, which: OutboxFilter, now: datetime) -> int:
        """Pending or dead deliveries become DISCARDED. The alert itself stays. Returns how many."""
        ...

    async def quarantine(self, which: QuarantineFilter) -> Sequence[Quarantined]:
        """Rows, newest first."""
        ...

    async def release(self, ids: Sequence[str]) -> int:
        """Remove quarantine rows (after a successful retry). Returns how many."""
        ...

    async def summary(self) -> StoreSummary: ...

    async def prune(self, settled_before: datetime, received_before: datetime) -> Pruned:
        """Remove alerts created before the one time whose every delivery was delivered or discarded before it
        (never pending or dead ones), and inventory rows received before the other.
        """
        ...
