"""What goes into the store and what comes out of it, whatever the database is: plain values.

What there is one of for each batch or alert is a named tuple: a frozen dataclass takes four times as long to make.

Next: `trailwarden.store.base`, what may be asked of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

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


class RoutedAlert(NamedTuple):
    """An alert and the names of the sinks that want it (may be empty: the alert is kept all the same)."""

    alert: Alert
    sinks: tuple[str, ...]


class Received(NamedTuple):
    """One line of the inventory.

    sha256: hex, over the decompressed content (what CloudTrail's digests list); size: bytes as they came;
    kept: whether there is to be a row of it: what a stream hands over is never asked for again;
    places: accounts and Regions that some of its events are of, where nothing else tells. Not stored.
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
    places: Collection[tuple[str, str]] = ()


class Quarantined(NamedTuple):
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


class Lease(NamedTuple):
    """What one instance alone does for all, for a while. holder: tells the instance apart from every other."""

    name: str
    holder: str
    until: datetime


class Claim(NamedTuple):
    """One alert claimed for one sink until `until`.

    attempt: the number of the attempt that is now to be made, from 1.
    """

    alert: Alert
    sink: str
    attempt: int
    first_claimed_at: datetime
    until: datetime


class Taking(NamedTuple):
    """A wish to have new alerts claimed for a sink as they are committed, by who commits them.

    limit: of as many as this at the most, the first of the commit; at: when the claims begin; until: when they end.
    """

    sink: str
    limit: int
    at: datetime
    until: datetime


class Commit(NamedTuple):
    """Everything that a group of batches gave rise to. lease: is committed only while its holder has it; takings: one a sink
    at the most.
    """

    alerts: Sequence[RoutedAlert] = ()
    received: Sequence[Received] = ()
    quarantined: Sequence[Quarantined] = ()
    checkpoints: Sequence[Checkpoint] = ()
    lease: Lease | None = None
    takings: Sequence[Taking] = ()

    @property
    def changes_nothing(self) -> bool:
        """Whether the store need not be asked: events of a stream that no rule selected leave nothing in it."""
        return not (
            self.alerts or self.quarantined or self.checkpoints or any(row.kept for row in self.received)
        )


class Committed(NamedTuple):
    """What commit did.

    new: alerts that were not there before; known: alerts that were; conflicting: ids of the known ones whose
    fingerprint differs from the stored one (same id, other content: suspicious); claims: of the new ones, by `Commit.takings`.
    """

    new: int
    known: int
    conflicting: tuple[str, ...] = ()
    claims: Sequence[Claim] = ()


class Settlement(NamedTuple):
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


class OutboxRow(NamedTuple):
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


class SinkBacklog(NamedTuple):
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


class Pruned(NamedTuple):
    """How many alerts and inventory rows were removed for their age."""

    alerts: int
    received: int


class StoreSummary(NamedTuple):
    """For health and metrics."""

    backlog: Mapping[str, SinkBacklog] = MappingProxyType({})
    quarantined: int = 0
