"""When to try again: a pure function of what happened, how often, for how long, and a random number.

Keeps: every alert ends: delivered, or dead when it is refused for good or tried for longer than max_age. No delay is negative or
beyond the cap (but what the other side asked for, up to an hour).

Source of the rule: exponential back-off with full jitter; Standard Webhooks, "Deliverability"; RFC 9110 for Retry-After.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from trailwarden.errors import Reason
from trailwarden.sinks import Outcome, Verdict
from trailwarden.store import DeliveryState

MAX_RETRY_AFTER: Final = timedelta(hours=1)
MIN_ATTEMPTS: Final = 3
"""A stop may fall between two attempts and outlast max_age: an alert is not given up after fewer than this."""
_MAX_DOUBLINGS: Final = 20


class RetryPolicy(NamedTuple):
    """base: the longest first pause; cap: the longest pause; max_age: of the tries, after which the alert is dead."""

    base: timedelta
    cap: timedelta
    max_age: timedelta


class Step(NamedTuple):
    """What is to become of a delivery. at: when to try again, with PENDING only."""

    state: DeliveryState
    at: datetime | None = None
    reason: Reason | None = None
    detail: str = ""


def next_step(
    policy: RetryPolicy, outcome: Outcome, attempt: int, since: datetime, now: datetime, chance: float
) -> Step:
    """attempt: the number of the attempt that `outcome` is of, from 1; since: when it was first tried; chance: in [0, 1).

    The age counts from the first attempt, not from the alert's creation, for a stop that outlasts max_age must not cost an alert.
    """
    if outcome.verdict is Verdict.DELIVERED:
        return Step(DeliveryState.DELIVERED)
    if outcome.verdict is Verdict.REFUSED:
        return Step(DeliveryState.DEAD, reason=outcome.reason, detail=outcome.detail)
    at = now + delay(policy, outcome, attempt, chance)
    if at > since + policy.max_age:
        if now < since + policy.max_age:
            return Step(DeliveryState.PENDING, since + policy.max_age, outcome.reason, outcome.detail)
        if attempt < MIN_ATTEMPTS:
            return Step(DeliveryState.PENDING, at, outcome.reason, outcome.detail)
        detail = f"tried {attempt} times; at last: {outcome.detail}"
        return Step(DeliveryState.DEAD, reason=Reason.EXPIRED, detail=detail)
    return Step(DeliveryState.PENDING, at, outcome.reason, outcome.detail)


def delay(policy: RetryPolicy, outcome: Outcome, attempt: int, chance: float) -> timedelta:
    """The pause before the next attempt."""
    if outcome.verdict is Verdict.HOLD:
        return policy.cap * (0.5 + chance / 2)
    doubled = 1 << min(attempt - 1, _MAX_DOUBLINGS)
    full = policy.cap if policy.cap / doubled <= policy.base else policy.base * doubled
    jittered = full * chance
    if outcome.retry_after is None:
        return jittered
    asked = min(timedelta(seconds=outcome.retry_after), MAX_RETRY_AFTER)
    return asked + jittered
