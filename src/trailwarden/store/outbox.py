"""The outbox as delivery sees it: claim what is due, settle what became of it, ask when the next is due.

Keeps: of one (alert, sink) there is one claim at a time, in all processes together; a claim that is not
settled ends by itself; a settlement changes only what is still pending. Every function here runs inside the
caller's transaction.

`due_at` says when a pending row may be claimed: at the next attempt, or when the claim that is held ends. One
column, one index, and both questions of the delivery ("what is due", "when is the next due") are its
beginning.

Next: `trailwarden.store.operations`, what the commands and health ask of the same table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, literal_column, or_, select, update

from trailwarden.model import Alert
from trailwarden.store.base import Claim, DeliveryState, Settlement
from trailwarden.store.columns import Moment
from trailwarden.store.ledger import chunks
from trailwarden.store.schema import alerts, deliveries

PENDING = deliveries.c.state == literal_column(f"'{DeliveryState.PENDING}'")
"""Written out instead of bound: so a database sees that the partial index of the pending rows answers the question."""

_DUE = (
    select(deliveries.c.alert_id)
    .where(
        PENDING, deliveries.c.sink == bindparam("of"), deliveries.c.due_at <= bindparam("now", type_=Moment)
    )
    .order_by(deliveries.c.due_at, deliveries.c.alert_id)
    .limit(bindparam("count"))
    .with_for_update(
        skip_locked=True
    )  # SQLite has no row locks and needs none: the transaction holds the write lock
    .cte("due")  # read once; a subquery in its place may be read for every row, and lock more than `count`
)
_CLAIM = (
    update(deliveries)
    .where(deliveries.c.sink == bindparam("of"), deliveries.c.alert_id.in_(select(_DUE.c.alert_id)))
    .values(
        attempts=deliveries.c.attempts + 1,
        due_at=bindparam("until", type_=Moment),
        claimed_until=bindparam("until", type_=Moment),
        first_claimed_at=func.coalesce(deliveries.c.first_claimed_at, bindparam("now", type_=Moment)),
    )
    .returning(deliveries.c.alert_id, deliveries.c.attempts, deliveries.c.first_claimed_at)
)
_ALERTS = select(alerts).where(alerts.c.id.in_(bindparam("ids", expanding=True)))
_SETTLE = (
    update(deliveries)
    .where(
        PENDING,
        deliveries.c.alert_id == bindparam("settled_id"),
        deliveries.c.sink == bindparam("of"),
        or_(
            bindparam("claim", type_=Moment).is_(None),
            deliveries.c.claimed_until == bindparam("claim", type_=Moment),
        ),
    )
    .values(
        state=bindparam("to"),
        due_at=func.coalesce(bindparam("next", type_=Moment), deliveries.c.due_at),
        claimed_until=None,
        settled_at=bindparam("at"),
        reason=bindparam("why"),
        detail=bindparam("said"),
    )
)
_THERE = select(alerts.c.id).where(alerts.c.id.in_(bindparam("ids", expanding=True)))
_UNTAKEN = select(deliveries.c.alert_id, deliveries.c.state).where(
    deliveries.c.alert_id.in_(bindparam("ids", expanding=True)),
    deliveries.c.sink.in_(bindparam("sinks", expanding=True)),
    deliveries.c.state.in_((DeliveryState.PENDING, DeliveryState.DEAD)),
)
_NEXT_DUE = select(func.min(deliveries.c.due_at)).where(PENDING, deliveries.c.sink == bindparam("of"))


def claim(connection: Connection, sink: str, limit: int, now: datetime, until: datetime) -> Sequence[Claim]:
    """Claim up to `limit` due alerts of a sink until `until`, the longest due first."""
    if until <= now:
        raise ValueError(f"a claim must end after it begins: {now.isoformat()} to {until.isoformat()}")
    rows = connection.execute(_CLAIM, {"of": sink, "count": max(0, limit), "now": now, "until": until}).all()
    claimed = {row.alert_id: row for row in rows}
    found = [alert for part in chunks(list(claimed)) for alert in _alerts(connection, part)]
    found.sort(key=lambda alert: (alert.created_at, alert.id))
    return [
        Claim(
            alert=alert,
            sink=sink,
            attempt=claimed[alert.id].attempts,
            first_claimed_at=claimed[alert.id].first_claimed_at,
            until=until,
        )
        for alert in found
    ]


def settle(connection: Connection, settlements: Sequence[Settlement]) -> None:
    """Record outcomes. What is no longer pending stays as it is."""
    if settlements:
        connection.execute(_SETTLE, [_settle_row(item) for item in settlements])


def untaken(
    connection: Connection, alert_ids: Sequence[str], sinks: Sequence[str]
) -> Mapping[str, DeliveryState | None]:
    """Those of the alerts that one of the sinks has not taken, and in what state; None: the alert is not there."""
    left: dict[str, DeliveryState | None] = {}
    for part in chunks(alert_ids):
        there = set(connection.execute(_THERE, {"ids": part}).scalars())
        left.update((alert_id, None) for alert_id in part if alert_id not in there)
        for row in connection.execute(_UNTAKEN, {"ids": part, "sinks": sinks}):
            if left.get(row.alert_id) is not DeliveryState.DEAD:
                left[row.alert_id] = row.state
    return left


def next_due(connection: Connection, sink: str) -> datetime | None:
    """When the earliest pending alert of a sink may be claimed; for one that is claimed now: when the claim
    ends.
    """
    due: datetime | None = connection.execute(_NEXT_DUE, {"of": sink}).scalar_one()
    return due


def alert(connection: Connection, alert_id: str) -> Alert | None:
    """One alert by its id."""
    return next(iter(_alerts(connection, [alert_id])), None)


def _alerts(connection: Connection, ids: Sequence[str]) -> list[Alert]:
    return [_as_alert(row) for row in connection.execute(_ALERTS, {"ids": ids})]


def _as_alert(row: Row[Any]) -> Alert:
    return Alert(**row._mapping)


def _settle_row(item: Settlement) -> dict[str, Any]:
    pending = item.state is DeliveryState.PENDING
    # The sink has it: that is true whoever holds the claim by now. The rest is its holder's to tell.
    fence = None if item.state is DeliveryState.DELIVERED else item.claimed_until
    return {
        "settled_id": item.alert_id,
        "of": item.sink,
        "claim": fence,
        "to": item.state,
        "next": (item.next_attempt_at or item.at) if pending else None,
        "at": None if pending else item.at,
        "why": item.reason,
        "said": item.detail,
    }
