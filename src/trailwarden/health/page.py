"""The page for people: one self-contained document, without scripts and without anything from elsewhere.

Keeps: everything that is shown is escaped; the policy sent along allows the page's own style, by its hash, and nothing
else, so that no text from an event or a peer could ever run.

Next: `page.html` and `page.css`, beside this file.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from trailwarden import __version__
from trailwarden.health.model import Check, HealthState, Status, worst
from trailwarden.telemetry import Backlog, EventCounts

REFRESH_SECONDS: Final = 10

_HERE: Final = files("trailwarden.health")
_STYLE: Final = (_HERE / "page.css").read_text("utf-8")
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_HEADLINES: Final[Mapping[Status, str]] = {
    Status.PASS: "All is well",
    Status.WARN: "Working, with warnings",
    Status.FAIL: "Something is broken",
}

_COVERAGE_WORDS: Final[Mapping[str, str]] = {
    "verified": "Yes: silence means that nothing happened.",
    "gap": "No: some changes would not be seen, and silence proves nothing.",
    "unknown": "Not known: silence proves nothing yet.",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A check as it is shown. age: in words; figures: (value, unit) pairs."""

    title: str
    status: Status
    output: str
    age: str
    figures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Section:
    """A heading and its rows. empty: what is said where there are none."""

    title: str
    rows: Sequence[_Row]
    empty: str


def render_page(
    state: HealthState, events: Mapping[str, EventCounts], backlogs: Mapping[str, Backlog]
) -> str:
    """The whole document."""
    checks, now, verdict = state.checks(), state.now(), state.coverage()
    status = worst(checks)
    return _TEMPLATE.render(
        style=Markup(_STYLE),  # noqa: S704 - our own file, not input
        refresh=REFRESH_SECONDS,
        version=__version__,
        now=now,
        status=status,
        headline="Stopping" if state.draining else _HEADLINES[status],
        concerns=[check for check in checks if check.status is not Status.PASS],
        total=sum(events.values(), start=EventCounts()),
        coverage=verdict,
        coverage_status=verdict.as_check().status,
        coverage_words=_COVERAGE_WORDS[verdict.verdict],
        coverage_age=_age(now, verdict.time),
        sections=_sections(checks, now, events, backlogs),
    )


def _sections(
    checks: Sequence[Check], now: datetime, events: Mapping[str, EventCounts], backlogs: Mapping[str, Backlog]
) -> list[_Section]:
    sources = [
        _row(check, now, _event_figures(events.get(check.measurement))) for check in _of(checks, "source")
    ]
    sinks = [
        _row(check, now, _backlog_figures(backlogs.get(check.measurement))) for check in _of(checks, "sink")
    ]
    others = [check for check in checks if check.component not in {"source", "sink", "coverage"}]
    return [
        _Section("Sources", sources, "No source has reported yet."),
        _Section("Sinks", sinks, "No sink is configured: alerts stay in the outbox."),
        _Section("The service itself", [_row(check, now, _observed(check)) for check in others], ""),
    ]


def _of(checks: Sequence[Check], component: str) -> list[Check]:
    return [check for check in checks if check.component == component]


def _row(check: Check, now: datetime, figures: tuple[tuple[str, str], ...]) -> _Row:
    title = (
        check.measurement
        if check.component in {"source", "sink"}
        else f"{check.component} {check.measurement}"
    )
    return _Row(title, check.status, check.output, _age(now, check.time), figures)


def _event_figures(counts: EventCounts | None) -> tuple[tuple[str, str], ...]:
    if counts is None:
        return ()
    quarantined = ((_number(counts.quarantined), "quarantined"),) if counts.quarantined else ()
    return ((_number(counts.seen), "seen"), (_number(counts.matched), "matched"), *quarantined)


def _backlog_figures(backlog: Backlog | None) -> tuple[tuple[str, str], ...]:
    if backlog is None:
        return ()
    dead = ((_number(backlog.dead), "dead"),) if backlog.dead else ()
    return ((_number(backlog.pending), "pending"), *dead)


def _observed(check: Check) -> tuple[tuple[str, str], ...]:
    return () if check.observed is None else ((_number(check.observed), check.unit),)


def _number(value: object) -> str:
    """Groups of three digits, by narrow spaces at which no line breaks."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,}".replace(",", "\u202f")


def _age(now: datetime, then: datetime) -> str:
    """`now`, `42 s ago`, `5 min ago`, `3 h ago`, `2 d ago`."""
    seconds = int((now - then).total_seconds())
    if seconds < 2:
        return "now"
    for limit, size, unit in ((120, 1, "s"), (7200, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // size} {unit} ago"
    return f"{seconds // 86400} d ago"


def _environment() -> Environment:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = _number
    return environment


_TEMPLATE: Final = _environment().from_string((_HERE / "page.html").read_text("utf-8"))
