"""What the commands and health ask of the store: lists, retry, discard, the quarantine, the summary, and
pruning.

Keeps: nothing here makes an alert vanish that is pending or dead. Every function runs inside the caller's
transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    delete,
    exists,
    func,
    literal,
    select,
    tuple_,
    update,
)

from trailwarden.store.base import (
    DeliveryState,
    OutboxFilter,
    OutboxRow,
    Pruned,
    Quarantined,
    QuarantineFilter,
    SinkBacklog,
    StoreSummary,
)
from trailwarden.store.ledger import chunks
from trailwarden.store.outbox import PENDING
from trailwarden.store.schema import alerts, deliveries, quarantine, received

_PENDING, _DEAD, _DISCARDED = DeliveryState.PENDING, DeliveryState.DEAD, DeliveryState.DISCARDED
_RETRIABLE = (_DEAD, _DISCARDED)
_DISCARDABLE = (_PENDING, _DEAD)
_ROW = (
    deliveries.c.alert_id,
    deliveries.c.sink,
    deliveries.c.state,
    deliveries.c.attempts,
    alerts.c.rule_id,
    alerts.c.severity,
    alerts.c.summary,
    alerts.c.created_at,
    deliveries.c.due_at,
    deliveries.c.reason,
    deliveries.c.detail,
)


def outbox(connection: Connection, which: OutboxFilter) -> Sequence[OutboxRow]:
    """Deliveries, the newest alert first."""
    rows: list[OutboxRow] = []
    for part in _portions(which):
        statement = _selected(select(*_ROW), part)
        newest = statement.order_by(alerts.c.created_at.desc(), alerts.c.id, deliveries.c.sink)
        rows += [_as_outbox_row(row._asdict()) for row in connection.execute(newest)]
    rows.sort(key=lambda row: (row.alert_id, row.sink))
    rows.sort(key=lambda row: row.created_at, reverse=True)
    return rows[: which.limit]


def retry(connection: Connection, which: OutboxFilter, now: datetime) -> int:
    """Dead deliveries (discarded ones where the filter names that state) start anew."""
    states = tuple(state for state in which.states or (_DEAD,) if state in _RETRIABLE)
    values = {
        "state": _PENDING,
        "due_at": now,
        "attempts": 0,
        "claimed_until": None,
        "first_claimed_at": None,
        "settled_at": None,
    }
    return _change(connection, which, states, values)


def discard(connection: Connection, which: OutboxFilter, now: datetime) -> int:
    """Pending and dead deliveries become discarded; where the filter names states, only those of them."""
    states = tuple(state for state in which.states or _DISCARDABLE if state in _DISCARDABLE)
    return _change(connection, which, states, {"state": _DISCARDED, "claimed_until": None, "settled_at": now})


def quarantined(connection: Connection, which: QuarantineFilter) -> Sequence[Quarantined]:
    """Quarantine rows, the newest first."""
    columns = [
        column for column in quarantine.columns if which.payloads or column is not quarantine.c.payload
    ]
    statement = select(*columns)
    if which.reason is not None:
        statement = statement.where(quarantine.c.reason == which.reason)
    if which.source is not None:
        statement = statement.where(quarantine.c.source == which.source)
    limit = max(0, which.limit)
    rows: list[Quarantined] = []
    for part in chunks(which.ids) if which.ids else [()]:
        wanted = statement.where(quarantine.c.id.in_(part)) if part else statement
        newest = wanted.order_by(quarantine.c.created_at.desc(), quarantine.c.id).limit(limit)
        rows += [Quarantined(**{"payload": b"", **row._mapping}) for row in connection.execute(newest)]
    rows.sort(key=lambda row: row.id)
    rows.sort(key=lambda row: row.created_at, reverse=True)
    return rows[:limit]


def release(connection: Connection, ids: Sequence[str]) -> int:
    """Remove quarantine rows."""
    return sum(
        connection.execute(delete(quarantine).where(quarantine.c.id.in_(part))).rowcount
        for part in chunks(ids)
    )


def summary(connection: Connection) -> StoreSummary:
    """The figures of health and metrics, all of one moment."""
    return StoreSummary(
        backlog={sink: _backlog(connection, sink) for sink in _sinks(connection)},
        quarantined=connection.execute(select(func.count()).select_from(quarantine)).scalar_one(),
    )


def prune(connection: Connection, settled_before: datetime, received_before: datetime, limit: int) -> Pruned:
    """Remove up to `limit` alerts and up to `limit` inventory rows that are old enough; alerts only when
    finished.
    """
    unfinished = exists().where(
        deliveries.c.alert_id == alerts.c.id,
        deliveries.c.state.in_((_PENDING, _DEAD)) | (deliveries.c.settled_at >= settled_before),
    )
    old_alerts = select(alerts.c.id).where(alerts.c.created_at < settled_before, ~unfinished).limit(limit)
    old_rows = (
        select(received.c.source, received.c.key).where(received.c.received_at < received_before).limit(limit)
    )
    return Pruned(
        alerts=connection.execute(delete(alerts).where(alerts.c.id.in_(old_alerts))).rowcount,
        received=connection.execute(
            delete(received).where(tuple_(received.c.source, received.c.key).in_(old_rows))
        ).rowcount,
    )


def _change(
    connection: Connection, which: OutboxFilter, states: tuple[DeliveryState, ...], values: Mapping[str, Any]
) -> int:
    """Update what the filter selects, the oldest alerts first where its limit cuts. Returns how many."""
    if not states:
        return 0
    changed = 0
    for part in _portions(replace(which, states=states)):
        rest = replace(part, limit=which.limit - changed)
        chosen = _selected(select(deliveries.c.alert_id, deliveries.c.sink), rest)
        oldest = chosen.order_by(alerts.c.created_at, alerts.c.id, deliveries.c.sink)
        key = tuple_(deliveries.c.alert_id, deliveries.c.sink)
        changed += connection.execute(update(deliveries).where(key.in_(oldest)).values(values)).rowcount
    return changed


def _portions(which: OutboxFilter) -> Iterator[OutboxFilter]:
    """The filter, in portions whose ids fit one statement."""
    if not which.alert_ids:
        yield which
    for part in chunks(tuple(dict.fromkeys(which.alert_ids))):
        yield replace(which, alert_ids=tuple(part))


def _selected(statement: Select[Any], which: OutboxFilter) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if which.states:
        conditions.append(deliveries.c.state.in_(which.states))
    if which.sink is not None:
        conditions.append(deliveries.c.sink == which.sink)
    if which.alert_ids:
        conditions.append(deliveries.c.alert_id.in_(which.alert_ids))
    joined = statement.select_from(alerts.join(deliveries))
    return joined.where(*conditions).limit(max(0, which.limit))


def _as_outbox_row(values: dict[str, Any]) -> OutboxRow:
    due_at = values.pop("due_at")
    return OutboxRow(**values, next_attempt_at=due_at if values["state"] is _PENDING else None)


def _sinks(connection: Connection) -> Iterator[str]:
    """Every sink that ever wanted an alert: one step of the index each, however many deliveries there are."""
    after: ColumnElement[bool] = literal(True)
    while (
        sink := connection.execute(select(func.min(deliveries.c.sink)).where(after)).scalar_one()
    ) is not None:
        yield sink
        after = deliveries.c.sink > sink


def _backlog(connection: Connection, sink: str) -> SinkBacklog:
    def of(state: DeliveryState) -> ColumnElement[bool]:
        return (deliveries.c.sink == sink) & (deliveries.c.state == state)

    waiting, oldest = connection.execute(
        select(func.count(), func.min(deliveries.c.created_at)).where(PENDING, deliveries.c.sink == sink)
    ).one()
    dead = select(func.count()).select_from(deliveries).where(of(_DEAD))
    last = select(func.max(deliveries.c.settled_at)).where(of(DeliveryState.DELIVERED))
    return SinkBacklog(
        pending=waiting,
        dead=connection.execute(dead).scalar_one(),
        oldest=oldest,
        last_delivered=connection.execute(last).scalar_one(),
    )
