"""Contract of the store: what one alone does for all, one alone does."""

from __future__ import annotations

import asyncio

import pytest

from tests.store.values import LATER, alerts, at
from trailwarden.errors import LeaseLostError
from trailwarden.model import Checkpoint
from trailwarden.store import Commit, Committed, Lease, OutboxFilter, Store


def lease(holder: str, until: float, name: str = "verification") -> Lease:
    return Lease(name, holder, at(until))


async def test_one_has_it_until_it_is_over_and_may_renew_it(store: Store, other: Store) -> None:
    assert await store.lease(lease("a", 60), LATER) == lease("a", 60)
    assert await other.lease(lease("b", 70), at(10)) == lease("a", 60)
    assert await store.lease(lease("a", 90), at(30)) == lease("a", 90)
    assert await other.lease(lease("b", 149), at(89)) == lease("a", 90)
    assert await other.lease(lease("b", 150), at(90)) == lease("b", 150)
    assert await store.lease(lease("a", 160), at(100)) == lease("b", 150)


async def test_it_can_be_given_up(store: Store, other: Store) -> None:
    await store.lease(lease("a", 60), LATER)
    await store.lease(lease("a", 5), at(5))
    assert await other.lease(lease("b", 65), at(5)) == lease("b", 65)


async def test_names_are_told_apart(store: Store) -> None:
    await store.lease(lease("a", 60), LATER)
    assert await store.lease(lease("b", 60, "source/spool"), LATER) == lease("b", 60, "source/spool")


async def test_of_many_at_once_one_gets_it(store: Store, other: Store) -> None:
    for turn in range(5):  # free at first, then over each time
        wanted = [lease(f"{turn}-{number}", turn + 1) for number in range(8)]
        got = await asyncio.gather(
            *((store, other)[number % 2].lease(one, at(turn)) for number, one in enumerate(wanted))
        )
        assert len({one.holder for one in got}) == 1
        assert [one for one in got if one in wanted] == got


async def test_what_is_committed_under_a_lease_is_committed_by_its_holder(store: Store, other: Store) -> None:
    mine, theirs = lease("a", 60), lease("b", 160)
    await store.lease(mine, LATER)
    told = Commit(alerts=alerts(1).alerts, checkpoints=[Checkpoint("@coverage", "told", "1")], lease=mine)
    assert await store.commit(told) == Committed(new=1, known=0)
    await other.lease(theirs, at(100))
    late = Commit(alerts=alerts(2).alerts, checkpoints=[Checkpoint("@coverage", "told", "2")], lease=mine)
    with pytest.raises(LeaseLostError, match="another instance has taken over verification"):
        await store.commit(late)
    assert len(await store.outbox(OutboxFilter())) == 1
    assert await store.checkpoints("@coverage") == {"told": "1"}
    assert await other.commit(Commit(alerts=alerts(2).alerts, lease=theirs)) == Committed(new=1, known=0)
