"""Messages in flight: until when each is ours, and what is open of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.sources.sqs_messages import Message, Messages
from trailwarden.sources.sqs_queue import Received

HOUR = 3600


def _received(receipt: str = "r") -> Received:
    return Received("id-" + receipt, receipt, "body", 1)


def _one(visibility: int = 100, asked: float = 0.0) -> tuple[Messages, Message]:
    messages = Messages(visibility)
    return messages, messages.add(_received(), asked)


def test_a_message_is_done_with_its_last_object() -> None:
    _, message = _one()
    message.open = 3
    assert [message.answered(None), message.answered("denied"), message.answered("other")] == [
        False,
        False,
        True,
    ]
    assert message.failed == "denied"


def test_a_nack_without_a_reason_counts_as_failed() -> None:
    _, message = _one()
    message.open = 1
    assert message.answered("")
    assert message.failed


@pytest.mark.parametrize(("now", "ours"), [(0, True), (99.9, True), (100, False), (1000, False)])
def test_it_is_ours_while_it_is_hidden_counted_from_the_question(now: float, ours: bool) -> None:
    messages, message = _one()
    assert messages.ours(message, now) is ours
    assert messages.expire(now) == ([] if ours else [message])
    assert message.lost is not ours
    assert len(messages) == (1 if ours else 0)


@pytest.mark.parametrize(("now", "due"), [(49.9, False), (50, True), (99.9, True), (100, False)])
def test_it_is_due_at_half_of_the_time(now: float, due: bool) -> None:
    messages, message = _one()
    assert messages.due(now) == ([message] if due else [])


def test_what_is_being_answered_is_not_extended() -> None:
    messages, message = _one()
    message.settled = True
    assert messages.due(60) == []
    assert messages.expire(100) == [message]


def test_an_extension_counts_from_the_call() -> None:
    messages, message = _one()
    messages.extended([message], 60)
    assert message.until == 160
    assert messages.due(100) == []
    assert messages.due(110) == [message]


def test_what_was_lost_meanwhile_stays_lost() -> None:
    messages, message = _one()
    messages.expire(100)
    messages.extended([message], 99)
    assert message.lost
    assert message.until == 100


def test_what_was_answered_for_is_not_lost_afterwards() -> None:
    messages, message = _one()
    messages.remove(message)
    messages.remove(message)
    assert messages.lose([message]) == []
    assert not message.lost
    assert messages.expire(1000) == []


def test_the_same_message_received_again_is_another_one() -> None:
    messages, first = _one()
    messages.lose([first])
    second = messages.add(_received("later"), 10)
    assert list(messages) == [second]
    assert not second.lost


def test_near_the_cap_it_is_not_asked_for_over_and_over() -> None:
    messages, message = _one(11 * HOUR)
    calls = 0
    for now in range(0, 12 * HOUR, 15):
        messages.expire(now)
        for one in messages.due(now):
            messages.extended([one], now)
            calls += 1
    assert message.lost
    assert calls < 10


@given(
    st.integers(2, 11 * HOUR),
    st.lists(st.tuples(st.floats(0, 2 * HOUR), st.booleans(), st.floats(0, 40)), max_size=60),
)
def test_an_expired_one_is_never_extended_and_none_beyond_twelve_hours(
    visibility: int, steps: list[tuple[float, bool, float]]
) -> None:
    messages, message = _one(visibility)
    now = 0.0
    for pause, works, latency in steps:
        now += pause
        expired = now >= message.until
        messages.expire(now)
        assert not expired or message.lost
        due = messages.due(now)
        assert not due or (not message.lost and now < message.until)
        for one in due:
            asked = messages.extension(one, now)
            assert 1 <= asked <= visibility
            assert now + asked <= one.since + 12 * HOUR
            assert now + asked > one.until
        asked_at, now = now, now + latency
        if works:
            before = message.until
            messages.extended(due, asked_at)
            assert message.until >= before
    assert message.until <= message.since + 12 * HOUR
    messages.expire(message.since + 12 * HOUR)
    assert message.lost
