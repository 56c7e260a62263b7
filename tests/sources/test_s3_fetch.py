"""Fetching: what comes of an object, bytes that are counted while they are there, and nothing for who has left."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.aws.s3_server import Handler, raw, refusal, whole
from tests.aws.test_objects import HOME, Rig, rig
from trailwarden.aws import ObjectPlace
from trailwarden.errors import Reason, UnusableError
from trailwarden.sources.budget import Budget
from trailwarden.sources.problems import Problems
from trailwarden.sources.s3_fetch import Fetcher, Fetching, Got
from trailwarden.sources.s3_news import Fetch

__all__ = ["rig"]

LIMIT = 3
LARGEST = 100


class Fetches:
    """A fetcher that is ready for its bucket. got: key -> what came of it."""

    def __init__(self, of: Rig, room: int = 1000) -> None:
        self.rig = of
        self.budget = Budget(room)
        self.problems = Problems("trail")
        self.fetcher = Fetcher(of.reader, 4, LARGEST, self.budget, self.problems)
        self.got: dict[str, Got] = {}
        self.change = asyncio.Event()

    def start(self, key: str, receives: int = 1) -> Fetching:
        def done(got: Got) -> None:
            assert key not in self.got
            self.got[key] = got
            self.change.set()

        fetch = Fetch(ObjectPlace("trail", key, region=HOME), f"s3://trail/{key}")
        return self.fetcher.start(fetch, receives, LIMIT, done)

    async def until(self, number: int) -> dict[str, Got]:
        async with asyncio.timeout(10):
            while len(self.got) < number:
                await self.change.wait()
                self.change.clear()
        return self.got


async def fetches(of: Rig, *answers: Handler, **more: Any) -> Fetches:
    await of.reader.prepare("trail", HOME)
    of.server.answers = list(answers) or [whole(b"content")]
    return Fetches(of, **more)


async def test_an_object_counts_against_the_budget(rig: Rig) -> None:
    made = await fetches(rig)
    made.start("a")
    assert made.fetcher.under_way == 1
    assert await made.until(1) == {"a": b"content"}
    assert (made.budget.taken, made.fetcher.under_way) == (7, 0)


async def test_objects_wait_for_room_and_hold_up_nobody_for_ever(rig: Rig) -> None:
    made = await fetches(rig, room=7)
    for key in "abc":
        made.start(key)
    for number in (1, 2, 3):
        await made.until(number)
        assert made.budget.taken == 7
        made.budget.give(7)
    assert made.got == dict.fromkeys("abc", b"content")
    assert (made.budget.taken, made.fetcher.under_way) == (0, 0)


async def test_what_was_refused_is_ruled_on_without_another_request(rig: Rig) -> None:
    made = await fetches(rig, refusal(404, "NoSuchKey"))
    made.start("early")
    await made.until(1)
    made.start("late", receives=LIMIT)
    await made.until(2)
    assert "NoSuchKey" in str(made.got["early"])
    gone = made.got["late"]
    assert isinstance(gone, UnusableError)
    assert gone.reason is Reason.MISSING
    assert len(rig.server.asked) == 2
    assert made.budget.taken == 0


async def test_what_is_throttled_is_asked_for_again_after_a_while(rig: Rig) -> None:
    made = await fetches(rig, refusal(503, "SlowDown"), whole(b"content"))
    made.start("a")
    assert await made.until(1) == {"a": b"content"}
    assert len(rig.server.asked) == 2


async def test_what_broke_is_asked_for_again(rig: Rig) -> None:
    made = await fetches(
        rig, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", b"torn"), whole(b"content")
    )
    made.start("a")
    assert await made.until(1) == {"a": b"content"}
    assert made.budget.taken == 7


async def test_what_is_too_large_is_quarantined(rig: Rig) -> None:
    made = await fetches(rig, whole(b"x" * (LARGEST + 1)))
    made.start("a")
    large = (await made.until(1))["a"]
    assert isinstance(large, UnusableError)
    assert large.reason is Reason.TOO_LARGE


async def test_what_was_given_up_is_not_asked_for(rig: Rig) -> None:
    made = await fetches(rig)
    made.fetcher.give_up("s3://trail/a", "a bug")
    made.start("a", receives=2)
    given_up = (await made.until(1))["a"]
    assert isinstance(given_up, UnusableError)
    assert given_up.reason is Reason.GIVEN_UP
    assert rig.server.asked == []


async def test_a_problem_is_over_when_the_object_was_read(rig: Rig) -> None:
    made = await fetches(rig)
    made.problems.note("s3://trail/a", "denied")
    made.start("a")
    await made.until(1)
    assert made.problems.lines() == []


@pytest.mark.parametrize("when", ["before it is asked for", "while it waits for room", "in the long way"])
async def test_what_is_cancelled_is_given_to_nobody_and_leaves_no_bytes(rig: Rig, when: str) -> None:
    long_way = when == "in the long way"
    made = await fetches(rig, refusal(503, "SlowDown") if long_way else whole(b"content"), room=7)
    await made.budget.take(7)
    fetching = made.start("a")
    if when != "before it is asked for":
        async with asyncio.timeout(10):
            while fetching._task is None:  # noqa: ASYNC110 - a callback makes it
                await asyncio.sleep(0.01)
    left = fetching.cancel()
    assert fetching.cancel() is left
    assert made.fetcher.under_way == 0
    if left is not None:
        await asyncio.wait([left])
    made.budget.give(7)
    rig.server.answers = [whole(b"another")]
    made.start("b")
    assert await made.until(1) == {"b": b"another"}
    assert len(rig.server.asked) == (1 if when == "before it is asked for" else 2)
    assert made.budget.taken == 7


async def test_what_is_cancelled_while_it_comes_leaves_no_bytes(rig: Rig) -> None:
    made = await fetches(rig, raw(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", b"con", b"tent"))
    fetching = made.start("a")
    async with asyncio.timeout(10):
        while not made.budget.taken:  # noqa: ASYNC110 - a callback takes it
            await asyncio.sleep(0.001)
    assert fetching.cancel() is None
    async with asyncio.timeout(10):
        while made.budget.taken:  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.01)
    assert made.got == {}
