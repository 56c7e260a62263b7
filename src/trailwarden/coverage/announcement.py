"""Changes of the verdict as alerts, and the test alert that proves the way of one. Pure.

Keeps: a recovery is as severe as the gap that it ends, so that whoever got the one gets the other; what changed together for
the same reason is one alert.

Next: `damping`, which decides what is announced; `trailwarden.detection.document`, the fields.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from trailwarden.coverage.conditions import Finding, State
from trailwarden.coverage.damping import Announced, Change, damped
from trailwarden.coverage.report import Report, shown
from trailwarden.coverage.verdict import Verdict
from trailwarden.detection.document import (
    AlertDocument,
    ConditionReference,
    CoverageReference,
    OriginReference,
    RuleReference,
)
from trailwarden.detection.references import References
from trailwarden.model import Alert, Severity, rfc3339

RULE: Final = "trailwarden-coverage"
TEST_RULE: Final = "trailwarden-test"
_MAX_CONDITIONS: Final = 30
_SEVERITY: Final[Mapping[State | None, Severity]] = {
    State.GAP: Severity.CRITICAL,
    State.UNKNOWN: Severity.MEDIUM,
    State.VERIFIED: Severity.INFORMATIONAL,
    None: Severity.INFORMATIONAL,
}
Place = tuple[str, str]
"""Account and Region; ("", "") for Trailwarden itself."""


def changes(
    announced: Mapping[Place, Announced], report: Report, hold: timedelta
) -> tuple[dict[Place, Announced], list[Alert]]:
    """What to remember after a round, and what to tell. A place that is not reported any more is forgotten."""
    remembered: dict[Place, Announced] = {}
    groups: OrderedDict[tuple[str, str, State | None, State], list[Verdict]] = OrderedDict()
    for verdict in report.every():
        place = verdict.account, verdict.region
        last = announced.get(place, Announced())
        remembered[place], change = damped(last, verdict.state, report.at, hold)
        if change is not None:
            groups.setdefault((verdict.account, verdict.trail, change.before, change.after), []).append(
                verdict
            )
    alerts = [
        _alert(report.at, Change(before, after), verdicts)
        for (_, _, before, after), verdicts in groups.items()
    ]
    return remembered, alerts


def trial_alert(sink: str, now: datetime) -> Alert:
    """An alert that says nothing but that alerts arrive. sink: whom it is for."""
    rule = RuleReference(
        id=TEST_RULE,
        title="A test of the way that alerts take",
        description="Nothing happened. Coverage is verified only while every required sink takes alerts.",
        severity=Severity.INFORMATIONAL,
        pack="trailwarden",
        references=References(),
    )
    summary = f"Test alert for the sink {sink}: nothing happened, alerts arrive"
    return _made(rule, (sink,), now, summary, kind="test")


def as_json(announced: Mapping[Place, Announced]) -> list[list[str | None]]:
    """To be kept over a restart."""
    return [
        [
            account,
            region,
            one.state.value if one.state is not None else None,
            one.other.value if one.other is not None else None,
            one.since.isoformat() if one.since is not None else None,
        ]
        for (account, region), one in announced.items()
    ]


def restored(kept: Any) -> dict[Place, Announced]:
    """From as_json(); what does not look like it is left out, so that at worst something is told twice."""
    announced: dict[Place, Announced] = {}
    for row in kept if isinstance(kept, list) else ():
        try:
            account, region, state, other, since = row
            announced[str(account), str(region)] = Announced(
                State(state) if state is not None else None,
                State(other) if other is not None else None,
                datetime.fromisoformat(since) if since is not None else None,
            )
        except (TypeError, ValueError):
            continue
    return announced


def _alert(at: datetime, change: Change, verdicts: Sequence[Verdict]) -> Alert:
    first = verdicts[0]
    regions = tuple(verdict.region for verdict in verdicts if verdict.region)
    severity = max(_SEVERITY[change.before], _SEVERITY[change.after], key=lambda one: one.rank)
    rule = RuleReference(
        id=RULE,
        title="The verdict on the coverage changed",
        description="Whether the feed would show a VPC change: verified, gap (it would not) or unknown.",
        severity=severity,
        pack="trailwarden",
        references=References(),
    )
    coverage = CoverageReference(
        before=change.before.value if change.before is not None else None,
        after=change.after.value,
        regions=regions,
        trail=first.trail or None,
        conditions=tuple(_deciding(verdicts, change.after)),
    )
    return _made(
        rule,
        (first.account, *regions, str(change.before), change.after.value),
        at,
        _summary(change, first, regions),
        kind="coverage_change",
        account=first.account or None,
        region=regions[0] if len(regions) == 1 else None,
        coverage=coverage,
    )


def _summary(change: Change, first: Verdict, regions: Sequence[str]) -> str:
    worst = [
        one for one in first.findings if one.state is change.after and change.after is not State.VERIFIED
    ]
    where = f"account {first.account}" if first.account else "Trailwarden itself"
    if regions:
        more = f" and {len(regions) - 3} more" if len(regions) > 3 else ""
        where += f", {', '.join(regions[:3])}{more}"
    before = f"was {change.before.value}" if change.before is not None else "the first verdict"
    why = f": {worst[0].condition}: {worst[0].sentence}" if worst else ""
    return f"Coverage of {where} is {change.after.value} ({before}){why}"[:500]


def _deciding(verdicts: Iterable[Verdict], after: State) -> list[ConditionReference]:
    found = [
        (verdict, finding)
        for verdict in verdicts
        for finding in verdict.findings
        if after is State.VERIFIED or finding.state is not State.VERIFIED
    ]
    return [_condition(verdict, finding) for verdict, finding in found[:_MAX_CONDITIONS]]


def _condition(verdict: Verdict, finding: Finding) -> ConditionReference:
    said = shown(finding)
    return ConditionReference(account=verdict.account, region=verdict.region, **said)


def _made(rule: RuleReference, about: Sequence[str], at: datetime, summary: str, **more: Any) -> Alert:
    """about: with the rule and the time what the id is derived from."""
    moment = rfc3339(at)
    digest = hashlib.sha256("\0".join((rule.id, moment, *about)).encode()).hexdigest()
    document = AlertDocument(
        id=f"alert_{digest[:40]}",
        summary=summary,
        severity=rule.severity,
        rule=rule,
        event_time=moment,
        received_at=moment,
        delay_seconds=0.0,
        created_at=moment,
        origin=OriginReference(source="coverage", kind="coverage", locator="coverage", index=0),
        references=rule.references,
        **more,
    )
    body = orjson.dumps(document.model_dump(mode="json", by_alias=True))
    return Alert(
        id=document.id,
        rule_id=rule.id,
        severity=rule.severity,
        event_time=at,
        created_at=at,
        summary=summary,
        fingerprint=hashlib.sha256(body).hexdigest(),
        document=body,
    )
