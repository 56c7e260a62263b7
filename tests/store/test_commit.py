"""Contract of the store: what ingest commits is there, whole, once."""

from __future__ import annotations

import asyncio
import random

import pytest

from tests.store.values import LATER, T0, alert, alerts, at, quarantined, received
from trailwarden.errors import Reason
from trailwarden.model import Checkpoint
from trailwarden.store import (
    Claim,
    Commit,
    Committed,
    DeliveryState,
    OutboxFilter,
    QuarantineFilter,
    RoutedAlert,
    Settlement,
    Store,
    StoreSettings,
    Taking,
    open_store,
)


async def test_an_alert_comes_back_as_it_was(store: Store) -> None:
    for number in range(8):
        await store.commit(alerts(number))
        assert await store.alert(alert(number).id) == alert(number)
    assert await store.alert("alert_unknown") is None


async def test_everything_of_a_group_is_there(store: Store) -> None:
    group = Commit(
        alerts=[RoutedAlert(alert(1), ("siem", "console"))],
        received=[received("a.json.gz"), received("b.json.gz")],
        quarantined=[quarantined(1)],
        checkpoints=[Checkpoint("spool", "a.json.gz", "1234")],
    )
    assert await store.commit(group) == Committed(new=1, known=0)
    rows = await store.outbox(OutboxFilter())
    assert [(row.alert_id, row.sink) for row in rows] == [("alert_0001", "console"), ("alert_0001", "siem")]
    assert await store.known("spool", ["b.json.gz", "c.json.gz"]) == {"b.json.gz": received("b.json.gz")}
    assert await store.quarantine(QuarantineFilter()) == [quarantined(1)]
    assert await store.checkpoints("spool") == {"a.json.gz": "1234"}


async def test_new_alerts_are_claimed_as_they_are_committed(store: Store, other: Store) -> None:
    await store.commit(alerts(1))
    group = Commit(
        alerts=[
            RoutedAlert(alert(number), ("siem", "siem", "console") if number != 4 else ("siem",))
            for number in (3, 1, 3, 2, 4)
        ],
        takings=[Taking("siem", 2, LATER, at(60)), Taking("nobody", 9, LATER, at(60))],
    )
    done = await store.commit(group)
    assert done == Committed(
        new=3,
        known=2,
        claims=(
            Claim(alert(3), "siem", attempt=1, first_claimed_at=LATER, until=at(60)),
            Claim(alert(2), "siem", attempt=1, first_claimed_at=LATER, until=at(60)),
        ),
    )
    assert [one.alert.id for one in await other.claim("siem", 9, at(59), at(90))] == [
        "alert_0001",
        "alert_0004",
    ]
    assert len(await other.claim("console", 9, at(59), at(90))) == 2
    await store.settle(
        [Settlement("alert_0003", "siem", DeliveryState.DELIVERED, at(1), claimed_until=at(60))]
    )
    ended = await other.claim("siem", 9, at(60), at(120))
    assert [(one.alert.id, one.attempt, one.first_claimed_at) for one in ended] == [("alert_0002", 2, LATER)]
    assert (await store.commit(group)).claims == ()


async def test_nothing_is_claimed_of_a_commit_that_fails(store: Store) -> None:
    naive = received("a", moment=T0.replace(tzinfo=None))
    takings = [Taking("siem", 9, LATER, at(60))]
    with pytest.raises(Exception, match="without a zone"):
        await store.commit(Commit(alerts=alerts(1).alerts, received=[naive], takings=takings))
    await store.commit(alerts(1))
    assert len(await store.claim("siem", 9, LATER, at(60))) == 1


async def test_an_alert_without_sinks_is_kept(store: Store) -> None:
    assert await store.commit(alerts(1, sinks=())) == Committed(new=1, known=0)
    assert await store.alert("alert_0001") == alert(1)
    assert await store.outbox(OutboxFilter()) == []


async def test_a_known_alert_stays_as_it_is_and_so_do_its_deliveries(store: Store) -> None:
    await store.commit(alerts(1, 2))
    again = Commit(alerts=[RoutedAlert(alert(2), ("siem", "console")), RoutedAlert(alert(3), ("siem",))])
    assert await store.commit(again) == Committed(new=1, known=1)
    rows = await store.outbox(OutboxFilter())
    assert {(row.alert_id, row.sink) for row in rows} == {
        ("alert_0001", "siem"),
        ("alert_0002", "siem"),
        ("alert_0003", "siem"),
    }


async def test_the_same_id_with_other_content_is_told(store: Store) -> None:
    await store.commit(alerts(1, 2))
    other = Commit(alerts=[RoutedAlert(alert(number, content="forged"), ("siem",)) for number in (1, 1)])
    assert await store.commit(other) == Committed(new=0, known=2, conflicting=("alert_0001",))
    assert await store.alert("alert_0001") == alert(1)


async def test_one_id_twice_in_a_group_is_one_alert(store: Store) -> None:
    twice = Commit(
        alerts=[
            RoutedAlert(alert(1), ("siem", "siem")),
            RoutedAlert(alert(1), ("siem",)),
            RoutedAlert(alert(1, content="forged"), ("console",)),
        ]
    )
    assert await store.commit(twice) == Committed(new=1, known=2, conflicting=("alert_0001",))
    assert await store.alert("alert_0001") == alert(1)
    assert [row.sink for row in await store.outbox(OutboxFilter())] == ["siem"]


