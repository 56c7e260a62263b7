"""What ingest writes and asks, on SQLite: `trailwarden.store.ledger` in the driver's own terms.

Keeps: what that module keeps; one contract suite runs through both. Every function runs inside the caller's transaction.

Next: `trailwarden.store.sqlite_outbox`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trailwarden.model import Alert
from trailwarden.store import sqlite_rows
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
from trailwarden.store.taking import Wanted, wanted
from trailwarden.store.values import escaped, flat_json, microseconds, moment, unescaped

_ALERTS = "INSERT INTO alerts (id, rule_id, severity, event_time, created_at, summary, fingerprint, document) VALUES {rows}"
_DELIVERIES = (
    "INSERT INTO deliveries (alert_id, sink, state, attempts, due_at, claimed_until, first_claimed_at, created_at, detail) "
    "VALUES {rows}"
)
_RECEIVED = """
    INSERT INTO received (source, key, size, sha256, events, matched, quarantined, received_at) VALUES {rows}
    ON CONFLICT (source, key) DO UPDATE SET size = excluded.size, sha256 = excluded.sha256, events = excluded.events,
        matched = excluded.matched, quarantined = excluded.quarantined, received_at = excluded.received_at"""
_CHECKPOINTS = """
    INSERT INTO checkpoints (source, key, value) VALUES {rows}
    ON CONFLICT (source, key) DO UPDATE SET value = excluded.value"""
_QUARANTINE = """
    INSERT INTO quarantine (id, source, origin, reason, detail, payload, payload_truncated, created_at) VALUES {rows}
    ON CONFLICT (id) DO NOTHING"""
_PENDING = DeliveryState.PENDING.value
_FINGERPRINTS = "SELECT id, fingerprint FROM alerts WHERE id IN ({values})"
_KNOWN = """
    SELECT source, key, size, sha256, events, matched, quarantined, received_at
    FROM received WHERE source = ? AND key IN ({values})"""


def commit(connection: sqlite3.Connection, group: Commit, payload_limit: int) -> Committed:
    """Write everything that a group of batches gave rise to. payload_limit: bytes kept of a quarantined payload."""
    committed = _commit_alerts(connection, group.alerts, group.takings)
    sqlite_rows.run(
        connection, _QUARANTINE, [_quarantine_row(item, payload_limit) for item in group.quarantined]
    )
    received = {(item.source, item.key): item for item in group.received if item.kept}
    sqlite_rows.run(connection, _RECEIVED, [_received_row(item) for item in received.values()])
    positions = {(item.source, item.key): item.value for item in group.checkpoints}
    rows = [(escaped(source), escaped(key), escaped(value)) for (source, key), value in positions.items()]
    sqlite_rows.run(connection, _CHECKPOINTS, rows)
    return committed


def known(connection: sqlite3.Connection, source: str, keys: Sequence[str]) -> Mapping[str, Received]:
    """The inventory rows of those keys of a source that are there."""
    rows = sqlite_rows.of(connection, _KNOWN, [escaped(key) for key in keys], escaped(source))
    return {received.key: received for received in map(_as_received, rows)}


def positions(connection: sqlite3.Connection, source: str) -> Mapping[str, str]:
    """key -> value of every checkpoint of a source."""
    rows = connection.execute(
        "SELECT key, value FROM checkpoints WHERE source = ?", (escaped(source),)
    ).fetchall()
    return {unescaped(key): unescaped(value) for key, value in rows}


def _commit_alerts(
    connection: sqlite3.Connection, routed: Sequence[RoutedAlert], takings: Sequence[Taking]
) -> Committed:
    if not routed:
        return Committed(new=0, known=0)
    first: dict[
        str, RoutedAlert
    ] = {}  # of two alerts of one id in one group, the first is the one that stays
    for item in routed:
        first.setdefault(item.alert.id, item)
    stored = _fingerprints(connection, list(first))
    new = [item for alert_id, item in first.items() if alert_id not in stored]
    sqlite_rows.run(connection, _ALERTS, [_alert_row(item.alert) for item in new])
    claims: list[Claim] = []
    sqlite_rows.run(connection, _DELIVERIES, _delivery_rows(wanted(new, takings, claims)))
    conflicting: tuple[str, ...] = ()
    if len(new) < len(routed):
        stored |= {item.alert.id: item.alert.fingerprint for item in new}
        differing = (item.alert.id for item in routed if item.alert.fingerprint != stored[item.alert.id])
        conflicting = tuple(dict.fromkeys(differing))
    return Committed(len(new), len(routed) - len(new), conflicting, tuple(claims))


def _fingerprints(connection: sqlite3.Connection, ids: Sequence[str]) -> dict[str, str]:
    """Of the alerts that are there. Nobody adds one meanwhile: the transaction has the write lock."""
    written = {escaped(alert_id): alert_id for alert_id in ids}
    rows: Any = sqlite_rows.of(connection, _FINGERPRINTS, list(written))
    return {written[alert_id]: unescaped(fingerprint) for alert_id, fingerprint in rows}


def _alert_row(alert: Alert) -> tuple[object, ...]:
    return (
        escaped(alert.id),
        escaped(alert.rule_id),
        alert.severity,
        microseconds(alert.event_time),
        microseconds(alert.created_at),
        escaped(alert.summary),
        escaped(alert.fingerprint),
        alert.document,
    )


def _delivery_rows(deliveries: Iterable[Wanted]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for alert, sink, taking in deliveries:
        created = microseconds(alert.created_at)
        if taking is None:
            due, until, since = created, None, None
        else:
            due = until = microseconds(taking.until)
            since = microseconds(taking.at)
        attempts = 0 if taking is None else 1
        rows.append((escaped(alert.id), escaped(sink), _PENDING, attempts, due, until, since, created, ""))
    return rows


def _received_row(item: Received) -> tuple[object, ...]:
    return (
        escaped(item.source),
        escaped(item.key),
        item.size,
        escaped(item.sha256),
        item.events,
        item.matched,
        item.quarantined,
        microseconds(item.received_at),
    )


def _as_received(row: tuple[Any, ...]) -> Received:
    source, key, size, sha256, events, matched, quarantined, received_at = row
    return Received(
        source=unescaped(source),
        key=unescaped(key),
        size=size,
        sha256=unescaped(sha256),
        events=events,
        matched=matched,
        quarantined=quarantined,
        received_at=moment(received_at),
    )


def _quarantine_row(item: Quarantined, payload_limit: int) -> tuple[object, ...]:
    return (
        escaped(item.id),
        escaped(item.source),
        escaped(flat_json(item.origin)),
        item.reason,
        escaped(item.detail),
        item.payload[:payload_limit],
        item.payload_truncated or len(item.payload) > payload_limit,
        microseconds(item.created_at),
    )
