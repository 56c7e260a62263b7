"""What each path answers. Pure: from a snapshot of the state to a status, a content type and a body.

Keeps: the status code alone is enough for a machine; details are for people, hold no secret and no stack trace.

Next: `server`, which sends them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from trailwarden import __version__
from trailwarden.health.model import (
    MEDIA_TYPE,
    Check,
    HealthState,
    Status,
    not_live,
    not_ready,
    to_health_json,
    worst,
)
from trailwarden.telemetry import Metrics

_TEXT: Final = "text/plain; charset=utf-8"
_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response without its transport."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer may depend on."""

    state: HealthState
    metrics: Metrics
    verbose: bool
    accept: str


def livez(asked: Asked) -> Answer:
    """200 while the main loop ticks. Nothing outside of the process counts."""
    checks = [check for check in asked.state.checks() if check.affects_live]
    return _probe("livez", checks, not_live(checks), asked.verbose)


def readyz(asked: Asked) -> Answer:
    """200 once every check of readiness has been made and none fails, until the service is being stopped."""
    now = asked.state.now()
    checks = [check for check in asked.state.checks() if check.affects_ready or check.affects_live]
    failed = not_ready(checks)
    if not any(check.affects_ready for check in checks):
        failed.append(Check("process", "start", Status.FAIL, now, output="nothing has been checked yet"))
    if asked.state.draining:
        failed.append(Check("process", "draining", Status.FAIL, now, output="the service is being stopped"))
    return _probe("readyz", checks, failed, asked.verbose)


def health(asked: Asked) -> Answer:
    """The health document: 200 for pass and warn, 503 for fail."""
    checks = asked.state.checks()
    document = to_health_json(checks, __version__, draining=asked.state.draining)
    return _json(503 if worst(checks) is Status.FAIL else 200, document, MEDIA_TYPE)


def coverage(asked: Asked) -> Answer:
    """The verdict on the coverage: 200 for `verified` alone."""
    verdict = asked.state.coverage()
    return _json(200 if verdict.verdict == "verified" else 503, verdict.as_json())


def metrics(asked: Asked) -> Answer:
    """All metrics, in the format that the Accept header asks for."""
    body, content_type = asked.metrics.render(asked.accept)
    return Answer(200, content_type, body)


def page(asked: Asked) -> Answer:
    """The page for people: always 200, because it is an answer to them and not to a probe."""
    from trailwarden.health.page import (  # noqa: PLC0415 - templates are loaded by the first who looks
        CONTENT_SECURITY_POLICY,
        render_page,
    )

    text = render_page(asked.state, asked.metrics.events(), asked.metrics.backlogs())
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Referrer-Policy": "no-referrer"}
    return Answer(200, "text/html; charset=utf-8", text.encode(), headers)


PATHS: Final[Mapping[str, Callable[[Asked], Answer]]] = {
    "/": page,
    "/livez": livez,
    "/readyz": readyz,
    "/health": health,
    "/coverage": coverage,
    "/metrics": metrics,
}

METHODS: Final = ("GET", "HEAD")


def not_found() -> Answer:
    """404, with what there is."""
    return _json(404, {"error": "not found", "paths": list(PATHS)})


def not_allowed() -> Answer:
    """405: nothing here can be changed."""
    answer = _json(405, {"error": "method not allowed"})
    return Answer(answer.status, answer.content_type, answer.body, {"Allow": ", ".join(METHODS)})


def _json(status: int, document: Mapping[str, Any], content_type: str = _JSON) -> Answer:
    return Answer(status, content_type, json.dumps(document, allow_nan=False, default=str).encode() + b"\n")


def _probe(name: str, checks: Sequence[Check], failed: Sequence[Check], verbose: bool) -> Answer:
    """`ok`, or the names of what failed; with `verbose` a line a check, as the Kubernetes API server writes it."""
    if verbose:
        lines = [f"[+]{check.name} ok" for check in checks if check not in failed]
        lines += [f"[-]{check.name} failed: {check.output}" for check in failed]
        lines.append(f"{name} check {'failed' if failed else 'passed'}")
    else:
        lines = [f"failed: {', '.join(check.name for check in failed)}" if failed else "ok"]
    return Answer(503 if failed else 200, _TEXT, ("\n".join(lines) + "\n").encode())
