"""What the rest of the program may ask of the store, whatever the database is.

Keeps: `commit` is one transaction, durable when it returns: the alerts, their deliveries, the quarantine, the
inventory and the checkpoints of a group of batches are there together or not at all. Ack follows it, never
precedes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from trailwarden.errors import Reason
from trailwarden.model import Alert, Checkpoint, Severity


class DeliveryState(StrEnum):
    """The life of (alert, sink).

    PENDING covers 'claimed': a claim is only a time until which nobody else may have it.
    """

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"  # dead letter: kept, listed, can be retried or discarded by command
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class RoutedAlert:
    """An alert and the names of the sinks that want it (may be empty: the alert is kept all the same)."""

    alert: Alert
    sinks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Received:
    """One line of the inventory.

    sha256: hex, over the decompressed content (what CloudTrail's digests list); size: bytes as they came;
    kept: whether there is to be a row of it: what a stream hands over is never asked for again.
    """

    source: str
    key: str
    size: int
    sha256: str
    events: int
    matched: int
    quarantined: int
    received_at: datetime
    kept: bool = True


@dataclass(frozen=True, slots=True)
class Quarantined:
    """What could not be decoded.

    id: derived from origin and payload; payload: the bytes (of the event, or of the whole batch);
    payload_truncated: only the beginning was kept, by the limit; origin tells where the whole is.
    """

    id: str
    source: str
    origin: Mapping[str, str | int]
    reason: Reason
    detail: str
    payload: bytes
    payload_truncated: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Commit:
    """Everything that a group of batches gave rise to."""

    alerts: Sequence[RoutedAlert] = ()
    received: Sequence[Received] = ()
    quarantined: Sequence[Quarantined] = ()
    checkpoints: Sequence[Checkpoint] = ()

    @property
    def changes_nothing(self) -> bool:
        """Whether the store need not be asked: events of a stream that no rule selected leave nothing in it."""
        return not (
            self.alerts or self.quarantined or self.checkpoints or any(row.kept for row in self.received)
        )


@dataclass(frozen=True, slots=True)
class Committed:
    """What commit did.

    new: alerts that were not there before; known: alerts that were; conflicting: ids of the known ones whose
    fingerprint differs from the stored one (same id, other content: suspicious).
    """

    new: int
    known: int
    conflicting: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """One alert claimed for one sink until `until`.

    attempt: the number of the attempt that is now to be made, from 1.
    """

    alert: Alert
    sink: str
    attempt: int
    first_claimed_at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Settlement:
    """The outcome of a claim. next_attempt_at: only with PENDING (try again then; without it, at once).

    claimed_until: the `until` of the claim that this is the outcome of. With it, an outcome other than
    DELIVERED is void once somebody else holds a later claim; without it, it would end that claim.
    """

    alert_id: str
    sink: str
    state: DeliveryState
    at: datetime
    next_attempt_at: datetime | None = None
    reason: Reason | None = None
    detail: str = ""
    claimed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A line of `outbox list`.

    next_attempt_at: only when pending; while it is claimed, when the claim ends.
    """

    alert_id: str
    sink: str
    state: DeliveryState
    attempts: int
    rule_id: str
    severity: Severity
    summary: str
    created_at: datetime
    next_attempt_at: datetime | None
    reason: Reason | None
    detail: str


@dataclass(frozen=True, slots=True)
class SinkBacklog:
    """What a sink still has before it.

    oldest: created_at of the oldest pending alert. last_delivered: when it last took one.
    """

    pending: int
    dead: int
    oldest: datetime | None
    last_delivered: datetime | None


@dataclass(frozen=True, slots=True)
class OutboxFilter:
    """Which rows a list, retry or discard means. Empty fields do not restrict."""

    states: tuple[DeliveryState, ...] = ()
    sink: str | None = None
    alert_ids: tuple[str, ...] = ()
    limit: int = 100


@dataclass(frozen=True, slots=True)
class QuarantineFilter:
    """Likewise for the quarantine. payloads: False leaves the payloads unread (empty), for long lists."""

    ids: tuple[str, ...] = ()
    reason: Reason | None = None
    source: str | None = None
    limit: int = 100
    payloads: bool = True


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many alerts and inventory rows were removed for their age."""

    alerts: int
    received: int


@dataclass(frozen=True, slots=True)
class StoreSummary:
    """For health and metrics."""

    backlog: Mapping[str, SinkBacklog] = field(default_factory=dict)
    quarantined: int = 0
    received: int = 0


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
        replaced.
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
        """Record outcomes; one transaction. Releases the claim. What is no longer PENDING stays as it is."""
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
