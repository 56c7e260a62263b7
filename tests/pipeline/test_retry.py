"""The retry policy: bounded, never negative, always at an end."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.sinks.alerts import NOW
from trailwarden.errors import Reason
from trailwarden.pipeline.retry import MAX_RETRY_AFTER, RetryPolicy, delay, next_step
from trailwarden.sinks import DELIVERED, Outcome, Verdict
from trailwarden.store import DeliveryState

POLICY = RetryPolicy(timedelta(seconds=1), timedelta(minutes=10), timedelta(hours=6))
chances = st.floats(0, 1, exclude_max=True)
failures = st.builds(
    Outcome,
    st.sampled_from([Verdict.RETRY, Verdict.HOLD]),
    st.sampled_from(list(Reason)),
    st.just("x"),
    st.none() | st.floats(0, 1e9),
)


@given(failures, st.integers(1, 10_000), chances)
def test_a_pause_is_never_negative_and_never_beyond_the_cap(
    outcome: Outcome, attempt: int, chance: float
) -> None:
    asked = outcome.retry_after is not None and outcome.verdict is Verdict.RETRY
    limit = POLICY.cap + (MAX_RETRY_AFTER if asked else timedelta(0))
    assert timedelta(0) <= delay(POLICY, outcome, attempt, chance) <= limit


@given(st.integers(1, 60), chances)
def test_the_longest_pause_doubles_up_to_the_cap(attempt: int, chance: float) -> None:
    outcome = Outcome(Verdict.RETRY, Reason.TIMEOUT)
    full = min(POLICY.cap, POLICY.base * 2 ** min(attempt - 1, 20))
    assert delay(POLICY, outcome, attempt, chance) == full * chance


@given(st.floats(0, 3600), chances)
def test_retry_after_is_waited_for(seconds: float, chance: float) -> None:
    outcome = Outcome(Verdict.RETRY, Reason.RATE_LIMITED, retry_after=seconds)
    assert delay(POLICY, outcome, 1, chance) >= timedelta(seconds=seconds)


@given(failures, st.floats(0.001, 1, exclude_max=True))
def test_a_delivery_that_never_passes_ends_as_a_dead_letter(outcome: Outcome, chance: float) -> None:
    now: datetime = NOW
    for attempt in range(1, 100_000):
        step = next_step(POLICY, outcome, attempt, NOW, now, chance)
        if step.state is DeliveryState.DEAD:
            assert step.reason is Reason.EXPIRED
            assert now >= NOW + POLICY.max_age
            return
        assert step.at is not None
        assert now <= step.at <= NOW + POLICY.max_age
        now = max(step.at, now + timedelta(milliseconds=100))
    raise AssertionError("it never ended")


def test_delivered_and_refused_end_at_once() -> None:
    assert next_step(POLICY, DELIVERED, 1, NOW, NOW, 0.5).state is DeliveryState.DELIVERED
    refused = next_step(POLICY, Outcome(Verdict.REFUSED, Reason.REFUSED, "400"), 1, NOW, NOW, 0.5)
    assert (refused.state, refused.reason, refused.detail) == (DeliveryState.DEAD, Reason.REFUSED, "400")


def test_a_last_attempt_is_made_when_the_time_is_up() -> None:
    outcome = Outcome(Verdict.HOLD, Reason.GONE, "gone")
    step = next_step(POLICY, outcome, 9, NOW, NOW + POLICY.max_age - timedelta(seconds=1), 0.9)
    assert step.at == NOW + POLICY.max_age
