"""Answers to a queue that refuses, fails and hangs: nothing is forgotten, and what is lost is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from tests.sources.scripted_queue import GONE, Rig
from trailwarden.aws import AwsError, AwsFailure, Fault
from trailwarden.sources import sqs_answers

AWAY = AwsError(AwsFailure(Fault.NETWORK, "EndpointConnectionError", "no connection"))
EXPIRED = AwsError(AwsFailure(Fault.DENIED, "ExpiredToken", "expired", credentials=True))


@pytest.fixture
async def rig(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr(sqs_answers, "_RETRY", 0.01)
    monkeypatch.setattr(sqs_answers, "_GATHER", 0.01)
    made = Rig()
    made.answers.start()
    yield made
    made.queue.script.clear()
    await made.answers.close(1)


async def comes_true(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - a call is seen when it was made
            await asyncio.sleep(0.005)


async def test_deletes_go_out_in_batches_of_ten(rig: Rig) -> None:
    for message in rig.received(23):
        rig.answers.delete(message)
    await comes_true(lambda: not len(rig.messages))
    assert sorted(map(len, rig.queue.deleted)) == [3, 10, 10]
    assert len(rig.all_deleted()) == 23
    assert rig.removed == 3


async def test_what_may_become_a_batch_waits_and_what_cannot_does_not(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqs_answers, "_GATHER", 0.2)
    first, second = rig.received(2)
    rig.answers.delete(first)
    for _ in range(10):
        await asyncio.sleep(0)
    assert rig.queue.deleted == []
    rig.answers.delete(second)
    await comes_true(lambda: not len(rig.messages))
    monkeypatch.setattr(sqs_answers, "_GATHER", 3600.0)
    (last,) = rig.received(1)
    rig.answers.delete(last)
    await comes_true(lambda: not len(rig.messages))
    assert rig.queue.deleted == [["r0", "r1"], ["r0"]]


async def test_each_is_given_back_for_its_own_time_apart_from_the_deletes(rig: Rig) -> None:
    first, second, third = rig.received(3)
    rig.answers.give_back(first, 5)
    rig.answers.delete(second)
    rig.answers.give_back(third, 0)
    await comes_true(lambda: not len(rig.messages))
    assert rig.queue.hidden == [{"r0": 5, "r2": 0}]
    assert rig.queue.deleted == [["r1"]]


async def test_of_a_batch_only_what_was_refused_is_tried_again(rig: Rig) -> None:
    rig.queue.script.append({"r1": "InternalError"})
    for message in rig.received(3):
        rig.answers.delete(message)
    await comes_true(lambda: not len(rig.messages))
    assert rig.queue.deleted == [["r0", "r1", "r2"], ["r1"]]


async def test_what_is_gone_is_not_tried_again(rig: Rig) -> None:
    rig.queue.script.append({"r0": GONE})
    for message in rig.received(2):
        rig.answers.delete(message)
    await comes_true(lambda: not len(rig.messages))
    assert rig.queue.deleted == [["r0", "r1"]]


@pytest.mark.parametrize("fault", [AWAY, EXPIRED, ValueError("ours")])
async def test_a_call_that_fails_is_made_again_and_is_a_problem_until_then(
    rig: Rig, fault: Exception
) -> None:
    (message,) = rig.received(1)
    rig.queue.script.append(fault)
    rig.answers.delete(message)
    await comes_true(lambda: bool(rig.problems.lines()))
    assert list(rig.messages) == [message]
    assert "the queue does not take what it is told" in rig.problems.lines()[0]
    await comes_true(lambda: not len(rig.messages))
    assert rig.queue.deleted == [["r0"], ["r0"]]
    assert rig.problems.lines() == []
    assert rig.queue.renewed == (fault is EXPIRED)


async def test_what_is_refused_for_ever_holds_up_nothing_else(rig: Rig) -> None:
    stuck = {f"r{n}": "InternalError" for n in range(60)}
    rig.queue.script.extend([stuck] * 10_000)
    for message in rig.received(60):
        rig.answers.delete(message)
    await comes_true(lambda: len(rig.queue.deleted) > 12)
    (other,) = rig.received(1)
    rig.answers.delete(other)
    await comes_true(lambda: other not in list(rig.messages))


async def test_a_message_that_is_over_is_not_deleted(rig: Rig) -> None:
    over, ours = rig.received(1)[0], None
    rig.now = 60
    (ours,) = rig.received(1)
    rig.now = 100
    rig.answers.delete(over)
    rig.answers.delete(ours)
    await comes_true(lambda: ours not in list(rig.messages))
    assert rig.queue.deleted == [["r1"]]
    await rig.answers.keep_hidden()
    assert rig.lost == [over]


async def test_a_retry_ends_with_the_loss(rig: Rig) -> None:
    (message,) = rig.received(1)
    rig.queue.script.extend([AWAY] * 1000)
    rig.answers.delete(message)
    await comes_true(lambda: len(rig.queue.deleted) > 2)
    rig.now = 100
    await rig.answers.keep_hidden()
    assert rig.lost == [message]
    tried = len(rig.queue.deleted)
    rig.queue.script.clear()
    (other,) = rig.received(1)
    rig.answers.delete(other)
    await comes_true(lambda: not len(rig.messages))
    assert len(rig.queue.deleted) <= tried + 2
    assert rig.queue.deleted[-1] == [other.received.receipt]


async def test_the_heartbeat_extends_at_half_of_the_time() -> None:
    rig = Rig()
    early = rig.received(12)
    rig.now = 30
    (late,) = rig.received(1)
    await rig.answers.keep_hidden()
    assert rig.queue.hidden == []
    rig.now = 50
    await rig.answers.keep_hidden()
    assert sorted(map(len, rig.queue.hidden)) == [2, 10]
    assert {seconds for call in rig.queue.hidden for seconds in call.values()} == {100}
    assert {message.until for message in early} == {150}
    assert late.until == 130


async def test_the_heartbeat_leaves_alone_what_is_being_answered() -> None:
    rig = Rig()
    rig.answers.give_back(rig.received(1)[0], 5)
    rig.now = 60
    await rig.answers.keep_hidden()
    assert rig.queue.hidden == []


async def test_a_heartbeat_that_fails_is_tried_again_and_in_the_end_the_work_is_stopped() -> None:
    rig = Rig()
    (message,) = rig.received(1)
    rig.queue.script.extend([AWAY, EXPIRED])
    for now in (50, 75):
        rig.now = now
        await rig.answers.keep_hidden()
    assert len(rig.queue.hidden) == 2
    assert rig.queue.renewed == 1
    assert not rig.lost
    rig.now = 100
    await rig.answers.keep_hidden()
    assert rig.lost == [message]
    assert message.lost
    assert len(rig.queue.hidden) == 2


async def test_what_the_queue_says_is_gone_is_lost_and_the_rest_is_not() -> None:
    rig = Rig()
    first, second, third = rig.received(3)
    rig.queue.script.append({"r0": GONE, "r1": "InternalError"})
    rig.now = 50
    await rig.answers.keep_hidden()
    assert rig.lost == [first]
    assert (second.until, third.until) == (100, 150)


async def test_what_was_deleted_while_it_was_extended_is_not_lost() -> None:
    rig = Rig()
    (message,) = rig.received(1)
    released = asyncio.Event()
    rig.queue.script.append(released)
    rig.now = 50
    beat = asyncio.create_task(rig.answers.keep_hidden())
    await comes_true(lambda: bool(rig.queue.hidden))
    rig.messages.remove(message)
    released.set()
    await beat
    assert (rig.lost, message.lost) == ([], False)


async def test_a_heartbeat_that_hangs_does_not_keep_the_loss_from_being_told() -> None:
    rig = Rig(visibility=2)
    (message,) = rig.received(1)
    rig.queue.script.append(asyncio.Event())
    rig.now = 1
    async with asyncio.timeout(5):
        await rig.answers.keep_hidden()
        rig.now = 2
        await rig.answers.keep_hidden()
    assert rig.lost == [message]


async def test_close_sends_what_waits_and_gives_back_the_rest() -> None:
    rig = Rig()
    done, failed, *rest = rig.received(15)
    rig.answers.delete(done)
    rig.answers.give_back(failed, 40)
    rig.queue.script.append(AWAY)
    await rig.answers.close(5)
    assert rig.queue.deleted == [["r0"], ["r0"]]
    hidden = {receipt: seconds for call in rig.queue.hidden for receipt, seconds in call.items()}
    assert hidden == {"r1": 40} | {one.received.receipt: 0 for one in rest}
    assert not len(rig.messages)


async def test_close_loses_no_answer_that_waits_for_a_free_call(rig: Rig) -> None:
    released = asyncio.Event()
    rig.queue.script.extend([released] * 4)
    for message in rig.received(70):
        rig.answers.delete(message)
    await comes_true(lambda: len(rig.queue.deleted) == 4)
    closing = asyncio.create_task(rig.answers.close(5))
    await asyncio.sleep(0)
    released.set()
    await closing
    assert len(rig.all_deleted()) == 70
    assert not len(rig.messages)


async def test_close_does_not_wait_for_a_queue_that_hangs() -> None:
    rig = Rig()
    rig.queue.script.extend([asyncio.Event()] * 10)
    rig.received(70)
    async with asyncio.timeout(5):
        await rig.answers.close(0.1)
    assert len(rig.queue.hidden) == 4
