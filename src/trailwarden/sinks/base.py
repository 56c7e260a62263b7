"""The contract of a sink: take one alert, say what became of it.

Keeps: a sink never raises for what the other side did; it says so in an Outcome. What it raises is a bug and is seen
as such. It never decides on retries: that is `pipeline.retry`'s, from the Outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol, runtime_checkable

from trailwarden.errors import Reason
from trailwarden.model import Alert


class Verdict(StrEnum):
    """What became of one attempt."""

    DELIVERED = "delivered"  # taken for good
    RETRY = "retry"  # may pass: try again later
    REFUSED = "refused"  # will never pass as it is: dead letter
    HOLD = "hold"  # configuration on one of the sides (401, 403, 410): keep, try slowly, raise health to warn


class Outcome(NamedTuple):
    """verdict; reason (None when delivered); detail: one line without secrets; retry_after: seconds asked for by the peer."""

    verdict: Verdict
    reason: Reason | None = None
    detail: str = ""
    retry_after: float | None = None


DELIVERED = Outcome(Verdict.DELIVERED)
Attempt = tuple[Alert, int]
"""An alert, and the number of the attempt, from 1."""


class Sink(Protocol):
    """Where alerts go. `send` may be called concurrently up to the sink's own concurrency setting."""

    name: str
    kind: str

    async def open(self) -> None:
        """Get ready (sessions, files). Raises ConfigError where the settings cannot work."""
        ...

    async def send(self, alert: Alert, attempt: int) -> Outcome:
        """One attempt, numbered from 1, with the alert's id as idempotency key. Bounded in time by the sink itself."""
        ...

    async def close(self) -> None:
        """Release what open() took. Idempotent."""
        ...


@runtime_checkable
class TakesMany(Protocol):
    """What a sink may have besides: several alerts in one call. Delivery then makes one call at a time, and no other."""

    async def send_many(self, attempts: Sequence[Attempt]) -> Sequence[Outcome]:
        """As `send` of each, in their order, up to the sink's concurrency setting at once: an outcome for each."""
        ...
