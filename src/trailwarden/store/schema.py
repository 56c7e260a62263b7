"""The tables as they are now. How a database gets here from any earlier version:
`trailwarden.store.migrations`.

Keeps: these tables and the migrated database are the same; a test compares them.

Next: `trailwarden.store.ledger` (what ingest writes) and `trailwarden.store.outbox` (what delivery reads and
settles).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    text,
)

from trailwarden.errors import Reason
from trailwarden.model import Severity
from trailwarden.store.base import DeliveryState
from trailwarden.store.columns import AnyText, Coordinates, Moment, Word

metadata = MetaData()
_PENDING = text("state = 'pending'")

schema_version = Table(
    "schema_version",
    metadata,
    Column(
        "version", BigInteger, primary_key=True, autoincrement=False
    ),  # one row for each step that was applied
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("rule_id", AnyText, nullable=False),
    Column("severity", Word(Severity), nullable=False),
    Column("event_time", Moment),
    Column("created_at", Moment, nullable=False),
    Column("summary", AnyText, nullable=False),
    Column("fingerprint", AnyText, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Index("alerts_by_age", "created_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("alert_id", AnyText, ForeignKey(alerts.c.id, ondelete="CASCADE"), primary_key=True),
    Column("sink", AnyText, primary_key=True),
    Column("state", Word(DeliveryState), nullable=False),
    Column(
        "attempts", BigInteger, nullable=False
    ),  # counted at claim, so that a crash in the middle counts too
    Column(
        "due_at", Moment, nullable=False
    ),  # when it may be claimed: the next attempt, or the end of the claim
    Column("claimed_until", Moment),  # names the claim that is held; NULL when there is none
    Column("first_claimed_at", Moment),
    Column(
        "created_at", Moment, nullable=False
    ),  # the alert's, so that the oldest that waits is told by an index
    Column("settled_at", Moment),  # when it became delivered, dead or discarded
    Column("reason", Word(Reason)),  # of the last attempt that failed
    Column("detail", AnyText, nullable=False),
    Index(
        "deliveries_due",
        "sink",
        "due_at",
        "alert_id",
        "created_at",
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    ),
    Index("deliveries_by_state", "sink", "state", "settled_at"),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("source", AnyText, primary_key=True),
    Column("key", AnyText, primary_key=True),
    Column("value", AnyText, nullable=False),
)

received = Table(
    "received",
    metadata,
    Column("source", AnyText, primary_key=True),
    Column("key", AnyText, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("sha256", AnyText, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("matched", BigInteger, nullable=False),
    Column("quarantined", BigInteger, nullable=False),
    Column("received_at", Moment, nullable=False),
    Index("received_by_age", "received_at"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", AnyText, primary_key=True),
    Column("holder", AnyText, nullable=False),
    Column("until", Moment, nullable=False),  # when somebody else may have it
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", AnyText, primary_key=True),
    Column("source", AnyText, nullable=False),
    Column("origin", Coordinates, nullable=False),
    Column("reason", Word(Reason), nullable=False),
    Column("detail", AnyText, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("payload_truncated", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("quarantine_by_age", "created_at"),
)
