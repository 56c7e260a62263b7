"""Durable state: the outbox, the checkpoints, the inventory of received files and the quarantine.

Read `base` for the contract, `schema` for the tables; `sqlite_store` and `sql` are its implementations: SQLite, and any database.
"""

from trailwarden.store.base import (
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
    Store,
    StoreSummary,
    Taking,
)
from trailwarden.store.opening import open_store
from trailwarden.store.settings import RetentionSettings, StoreSettings

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
    "RetentionSettings",
    "RoutedAlert",
    "Settlement",
    "SinkBacklog",
    "Store",
    "StoreSettings",
    "StoreSummary",
    "Taking",
    "open_store",
]
