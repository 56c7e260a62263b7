"""What a check is, and what a set of them says. Pure.

Keeps: nothing checked is not a pass; only `verified` coverage is a success; the worst check decides.

The document follows the IETF draft "Health Check Response Format for HTTP APIs"
(draft-inadarei-api-health-check-06, never an RFC), media type application/health+json.

Next: `board`, which keeps the last check of each kind.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple, Protocol

from trailwarden.model import rfc3339

MEDIA_TYPE: Final = "application/health+json"
SERVICE: Final = "trailwarden"
MAX_OUTPUT: Final = 500
"""Characters of a check's output."""

Observed = str | int | float | bool | None


class Status(StrEnum):
    """The three words of the draft, from good to bad."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WARN = "warn"
    FAIL = "fail"

    @property
    def rank(self) -> int:
        """0 (pass) to 2 (fail)."""
        return list(Status).index(self)


@dataclass(frozen=True, slots=True)
class Check:
    """One observation of one part.

    component:    what was looked at: `source`, `sink`, `store`, `process`, `coverage`
    measurement:  which of them, or what of it; with the component the name, `component:measurement`
    time:         when it was observed; timezone-aware
    observed:     the value that was seen, in `unit`
    output:       one line for a person, without secrets: what is the matter and what to do
    affects_ready, affects_live: whether a `fail` takes `/readyz` or `/livez` down. What lies outside of the process
                  must never affect liveness: a restart does not mend it (Kubernetes, "Configure Probes").
    max_age:      seconds after which the check is stale; None: it never is
    """

    component: str
    measurement: str
    status: Status
    time: datetime
    observed: Observed = None
    unit: str = ""
    output: str = ""
    affects_ready: bool = False
    affects_live: bool = False
    max_age: float | None = None

    def __post_init__(self) -> None:
        """The output becomes one line of printable characters, whoever wrote it."""
        line = " ".join(
            "".join(one if one.isprintable() else " " for one in self.output[:MAX_OUTPUT]).split()
        )
        object.__setattr__(self, "output", line)

    @property
    def name(self) -> str:
        """The key in the health document."""
        return f"{self.component}:{self.measurement}"


CoverageVerdict = Literal["verified", "gap", "unknown"]

_COVERAGE_STATUS: Final[Mapping[CoverageVerdict, Status]] = {
    "verified": Status.PASS,
    "gap": Status.FAIL,
    "unknown": Status.WARN,
}


class Coverage(NamedTuple):
    """Whether the feed would show every VPC change.

    reason: one line; evidence: JSON values, by condition; max_age: seconds after which nobody knows any more; None: never.
    """

    verdict: CoverageVerdict
    reason: str
    time: datetime
    evidence: Mapping[str, Any] = MappingProxyType({})
    max_age: float | None = None
    age: float = 0.0

    def aged(self, age: float) -> Coverage:
        """The same `age` seconds later: `unknown` where it is too old to be trusted."""
        if self.max_age is None or age <= self.max_age:
            return self._replace(age=age)
        reason = f"not verified for {age:.0f} s; last: {self.verdict}: {self.reason}"
        return self._replace(verdict="unknown", reason=reason, age=age)

    def as_json(self) -> dict[str, Any]:
        """The body of `/coverage`."""
        return {
            "verdict": self.verdict,
            "reason": self.reason,
            "time": rfc3339(self.time),
            "age_seconds": round(self.age, 1),
            "evidence": dict(self.evidence),
        }

    def as_check(self) -> Check:
        """A gap is a `fail`, but not of readiness: the feed that there is must be read all the same."""
        return Check(
            component="coverage",
            measurement="verdict",
            status=_COVERAGE_STATUS[self.verdict],
            time=self.time,
            observed=self.verdict,
            output=f"{self.verdict}: {self.reason}",
        )


class HealthState(Protocol):
    """What the server reads. Every method returns at once, from memory."""

    def checks(self) -> Sequence[Check]:
        """The last check of every kind; stale ones are marked."""
        ...

    def coverage(self) -> Coverage:
        """The last verdict."""
        ...

    def now(self) -> datetime:
        """The time that ages are counted from."""
        ...

    @property
    def draining(self) -> bool:
        """Whether the service is being stopped."""
        ...


def worst(checks: Iterable[Check]) -> Status:
    """The worst status among them; `warn` where there is none: nothing checked is not a pass."""
    return max((check.status for check in checks), key=lambda status: status.rank, default=Status.WARN)


def not_live(checks: Iterable[Check]) -> list[Check]:
    """The checks for which the process should be restarted; none where it lives."""
    return [check for check in checks if check.affects_live and check.status is Status.FAIL]


def not_ready(checks: Sequence[Check]) -> list[Check]:
    """The checks for which the service is not ready, what is not alive among them. Warnings do not count."""
    return [
        check
        for check in checks
        if (check.affects_ready or check.affects_live) and check.status is Status.FAIL
    ]


def to_health_json(checks: Sequence[Check], release: str, *, draining: bool = False) -> dict[str, Any]:
    """The document of `/health`. `notes` names what is not a pass, so that a reader need not search."""
    listed: dict[str, list[dict[str, Any]]] = {}
    for check in checks:
        listed.setdefault(check.name, []).append(_check_json(check))
    notes = [f"{check.name}: {check.output}" for check in checks if check.status is not Status.PASS]
    if draining:
        notes.insert(0, "the service is being stopped")
    document: dict[str, Any] = {"status": worst(checks), "releaseId": release, "serviceId": SERVICE}
    document |= {"notes": notes} if notes else {}
    return document | {"checks": listed}


def _check_json(check: Check) -> dict[str, Any]:
    """`output` is left out on a pass, as the draft says."""
    body: dict[str, Any] = {"componentType": "component", "status": check.status, "time": rfc3339(check.time)}
    if check.observed is not None:
        body["observedValue"] = _finite(check.observed)
    if check.unit:
        body["observedUnit"] = check.unit
    if check.output and check.status is not Status.PASS:
        body["output"] = check.output
    return body


def _finite(value: Observed) -> Observed:
    """JSON has neither NaN nor infinity."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
