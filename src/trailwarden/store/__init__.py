"""Durable state: the outbox, the checkpoints, the inventory of received files and the quarantine.

Read `base` for the contract, `sql` for its implementation, `schema` for the tables.
"""

from trailwarden.store.base import (
    Claim,
    Commit,
    Committed,
    DeliveryState,
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
)
from trailwarden.store.settings import RetentionSettings, StoreSettings
from trailwarden.store.sql import SqlStore, open_store

__all__ = [
    "Claim",
    "Commit",
    "Committed",
    "DeliveryState",
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
    "SqlStore",
    "Store",
    "StoreSettings",
    "StoreSummary",
    "open_store",
]
