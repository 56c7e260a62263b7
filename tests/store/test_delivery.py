"""Contract of the store: claims are leases, and a settlement changes only what is pending."""

from __future__ import annotations

import asyncio

import pytest

from tests.store.values import LATER, T0, alert, alerts, at
from trailwarden.errors import Reason
from trailwarden.store import Claim, DeliveryState, OutboxFilter, OutboxRow, Settlement, Store

DELIVERED, PENDING, DEAD, DISCARDED = (
    DeliveryState.DELIVERED,
    DeliveryState.PENDING,
    DeliveryState.DEAD,
    DeliveryState.DISCARDED,
)


async def _claim_one(store: Store, now: float = 0, until: float = 60) -> Claim:
    (claim,) = await store.claim("siem", 1, at(now), at(until))
    return claim


async def _row(store: Store, number: int = 1) -> OutboxRow:
    (row,) = await store.outbox(OutboxFilter(alert_ids=(alert(number).id,)))
    return row


def _outcome(state: DeliveryState, *, claim: Claim | None = None, again: float | None = None) -> Settlement:
    return Settlement(
        alert_id=alert(1).id,
        sink="siem",
        state=state,
        at=at(1),
        next_attempt_at=None if again is None else at(again),
        reason=None if state is DELIVERED else Reason.TIMEOUT,
        detail="" if state is DELIVERED else "no answer in 10 s",
        claimed_until=claim.until if claim is not None else None,
    )


async def test_claims_are_the_oldest_due_and_carry_the_alert(store: Store) -> None:
    await store.commit(alerts(3, 1, 2, 4))
    claims = await store.claim("siem", 3, LATER, at(60))
    assert [claim.alert for claim in claims] == [alert(1), alert(2), alert(3)]
    assert {(claim.sink, claim.attempt, claim.first_claimed_at, claim.until) for claim in claims} == {
        ("siem", 1, LATER, at(60))
    }


async def test_what_is_claimed_is_not_claimed_again_before_the_claim_ends(store: Store, other: Store) -> None:
    await store.commit(alerts(1, 2))
    assert len(await store.claim("siem", 1, LATER, at(60))) == 1
    assert [claim.alert.id for claim in await other.claim("siem", 9, at(1), at(30))] == ["alert_0002"]
    assert await other.claim("siem", 9, at(29), at(90)) == []
    again = await other.claim("siem", 9, at(60), at(120))
    assert {(claim.alert.id, claim.attempt, claim.first_claimed_at) for claim in again} == {
        ("alert_0001", 2, LATER),
        ("alert_0002", 2, at(1)),
    }


async def test_an_alert_is_not_due_before_it_was_made(store: Store) -> None:
    await store.commit(alerts(1))
    assert await store.claim("siem", 1, T0, at(0)) == []
    assert await store.next_due("siem") == alert(1).created_at


async def test_each_sink_has_its_own_deliveries(store: Store) -> None:
    await store.commit(alerts(1, sinks=("siem", "console")))
    assert len(await store.claim("siem", 9, LATER, at(60))) == 1
    assert len(await store.claim("console", 9, LATER, at(60))) == 1
    assert await store.claim("nobody", 9, LATER, at(60)) == []


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_claim_of_nothing_claims_nothing(store: Store, limit: int) -> None:
    await store.commit(alerts(1))
    assert await store.claim("siem", limit, LATER, at(60)) == []
    assert (await _row(store)).attempts == 0


async def test_a_claim_must_end_after_it_begins(store: Store) -> None:
    with pytest.raises(ValueError, match="must end after"):
        await store.claim("siem", 1, LATER, LATER)


async def test_a_delivered_alert_is_done(store: Store) -> None:
    await store.commit(alerts(1))
    claim = await _claim_one(store)
    await store.settle([_outcome(DELIVERED, claim=claim)])
    row = await _row(store)
    assert (row.state, row.attempts, row.next_attempt_at, row.reason) == (DELIVERED, 1, None, None)
    assert await store.claim("siem", 1, at(9999), at(99999)) == []
    assert await store.next_due("siem") is None


async def test_a_failed_attempt_is_due_again_at_its_time(store: Store) -> None:
    await store.commit(alerts(1))
    claim = await _claim_one(store)
    await store.settle([_outcome(PENDING, claim=claim, again=30)])
    row = await _row(store)
    assert (row.state, row.next_attempt_at, row.reason, row.detail) == (
        PENDING,
        at(30),
        Reason.TIMEOUT,
        "no answer in 10 s",
    )
    assert await store.next_due("siem") == at(30)
    assert await store.claim("siem", 1, at(29), at(60)) == []
    assert (await _claim_one(store, now=30, until=90)).attempt == 2


