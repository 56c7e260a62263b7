"""The outbox as delivery and health see it, on SQLite: `trailwarden.store.outbox` in the driver's own terms.

Keeps: what that module keeps; one contract suite runs through both. Every function runs inside the caller's transaction.

Next: `trailwarden.store.sqlite_store`, which calls this.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from trailwarden.model import Alert, Severity
from trailwarden.store import sqlite_rows
from trailwarden.store.base import Claim, DeliveryState, Settlement, SinkBacklog, StoreSummary
from trailwarden.store.values import escaped, microseconds, moment, unescaped, word

# "state = 'pending'" is written out, so that SQLite sees that the partial index of the pending rows answers the question.
_DUE = """
    SELECT alert_id, attempts, first_claimed_at FROM deliveries
    WHERE state = 'pending' AND sink = ? AND due_at <= ? ORDER BY due_at, alert_id LIMIT ?"""
_CLAIM = """
    UPDATE deliveries SET attempts = attempts + 1, due_at = ?, claimed_until = ?,
        first_claimed_at = coalesce(first_claimed_at, ?)
    WHERE sink = ? AND alert_id IN ({values})"""
_ALERTS = """
    SELECT id, rule_id, severity, event_time, created_at, summary, fingerprint, document
    FROM alerts WHERE id IN ({values})"""
# The plus keeps SQLite from walking the index of all that is pending: the rows are found by their key.
_SETTLE = """
    WITH outcome (id, sink, claim, state, next, at, reason, detail) AS (VALUES {rows})
    UPDATE deliveries SET state = outcome.state, due_at = coalesce(outcome.next, deliveries.due_at), claimed_until = NULL,
        settled_at = outcome.at, reason = outcome.reason, detail = outcome.detail
    FROM outcome
    WHERE deliveries.alert_id = outcome.id AND deliveries.sink = outcome.sink AND +deliveries.state = 'pending'
        AND (outcome.claim IS NULL OR deliveries.claimed_until = outcome.claim)"""
_BACKLOG = "SELECT count(*), min(created_at) FROM deliveries WHERE state = 'pending' AND sink = ?"
_DEAD = "SELECT count(*) FROM deliveries WHERE sink = ? AND state = 'dead'"
_LAST = "SELECT max(settled_at) FROM deliveries WHERE sink = ? AND state = 'delivered'"


def claim(
    connection: sqlite3.Connection, sink: str, limit: int, now: datetime, until: datetime
) -> Sequence[Claim]:
    """Claim up to `limit` due alerts of a sink until `until`, the longest due first."""
    if until <= now:
        raise ValueError(f"a claim must end after it begins: {now.isoformat()} to {until.isoformat()}")
    begun, end, of = microseconds(now), microseconds(until), escaped(sink)
    due = connection.execute(_DUE, (of, begun, max(0, limit))).fetchall()
    if not due:
        return []
    ids = [row[0] for row in due]
    sqlite_rows.of(connection, _CLAIM, ids, end, end, begun, of)
    claimed = {unescaped(row[0]): row for row in due}
    found = sorted(_alerts(connection, ids), key=lambda alert: (alert.created_at, alert.id))
    return [
        Claim(
            alert=alert,
            sink=sink,
            attempt=claimed[alert.id][1] + 1,
            first_claimed_at=now if claimed[alert.id][2] is None else moment(claimed[alert.id][2]),
            until=until,
        )
        for alert in found
    ]


def settle(connection: sqlite3.Connection, settlements: Sequence[Settlement]) -> None:
    """Record outcomes. What is no longer pending stays as it is."""
    for part in _each_once(settlements):
        sqlite_rows.run(connection, _SETTLE, [_settle_row(item) for item in part])


def next_due(connection: sqlite3.Connection, sink: str) -> datetime | None:
    """When the earliest pending alert of a sink may be claimed; for one that is claimed now: when the claim ends."""
    statement = "SELECT min(due_at) FROM deliveries WHERE state = 'pending' AND sink = ?"
    (due,) = connection.execute(statement, (escaped(sink),)).fetchone()
    return None if due is None else moment(due)


def alert(connection: sqlite3.Connection, alert_id: str) -> Alert | None:
    """One alert by its id."""
    return next(iter(_alerts(connection, [escaped(alert_id)])), None)


def summary(connection: sqlite3.Connection) -> StoreSummary:
    """The figures of health and metrics, all of one moment."""
    return StoreSummary(
        backlog={unescaped(sink): _backlog(connection, sink) for sink in _sinks(connection)},
        quarantined=_one(connection, "SELECT count(*) FROM quarantine"),
    )


def _sinks(connection: sqlite3.Connection) -> Iterator[str]:
    """Every sink that ever wanted an alert, as it is written: one step of the index each, however many deliveries there are."""
    sink = _one(connection, "SELECT min(sink) FROM deliveries")
    while sink is not None:
        yield sink
        sink = _one(connection, "SELECT min(sink) FROM deliveries WHERE sink > ?", sink)


def _backlog(connection: sqlite3.Connection, sink: str) -> SinkBacklog:
    waiting, oldest = connection.execute(_BACKLOG, (sink,)).fetchone()
    last = _one(connection, _LAST, sink)
    return SinkBacklog(
        pending=waiting,
        dead=_one(connection, _DEAD, sink),
        oldest=None if oldest is None else moment(oldest),
        last_delivered=None if last is None else moment(last),
    )


def _one(connection: sqlite3.Connection, statement: str, *parameters: object) -> Any:
    return connection.execute(statement, parameters).fetchone()[0]


def _alerts(connection: sqlite3.Connection, ids: Sequence[Any]) -> list[Alert]:
    return [_as_alert(row) for row in sqlite_rows.of(connection, _ALERTS, ids)]


def _as_alert(row: tuple[Any, ...]) -> Alert:
    alert_id, rule_id, severity, event_time, created_at, summary_, fingerprint, document = row
    return Alert(
        id=unescaped(alert_id),
        rule_id=unescaped(rule_id),
        severity=word(Severity, severity),
        event_time=None if event_time is None else moment(event_time),
        created_at=moment(created_at),
        summary=unescaped(summary_),
        fingerprint=unescaped(fingerprint),
        document=document,
    )


def _each_once(settlements: Sequence[Settlement]) -> Iterator[list[Settlement]]:
    """In portions that name no delivery twice: of two outcomes for one, the second must see what the first has made of it."""
    part: dict[tuple[str, str], Settlement] = {}
    for item in settlements:
        key = (item.alert_id, item.sink)
        if key in part:
            yield list(part.values())
            part = {}
        part[key] = item
    yield list(part.values())


def _settle_row(item: Settlement) -> tuple[object, ...]:
    pending = item.state is DeliveryState.PENDING
    # The sink has it: that is true whoever holds the claim by now. The rest is its holder's to tell.
    fence = None if item.state is DeliveryState.DELIVERED else item.claimed_until
    return (
        escaped(item.alert_id),
        escaped(item.sink),
        microseconds(fence),
        item.state,
        microseconds(item.next_attempt_at or item.at) if pending else None,
        None if pending else microseconds(item.at),
        item.reason,
        escaped(item.detail),
    )
