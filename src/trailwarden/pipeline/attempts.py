"""Claims to a sink, and what became of each: the outcome of an attempt, the state of the sink, the metrics.

Keeps: whatever a sink does, raising included, each claim gets a settlement.

Next: `trailwarden.pipeline.retry`, which decides when to try again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

import structlog

from trailwarden.errors import Reason
from trailwarden.model import Clock
from trailwarden.pipeline.retry import RetryPolicy, next_step
from trailwarden.sinks import Outcome, RoutingSettings, Sink, TakesMany, Verdict
from trailwarden.store import Claim, DeliveryState, Settlement

log = structlog.get_logger(__name__)

_WEIGHT: Final = 0.2
"""Of the newest attempt in how fast a sink is said to be."""


class SinkState(StrEnum):
    """How a sink is doing."""

    OK = "ok"
    FAILING = "failing"  # the last attempts failed and may pass
    HOLDING = "holding"  # configuration on one of the sides: tried slowly


@dataclass(slots=True)
class SinkStatus:
    """For health. failures: in a row; last_error: one line without secrets."""

    state: SinkState = SinkState.OK
    failures: int = 0
    last_error: str = ""
    last_delivered: datetime | None = None


class DeliveryMetrics(Protocol):
    """What is counted."""

    def attempts(self, sink: str, verdict: Verdict, reason: Reason | None, count: int) -> None:
        """So many attempts ended like this."""
        ...

    def delivered(self, sink: str, seconds: Sequence[float]) -> None:
        """Alerts were taken, so long after they were made."""
        ...


@dataclass(frozen=True, slots=True)
class Route:
    """A sink, open, with the settings that say how it is tried."""

    sink: Sink
    settings: RoutingSettings

    @property
    def policy(self) -> RetryPolicy:
        """When it is tried again."""
        return RetryPolicy(self.settings.retry_base, self.settings.retry_cap, self.settings.max_age)


@dataclass(slots=True)
class Attempts:
    """At one sink. `chance` gives numbers in [0, 1). pace: seconds that the sink takes for an alert; None before the first."""

    route: Route
    clock: Clock
    metrics: DeliveryMetrics
    chance: Callable[[], float]
    status: SinkStatus = field(default_factory=SinkStatus)
    pace: float | None = None
    _many: TakesMany | None = None

    def __post_init__(self) -> None:
        self._many = self.route.sink if isinstance(self.route.sink, TakesMany) else None

    @property
    def together(self) -> bool:
        """Whether the sink takes several alerts at once."""
        return self._many is not None

    async def of(self, claims: Sequence[Claim]) -> list[Settlement]:
        """One attempt for each, of one call where the sink takes many, of one claim otherwise."""
        began = time.monotonic()
        outcomes = await self._sent(claims)
        now = self.clock.now()
        self._measure(time.monotonic() - began, len(claims))
        self._note(claims, outcomes, now)
        return [
            Settlement(claim.alert.id, claim.sink, DeliveryState.DELIVERED, now, claimed_until=claim.until)
            if outcome.verdict is Verdict.DELIVERED
            else self._failed(claim, outcome, now)
            for claim, outcome in zip(claims, outcomes, strict=True)
        ]

    async def _sent(self, claims: Sequence[Claim]) -> Sequence[Outcome]:
        sink = self.route.sink
        try:
            if self._many is not None:
                outcomes = await self._many.send_many([(claim.alert, claim.attempt) for claim in claims])
                if len(outcomes) != len(claims):
                    raise RuntimeError(f"{len(outcomes)} outcomes of {len(claims)} attempts")
                return outcomes
            (claim,) = claims
            return [await sink.send(claim.alert, claim.attempt)]
        except (
            Exception
        ) as fault:  # a bug of the sink's must not cost the alert, nor the other alerts their turn
            log.exception("sink_raised", sink=sink.name, alert_id=claims[0].alert.id)
            detail = f"{type(fault).__name__} in the sink; the log has the details"
            return [Outcome(Verdict.RETRY, Reason.BAD_ANSWER, detail)] * len(claims)

    def _measure(self, seconds: float, count: int) -> None:
        took = seconds / (count if self.together else self.route.settings.concurrency)
        self.pace = took if self.pace is None else self.pace + _WEIGHT * (took - self.pace)

    def _note(self, claims: Sequence[Claim], outcomes: Sequence[Outcome], now: datetime) -> None:
        name = self.route.sink.name
        for (verdict, reason), count in Counter((one.verdict, one.reason) for one in outcomes).items():
            self.metrics.attempts(name, verdict, reason, count)
        waited: list[float] = []
        for claim, outcome in zip(claims, outcomes, strict=True):
            if outcome.verdict is Verdict.DELIVERED:
                waited.append(max((now - claim.alert.created_at).total_seconds(), 0.0))
                if self.status.state is not SinkState.OK:
                    log.info("sink_recovered", sink=name, failures=self.status.failures)
                    self.status = SinkStatus()
                self.status.last_delivered = now
            else:
                self._note_failure(outcome)
        if waited:
            self.metrics.delivered(name, waited)

    def _note_failure(self, outcome: Outcome) -> None:
        status = self.status
        state = SinkState.HOLDING if outcome.verdict is Verdict.HOLD else SinkState.FAILING
        if state is not status.state:
            log.warning("sink_fails", sink=self.route.sink.name, reason=outcome.reason, detail=outcome.detail)
        status.state, status.failures, status.last_error = state, status.failures + 1, outcome.detail

    def _failed(self, claim: Claim, outcome: Outcome, now: datetime) -> Settlement:
        step = next_step(
            self.route.policy, outcome, claim.attempt, claim.first_claimed_at, now, self.chance()
        )
        if step.state is DeliveryState.DEAD:
            log.error("alert_is_dead", sink=self.route.sink.name, alert_id=claim.alert.id, detail=step.detail)
        return Settlement(
            alert_id=claim.alert.id,
            sink=claim.sink,
            state=step.state,
            at=now,
            next_attempt_at=step.at,
            reason=step.reason,
            detail=step.detail,
            claimed_until=claim.until,
        )


def returned(claim: Claim, now: datetime) -> Settlement:
    """A claim that was not attempted: due again at once."""
    return Settlement(
        claim.alert.id,
        claim.sink,
        DeliveryState.PENDING,
        now,
        next_attempt_at=now,
        claimed_until=claim.until,
    )
