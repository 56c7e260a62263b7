"""Contract of the store: what the commands and health ask of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.store.values import LATER, T0, alert, alerts, at, quarantined, received
from trailwarden.errors import Reason
from trailwarden.store import (
    Commit,
    DeliveryState,
    OutboxFilter,
    OutboxRow,
    Pruned,
    QuarantineFilter,
    RoutedAlert,
    Settlement,
    SinkBacklog,
    Store,
    StoreSummary,
)

DELIVERED, PENDING, DEAD, DISCARDED = (
    DeliveryState.DELIVERED,
    DeliveryState.PENDING,
    DeliveryState.DEAD,
    DeliveryState.DISCARDED,
)
EVERY = OutboxFilter(limit=1000)


@pytest.fixture
async def mixed(store: Store) -> Store:
    """Alerts 0 to 3 at two sinks: delivered, dead, discarded and pending, in this order."""
    await store.commit(alerts(0, 1, 2, 3, sinks=("siem", "console")))
    for sink in ("siem", "console"):
        await store.claim(sink, 4, LATER, at(60))
        states = (DELIVERED, DEAD, DISCARDED)
        await store.settle(
            [
                Settlement(alert(n).id, sink, state, at(n), reason=Reason.REFUSED)
                for n, state in enumerate(states)
            ]
        )
    return store


async def _states(store: Store, sink: str = "siem") -> list[DeliveryState]:
    rows = await store.outbox(OutboxFilter(sink=sink))
    return [row.state for row in sorted(rows, key=lambda row: row.alert_id)]


async def test_a_row_says_what_is_known(mixed: Store) -> None:
    (row,) = await mixed.outbox(OutboxFilter(states=(DEAD,), sink="siem"))
    assert row == OutboxRow(
        alert_id="alert_0001",
        sink="siem",
        state=DEAD,
        attempts=1,
        rule_id=alert(1).rule_id,
        severity=alert(1).severity,
        summary=alert(1).summary,
        created_at=alert(1).created_at,
        next_attempt_at=None,
        reason=Reason.REFUSED,
        detail="",
    )


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (OutboxFilter(), ["3c", "3s", "2c", "2s", "1c", "1s", "0c", "0s"]),
        (OutboxFilter(limit=3), ["3c", "3s", "2c"]),
        (OutboxFilter(limit=0), []),
        (OutboxFilter(limit=-1), []),
        (OutboxFilter(sink="siem"), ["3s", "2s", "1s", "0s"]),
        (OutboxFilter(states=(PENDING, DELIVERED)), ["3c", "3s", "0c", "0s"]),
        (OutboxFilter(alert_ids=("alert_0002", "alert_0002", "no such")), ["2c", "2s"]),
        (OutboxFilter(alert_ids=tuple(f"alert_{n:04}" for n in range(2000)), limit=3), ["3c", "3s", "2c"]),
        (OutboxFilter(states=(DEAD,), sink="console", alert_ids=("alert_0001", "alert_0002")), ["1c"]),
        (OutboxFilter(sink="nobody"), []),
    ],
)
async def test_outbox_filters(mixed: Store, which: OutboxFilter, expected: list[str]) -> None:
    rows = await mixed.outbox(which)
    assert [row.alert_id[-1] + row.sink[0] for row in rows] == expected


@pytest.mark.parametrize(
    ("which", "count", "states"),
    [
        (EVERY, 2, [DELIVERED, PENDING, DISCARDED, PENDING]),
        (OutboxFilter(states=(DISCARDED,)), 2, [DELIVERED, DEAD, PENDING, PENDING]),
        (OutboxFilter(states=(DEAD, DISCARDED), sink="siem"), 2, [DELIVERED, PENDING, PENDING, PENDING]),
        (OutboxFilter(states=(DELIVERED, PENDING)), 0, [DELIVERED, DEAD, DISCARDED, PENDING]),
        (OutboxFilter(alert_ids=("alert_0001",), sink="console"), 1, [DELIVERED, DEAD, DISCARDED, PENDING]),
        (OutboxFilter(limit=0), 0, [DELIVERED, DEAD, DISCARDED, PENDING]),
    ],
)
async def test_retry(mixed: Store, which: OutboxFilter, count: int, states: list[DeliveryState]) -> None:
    assert await mixed.retry(which, at(100)) == count
    assert await _states(mixed) == states


async def test_a_retry_starts_anew(mixed: Store) -> None:
    await mixed.retry(EVERY, at(100))
    assert await mixed.next_due("siem") == at(60)  # alert 3 is claimed until then
    claims = {claim.alert.id: claim for claim in await mixed.claim("siem", 9, at(100), at(160))}
    assert (claims["alert_0001"].attempt, claims["alert_0001"].first_claimed_at) == (1, at(100))
    assert (claims["alert_0003"].attempt, claims["alert_0003"].first_claimed_at) == (2, LATER)


@pytest.mark.parametrize(
    ("which", "count", "states"),
    [
        (EVERY, 4, [DELIVERED, DISCARDED, DISCARDED, DISCARDED]),
        (OutboxFilter(limit=2), 2, [DELIVERED, DISCARDED, DISCARDED, PENDING]),
        (OutboxFilter(states=(PENDING,)), 2, [DELIVERED, DEAD, DISCARDED, DISCARDED]),
        (OutboxFilter(states=(DELIVERED,)), 0, [DELIVERED, DEAD, DISCARDED, PENDING]),
    ],
)
async def test_discard(mixed: Store, which: OutboxFilter, count: int, states: list[DeliveryState]) -> None:
    assert await mixed.discard(which, at(100)) == count
    assert await _states(mixed) == states
    assert await mixed.alert("alert_0003") == alert(3)


async def test_a_long_list_of_ids_is_changed_within_the_limit(store: Store) -> None:
    await store.commit(alerts(*range(1200)))
    ids = tuple(alert(number).id for number in range(1200))
    assert await store.discard(OutboxFilter(alert_ids=ids, limit=700), at(1)) == 700
    assert await store.discard(OutboxFilter(alert_ids=ids * 2, limit=9999), at(1)) == 500


async def test_quarantine_filters_and_release(store: Store) -> None:
    rows = [quarantined(1), quarantined(2, reason=Reason.NOT_JSON), quarantined(3)]
    await store.commit(Commit(quarantined=rows))
    assert await store.quarantine(QuarantineFilter()) == rows[::-1]
    assert await store.quarantine(QuarantineFilter(reason=Reason.NOT_JSON)) == [rows[1]]
    assert await store.quarantine(QuarantineFilter(ids=("q_0003", "q_0001"), limit=1)) == [rows[2]]
    assert await store.quarantine(QuarantineFilter(source="spool", limit=2)) == rows[:0:-1]
    assert await store.quarantine(QuarantineFilter(source="elsewhere")) == []
    assert {row.payload for row in await store.quarantine(QuarantineFilter(payloads=False))} == {b""}
    assert await store.release(["q_0001", "q_0002", "no such"]) == 2
    assert await store.quarantine(QuarantineFilter()) == [rows[2]]


async def test_summary(mixed: Store) -> None:
    await mixed.commit(
        Commit(
            alerts=[RoutedAlert(alert(9), ("pager",))],
            received=[received("a"), received("b")],
            quarantined=[quarantined(1)],
        )
    )
    busy = SinkBacklog(pending=1, dead=1, oldest=alert(3).created_at, last_delivered=at(0))
    new = SinkBacklog(pending=1, dead=0, oldest=alert(9).created_at, last_delivered=None)
    expected = {"console": busy, "pager": new, "siem": busy}
    assert await mixed.summary() == StoreSummary(backlog=expected, quarantined=1)


async def test_the_summary_of_an_empty_store(store: Store) -> None:
    assert await store.summary() == StoreSummary()


async def test_pruning_removes_only_what_is_old_and_finished(mixed: Store) -> None:
    await mixed.commit(alerts(4, sinks=()))
    rows = [received(str(day), moment=T0 + timedelta(days=day)) for day in range(1500)]
    await mixed.commit(Commit(received=rows))
    assert await mixed.prune(T0, T0) == Pruned(alerts=0, received=0)
    assert await mixed.prune(at(1), T0 + timedelta(days=1200)) == Pruned(alerts=2, received=1200)
    assert await mixed.prune(at(9999), T0) == Pruned(alerts=1, received=0)
    left = {row.alert_id for row in await mixed.outbox(OutboxFilter())}
    assert left == {"alert_0001", "alert_0003"}  # dead and pending: kept whatever their age
    assert await mixed.alert("alert_0000") is None


async def test_an_alert_with_one_sink_still_waiting_is_not_pruned(store: Store) -> None:
    await store.commit(alerts(1, sinks=("siem", "console")))
    await store.settle([Settlement(alert(1).id, "siem", DELIVERED, at(1))])
    assert await store.prune(at(9999), T0) == Pruned(alerts=0, received=0)
