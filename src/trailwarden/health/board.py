"""Keeps the last check of each kind, and marks what has grown old.

Keeps: silence is not health: a check that nobody renews becomes `warn`, and a heartbeat that stops becomes `fail`.
Ages are measured by a clock that cannot be set, so that a correction of the wall clock restarts nothing.

Next: `server`, which shows the board.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from threading import Lock

from trailwarden.health.model import Check, Coverage, Status
from trailwarden.model import Clock, SystemClock

HEARTBEAT_MAX_AGE = 60.0
"""Seconds without a heartbeat after which the process counts as stuck."""


class StatusBoard:
    """What the service says of itself. Thread-safe; every method returns at once."""

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        heartbeat_max_age: float = HEARTBEAT_MAX_AGE,
    ) -> None:
        """heartbeat_max_age: seconds. The first heartbeat counts as given now: a start may take that long."""
        self._clock = clock if clock is not None else SystemClock()
        self._monotonic = monotonic
        self._heartbeat_max_age = heartbeat_max_age
        self._lock = Lock()
        self._checks: dict[str, tuple[Check, float]] = {}
        self._beaten = monotonic()
        self._coverage = Coverage("unknown", "not configured", self._clock.now()), monotonic()
        self._draining = False

    def set(self, check: Check) -> None:
        """Replace the last check of that name."""
        with self._lock:
            self._checks[check.name] = (check, self._monotonic())

    def remove(self, name: str) -> None:
        """Forget a check that does not apply any more."""
        with self._lock:
            self._checks.pop(name, None)

    def set_coverage(self, coverage: Coverage, age: float = 0.0) -> None:
        """Replace the verdict on the coverage. age: seconds that it is old already."""
        with self._lock:
            self._coverage = coverage, self._monotonic() - age

    def heartbeat(self) -> None:
        """The main loop runs. To be called at intervals well under the limit, idle or not."""
        self._beaten = self._monotonic()

    def drain(self) -> None:
        """The service is being stopped: not ready any more, but alive."""
        self._draining = True

    @property
    def draining(self) -> bool:
        return self._draining

    def now(self) -> datetime:
        return self._clock.now()

    def coverage(self) -> Coverage:
        with self._lock:
            coverage, since = self._coverage
        return coverage.aged(max(0.0, self._monotonic() - since))

    def checks(self) -> Sequence[Check]:
        """All checks in the order in which they were first set; the process's own and the coverage's stand last."""
        with self._lock:
            kept = list(self._checks.values())
        now = self._monotonic()
        return [
            *(_aged(check, now - since) for check, since in kept),
            self._heartbeat_check(now),
            self.coverage().as_check(),
        ]

    def _heartbeat_check(self, now: float) -> Check:
        age = max(0.0, now - self._beaten)
        stuck = age > self._heartbeat_max_age
        return Check(
            component="process",
            measurement="heartbeat",
            status=Status.FAIL if stuck else Status.PASS,
            time=self._clock.now(),
            observed=round(age, 1),
            unit="s",
            output=f"the main loop has not ticked for {age:.0f} s; it is stuck"
            if stuck
            else "the main loop ticks",
            affects_live=True,
        )


def _aged(check: Check, age: float) -> Check:
    """The check, or, where it is older than its max_age, a warning in its place. A `fail` stays one."""
    if check.max_age is None or age <= check.max_age:
        return check
    output = f"stale: not checked for {age:.0f} s, last: {check.output or check.status}"
    return replace(check, status=check.status if check.status is Status.FAIL else Status.WARN, output=output)
