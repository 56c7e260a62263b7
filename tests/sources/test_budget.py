"""Room for bytes in flight: never more than the limit, in order, and nothing is lost by a cancellation."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trailwarden.sources.budget import Budget

LIMIT = 10


async def _turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def _waiting(budget: Budget, *sizes: int) -> list[asyncio.Task[None]]:
    return [asyncio.create_task(budget.take(size)) for size in sizes]


def _done(tasks: Iterable[asyncio.Task[None]]) -> list[bool]:
    return [task.done() and not task.cancelled() for task in tasks]


async def test_what_fits_is_taken_at_once() -> None:
    budget = Budget(LIMIT)
    await budget.take(4)
    await budget.take(6)
    assert budget.taken == LIMIT


async def test_what_does_not_fit_waits_until_room_is_given_back() -> None:
    budget = Budget(LIMIT)
    await budget.take(6)
    (waits,) = _waiting(budget, 5)
    await _turn()
    assert not waits.done()
    budget.give(6)
    await waits
    assert budget.taken == 5


async def test_a_piece_larger_than_the_limit_passes_alone() -> None:
    budget = Budget(LIMIT)
    await budget.take(1)
    waiting = _waiting(budget, 25, 1)
    await _turn()
    assert _done(waiting) == [False, False]
    budget.give(1)
    await _turn()
    assert _done(waiting) == [True, False]
    budget.give(25)
    await waiting[1]
    assert budget.taken == 1


async def test_a_small_piece_does_not_overtake_a_large_one() -> None:
    budget = Budget(LIMIT)
    await budget.take(8)
    waiting = _waiting(budget, 9, 1)
    await _turn()
    assert _done(waiting) == [False, False]
    budget.give(8)
    await _turn()
    assert _done(waiting) == [True, True]


async def test_who_is_cancelled_while_waiting_lets_the_next_one_pass() -> None:
    budget = Budget(LIMIT)
    await budget.take(8)
    large, small = _waiting(budget, 9, 1)
    await _turn()
    large.cancel()
    await _turn()
    assert _done([small]) == [True]
    assert budget.taken == 9


async def test_who_is_cancelled_as_the_turn_comes_gives_it_back() -> None:
    budget = Budget(LIMIT)
    await budget.take(10)
    (waits,) = _waiting(budget, 7)
    await _turn()
    budget.give(10)
    waits.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits
    assert budget.taken == 0


async def test_room_that_is_given_back_while_all_who_wait_are_being_cancelled() -> None:
    budget = Budget(LIMIT)
    await budget.take(10)
    first, second, last = _waiting(budget, 7, 20, 3)
    await _turn()
    first.cancel()
    second.cancel()
    budget.give(10)
    await _turn()
    assert _done([last]) == [True]
    assert budget.taken == 3


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(0, 15)),
        st.tuples(st.just("give"), st.integers(0, 50)),
        st.tuples(st.just("cancel"), st.integers(0, 50)),
        st.tuples(st.just("turn"), st.just(0)),
    ),
    max_size=40,
)


class _Crowd:
    """Who asked, in order; who has what."""

    def __init__(self) -> None:
        self.budget = Budget(LIMIT)
        self.order: list[int] = []
        self.held: dict[int, int] = {}
        self.asking: dict[int, asyncio.Task[None]] = {}

    def take(self, size: int) -> None:
        who = len(self.asking)
        self.asking[who] = asyncio.create_task(self._take(who, size))

    async def _take(self, who: int, size: int) -> None:
        if self.budget.take_now(size):
            self.held[who] = size
            await asyncio.sleep(0)  # who was served before, and has not come to run yet, is before it
        else:
            await self.budget.take(size)
            self.held[who] = size
        self.order.append(who)

    def give(self, which: int) -> None:
        if self.held:
            who = list(self.held)[which % len(self.held)]
            self.budget.give(self.held.pop(who))

    def cancel(self, which: int) -> None:
        open_yet = [task for task in self.asking.values() if not task.done()]
        if open_yet:
            open_yet[which % len(open_yet)].cancel()

    def check(self) -> None:
        taken = self.budget.taken
        assert taken >= sum(self.held.values())
        assert taken <= LIMIT or len([size for size in self.held.values() if size]) <= 1
        got = [who for who in self.asking if who in self.order]
        assert self.order == got, "in the order in which they asked"


async def _played(steps: list[tuple[str, int]]) -> None:
    crowd = _Crowd()
    for what, number in steps:
        if what == "turn":
            await _turn()
        else:
            getattr(crowd, what)(number)
        crowd.check()
    await _turn()
    assert crowd.budget.taken == sum(crowd.held.values())
    while crowd.held:
        crowd.give(0)
        await _turn()
        crowd.check()
    assert crowd.budget.taken == 0
    assert all(task.done() for task in crowd.asking.values()), "nobody waits for ever"
    for task in crowd.asking.values():
        assert task.cancelled() or task.exception() is None


@given(_STEPS)
@settings(max_examples=300)
def test_whatever_happens_the_limit_holds_and_all_comes_back(steps: list[tuple[str, int]]) -> None:
    asyncio.run(_played(steps))