async def test_inventory_and_checkpoints_are_replaced_quarantine_is_not(store: Store) -> None:
    for events, value, payload in ((1, "old", b"first"), (2, "new", b"second")):
        await store.commit(
            Commit(
                received=[received("a", events=0), received("a", events=events)],
                checkpoints=[Checkpoint("spool", "a", value), Checkpoint("other", "a", "untouched")],
                quarantined=[quarantined(1, payload=payload), quarantined(1, payload=payload)],
            )
        )
    assert await store.known("spool", ["a"]) == {"a": received("a", events=2)}
    assert await store.checkpoints("spool") == {"a": "new"}
    assert [row.payload for row in await store.quarantine(QuarantineFilter())] == [b"first"]


async def test_sources_do_not_share_keys(store: Store) -> None:
    rows = [received("a", source=source, events=events) for source, events in (("one", 1), ("two", 2))]
    await store.commit(Commit(received=rows))
    assert await store.known("two", ["a"]) == {"a": rows[1]}
    assert await store.known("three", ["a"]) == {}


async def test_a_large_group_is_one_transaction(store: Store) -> None:
    numbers = range(5000)
    everything = Commit(
        alerts=alerts(*numbers).alerts,
        received=[received(f"{number}.json.gz") for number in numbers],
        quarantined=[quarantined(number) for number in numbers],
        checkpoints=[Checkpoint("spool", str(number), "0") for number in numbers],
    )
    assert await store.commit(everything) == Committed(new=5000, known=0)
    assert await store.commit(everything) == Committed(new=0, known=5000)
    assert len(await store.known("spool", [f"{number}.json.gz" for number in range(6000)])) == 5000
    assert (
        len(await store.quarantine(QuarantineFilter(ids=tuple(f"q_{n:04}" for n in numbers), limit=6000)))
        == 5000
    )
    assert await store.release([f"q_{number:04}" for number in range(6000)]) == 5000


NAMES = [
    "plain",
    "caf\u00e9",
    "not UTF-8: \udcff\udc80",
    "lone \ud800 surrogate",
    "a\x00b",
    "a\x1ab",
    "\x1a0000",
    "\x00",
]


async def test_every_string_comes_back(store: Store) -> None:
    """File names need not be UTF-8, and events may hold lone surrogates: neither may stop a commit."""
    await store.commit(
        Commit(
            received=[received(name) for name in NAMES],
            checkpoints=[Checkpoint(name, name, name) for name in NAMES],
        )
    )
    assert await store.known("spool", NAMES) == {name: received(name) for name in NAMES}
    for name in NAMES:
        assert await store.checkpoints(name) == {name: name}


async def test_a_payload_is_kept_up_to_the_limit(settings: StoreSettings) -> None:
    store = await open_store(settings.model_copy(update={"quarantine_payload_limit": 4}))
    await store.commit(
        Commit(quarantined=[quarantined(1, payload=b"1234"), quarantined(2, payload=b"12345")])
    )
    longer, whole = await store.quarantine(QuarantineFilter())
    await store.close()
    assert (whole.payload, whole.payload_truncated) == (b"1234", False)
    assert (longer.payload, longer.payload_truncated) == (b"1234", True)


async def test_a_group_that_fails_leaves_nothing(store: Store) -> None:
    naive = received("a", moment=T0.replace(tzinfo=None))
    with pytest.raises(Exception, match="without a zone"):
        await store.commit(Commit(alerts=alerts(1).alerts, received=[naive]))
    assert await store.alert("alert_0001") is None
    assert await store.commit(alerts(1)) == Committed(new=1, known=0)


async def test_commits_at_once_count_each_alert_once(store: Store, other: Store) -> None:
    groups = [[number % 40 for number in range(start, start + 10)] for start in range(0, 80, 5)]
    done = await asyncio.gather(
        *(member.commit(alerts(*group)) for group in groups for member in (store, other))
    )
    assert sum(item.new for item in done) == 40
    assert sum(item.known for item in done) == 2 * 10 * len(groups) - 40


async def test_a_cancelled_commit_is_whole_or_not_there(store: Store) -> None:
    chance = random.Random(7)
    for number in range(0, 400, 20):
        task = asyncio.create_task(store.commit(alerts(*range(number, number + 20))))
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await store.commit(alerts(9000))
    ids = {row.alert_id for row in await store.outbox(OutboxFilter(limit=1000))}
    groups = [sum(alert(number + step).id in ids for step in range(20)) for number in range(0, 400, 20)]
    assert set(groups) <= {0, 20}
    assert alert(9000).id in ids


async def test_reopening_keeps_everything(settings: StoreSettings) -> None:
    first = await open_store(settings)
    await first.commit(
        Commit(
            alerts=alerts(1, 2).alerts,
            received=[received("a")],
            quarantined=[quarantined(1, reason=Reason.NOT_JSON)],
            checkpoints=[Checkpoint("spool", "a", "1")],
        )
    )
    await first.claim("siem", 1, LATER, at(60))
    before = await first.outbox(OutboxFilter()), await first.summary()
    await first.close()
    second = await open_store(settings)
    assert (await second.outbox(OutboxFilter()), await second.summary()) == before
    assert await second.alert("alert_0002") == alert(2)
    assert await second.checkpoints("spool") == {"a": "1"}
    assert await second.quarantine(QuarantineFilter()) == [quarantined(1, reason=Reason.NOT_JSON)]
    await second.close()
