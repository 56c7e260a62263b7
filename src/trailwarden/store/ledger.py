"""What ingest writes and asks: the commit of a group of batches, the inventory and the checkpoints.

Keeps: an alert that is there stays as it is, and so do its deliveries; only a new alert gets deliveries.
Every function here runs inside the caller's transaction.

Next: `trailwarden.store.outbox`, where the deliveries are claimed and settled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, bindparam, insert, select

from trailwarden.model import Alert, Checkpoint
from trailwarden.store.base import (
    Claim,
    Commit,
    Committed,
    DeliveryState,
    Quarantined,
    Received,
    RoutedAlert,
    Taking,
)
from trailwarden.store.leases import confirm
from trailwarden.store.schema import alerts, checkpoints, deliveries, quarantine, received
from trailwarden.store.taking import wanted
from trailwarden.store.upsert import insert_new, insert_or_replace

CHUNK = 500
"""Values in one IN list: far below what any database takes as parameters of one statement."""

T = TypeVar("T")
_Placed = TypeVar("_Placed", Received, Checkpoint)

_INSERT_DELIVERIES = insert(deliveries)
_FINGERPRINTS = select(alerts.c.id, alerts.c.fingerprint).where(
    alerts.c.id.in_(bindparam("ids", expanding=True))
)
_KNOWN = select(received).where(
    received.c.source == bindparam("source"), received.c.key.in_(bindparam("keys", expanding=True))
)
_CHECKPOINTS = select(checkpoints.c.key, checkpoints.c.value).where(
    checkpoints.c.source == bindparam("source")
)


class _Inserts:
    """The statements whose words are each database's own."""

    def __init__(self, database: str) -> None:
        self.alerts = insert_new(database, alerts).returning(alerts.c.id)
        self.received = insert_or_replace(database, received)
        self.checkpoints = insert_or_replace(database, checkpoints)
        self.quarantine = insert_new(database, quarantine)


_inserts = cache(_Inserts)


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values, in portions that fit one statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def commit(connection: Connection, group: Commit, payload_limit: int) -> Committed:
    """Write everything that a group of batches gave rise to.

    payload_limit: bytes kept of a quarantined payload.
    """
    if group.lease is not None:
        confirm(connection, group.lease)
    inserts = _inserts(connection.dialect.name)
    committed = _commit_alerts(connection, inserts.alerts, group.alerts, group.takings)
    if group.quarantined:
        rows = [
            _quarantine_row(item, payload_limit) for item in sorted(group.quarantined, key=lambda row: row.id)
        ]
        connection.execute(inserts.quarantine, rows)
    inventory = [_received_row(item) for item in _last_of_each(group.received) if item.kept]
    if inventory:
        connection.execute(inserts.received, inventory)
    if group.checkpoints:
        last = _last_of_each(group.checkpoints)
        rows = [{"source": item.source, "key": item.key, "value": item.value} for item in last]
        connection.execute(inserts.checkpoints, rows)
    return committed


def known(connection: Connection, source: str, keys: Sequence[str]) -> Mapping[str, Received]:
    """The inventory rows of those keys of a source that are there."""
    found: dict[str, Received] = {}
    for part in chunks(keys):
        for row in connection.execute(_KNOWN, {"source": source, "keys": part}):
            found[row.key] = Received(**row._mapping)
    return found


def positions(connection: Connection, source: str) -> Mapping[str, str]:
    """key -> value of every checkpoint of a source."""
    return {row.key: row.value for row in connection.execute(_CHECKPOINTS, {"source": source})}


def _last_of_each(rows: Sequence[_Placed]) -> list[_Placed]:
    """Of rows with one key, the last; in the order of their keys, for two that write the same rows in different
    orders wait for each other for ever.
    """
    last = {(row.source, row.key): row for row in rows}
    return [last[key] for key in sorted(last)]


def _commit_alerts(
    connection: Connection, statement: Insert, routed: Sequence[RoutedAlert], takings: Sequence[Taking]
) -> Committed:
    if not routed:
        return Committed(new=0, known=0)
    first: dict[
        str, RoutedAlert
    ] = {}  # of two alerts of one id in one group, the first is the one that stays
    for item in routed:
        first.setdefault(item.alert.id, item)
    ordered = sorted(first.values(), key=lambda item: item.alert.id)
    new = set(connection.execute(statement, [_alert_row(item.alert) for item in ordered]).scalars())
    claims: list[Claim] = []
    added = [item for item in first.values() if item.alert.id in new]
    rows = [_delivery_row(*one) for one in wanted(added, takings, claims)]
    if rows:
        connection.execute(_INSERT_DELIVERIES, rows)
    stored = {alert_id: item.alert.fingerprint for alert_id, item in first.items()}
    stored |= _fingerprints(connection, [alert_id for alert_id in first if alert_id not in new])
    conflicting = dict.fromkeys(
        item.alert.id for item in routed if item.alert.fingerprint != stored[item.alert.id]
    )
    return Committed(len(new), len(routed) - len(new), tuple(conflicting), tuple(claims))


def _fingerprints(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in chunks(ids):
        found.update((row.id, row.fingerprint) for row in connection.execute(_FINGERPRINTS, {"ids": part}))
    return found


def _alert_row(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "rule_id": alert.rule_id,
        "severity": alert.severity,
        "event_time": alert.event_time,
        "created_at": alert.created_at,
        "summary": alert.summary,
        "fingerprint": alert.fingerprint,
        "document": alert.document,
    }


def _delivery_row(alert: Alert, sink: str, taking: Taking | None) -> dict[str, Any]:
    return {
        "alert_id": alert.id,
        "sink": sink,
        "state": DeliveryState.PENDING,
        "attempts": 0 if taking is None else 1,
        "due_at": alert.created_at if taking is None else taking.until,
        "claimed_until": None if taking is None else taking.until,
        "first_claimed_at": None if taking is None else taking.at,
        "created_at": alert.created_at,
        "detail": "",
    }


def _received_row(item: Received) -> dict[str, Any]:
    return {
        "source": item.source,
        "key": item.key,
        "size": item.size,
        "sha256": item.sha256,
        "events": item.events,
        "matched": item.matched,
        "quarantined": item.quarantined,
        "received_at": item.received_at,
    }


def _quarantine_row(item: Quarantined, payload_limit: int) -> dict[str, Any]:
    return {
        "id": item.id,
        "source": item.source,
        "origin": item.origin,
        "reason": item.reason,
        "detail": item.detail,
        "payload": item.payload[:payload_limit],
        "payload_truncated": item.payload_truncated or len(item.payload) > payload_limit,
        "created_at": item.created_at,
    }