async def test_without_a_time_it_is_due_at_once(store: Store) -> None:
    await store.commit(alerts(1))
    await store.settle([_outcome(PENDING, claim=await _claim_one(store))])
    assert await store.next_due("siem") == at(1)


async def test_next_due_counts_the_claims_that_are_held(store: Store) -> None:
    await store.commit(alerts(1, 2))
    await store.claim("siem", 2, LATER, at(60))
    assert await store.next_due("siem") == at(60)
    assert await store.next_due("nobody") is None


@pytest.mark.parametrize("outcome", [DELIVERED, PENDING, DEAD])
async def test_a_settlement_does_not_bring_back_what_was_discarded(
    store: Store, outcome: DeliveryState
) -> None:
    await store.commit(alerts(1))
    claim = await _claim_one(store)
    assert await store.discard(OutboxFilter(), at(1)) == 1
    await store.settle([_outcome(outcome, claim=claim)])
    assert (await _row(store)).state is DISCARDED


async def test_delivered_wins_over_a_later_claim(store: Store) -> None:
    await store.commit(alerts(1))
    late = await _claim_one(store, until=10)
    current = await _claim_one(store, now=20, until=80)
    await store.settle([_outcome(DELIVERED, claim=late)])
    assert (await _row(store)).state is DELIVERED
    await store.settle([_outcome(PENDING, claim=current, again=30)])
    assert (await _row(store)).state is DELIVERED


@pytest.mark.parametrize("outcome", [PENDING, DEAD])
async def test_another_late_outcome_does_not_end_a_later_claim(store: Store, outcome: DeliveryState) -> None:
    await store.commit(alerts(1))
    late = await _claim_one(store, until=10)
    await _claim_one(store, now=20, until=80)
    await store.settle([_outcome(outcome, claim=late, again=21 if outcome is PENDING else None)])
    assert (await _row(store)).state is PENDING
    assert await store.claim("siem", 1, at(30), at(90)) == []


async def test_a_late_outcome_counts_while_nobody_else_claimed(store: Store) -> None:
    await store.commit(alerts(1))
    late = await _claim_one(store, until=10)
    await store.settle([_outcome(DEAD, claim=late)])
    assert (await _row(store)).state is DEAD


async def test_settlements_go_together(store: Store) -> None:
    await store.commit(alerts(*range(50)))
    claims = await store.claim("siem", 50, LATER, at(60))
    await store.settle([])
    await store.settle(
        [
            Settlement(
                claim.alert.id, "siem", DELIVERED if number % 2 else DEAD, at(1), reason=Reason.REFUSED
            )
            for number, claim in enumerate(claims)
        ]
    )
    rows = await store.outbox(OutboxFilter())
    assert sorted(row.state for row in rows) == [DEAD] * 25 + [DELIVERED] * 25


async def test_claims_at_once_do_not_overlap(store: Store, other: Store) -> None:
    await store.commit(alerts(*range(60)))
    taken = await asyncio.gather(*(member.claim("siem", 7, LATER, at(60)) for member in (store, other) * 5))
    ids = [claim.alert.id for claims in taken for claim in claims]
    assert len(ids) == len(set(ids)) == 60


async def test_what_is_not_taken_yet(store: Store) -> None:
    await store.commit(alerts(1, 2, 3, 4, sinks=("siem", "console")))
    await store.commit(alerts(5, sinks=("console",)))
    ids = [alert(number).id for number in range(1, 7)]
    claims = await store.claim("siem", 3, LATER, at(60))
    outcomes = (DELIVERED, DEAD, DISCARDED)
    await store.settle(
        [
            Settlement(claim.alert.id, "siem", state, at(1))
            for claim, state in zip(claims, outcomes, strict=True)
        ]
    )
    assert await store.untaken(ids, ["siem"]) == {ids[1]: DEAD, ids[3]: PENDING, ids[5]: None}
    assert await store.untaken(ids[:5], ["siem", "console"]) == dict.fromkeys(ids[:5], PENDING) | {
        ids[1]: DEAD
    }
    assert await store.untaken(ids[:5], []) == {}
    assert await store.untaken([], ["siem"]) == {}


async def test_more_may_be_asked_for_than_one_statement_holds(store: Store) -> None:
    await store.commit(alerts(*range(1200)))
    asked = [alert(number).id for number in range(1300)]
    left = await store.untaken(asked, ["siem"])
    assert left == {name: PENDING if number < 1200 else None for number, name in enumerate(asked)}
