"""What Trailwarden itself was and had seen, to and from a recording. Pure.

Next: `siem.Own`.
"""

from __future__ import annotations

from datetime import timedelta

from trailwarden.audit.recording import RecordedOwn, RecordedRule
from trailwarden.audit.siem import Own
from trailwarden.coverage.arrivals import Arrivals
from trailwarden.coverage.binding import Arrived
from trailwarden.detection import Rule
from trailwarden.errors import ConfigError, PatternError
from trailwarden.model import Severity
from trailwarden.patterns import OWN_RULES, parse


def recorded(own: Own) -> RecordedOwn:
    """To be written."""
    arrivals = Arrivals()
    for one in own.arrived:
        arrivals.note(one.bucket, _key(one), one.at)
    return RecordedOwn(
        rules=[
            RecordedRule(
                id=rule.id,
                severity=rule.severity.value,
                pattern=rule.pattern,
                sinks=list(own.routes.get(rule.id, ())),
            )
            for rule in own.rules
        ],
        arrived=arrivals.as_json(),
        taken=dict(own.taken),
        max_age=own.max_age.total_seconds(),
        alert_path=own.alert_path.total_seconds(),
    )


def recalled(kept: RecordedOwn, trails: dict[str, str]) -> Own:
    """As it was. trails: account -> the trail that is named for it. Raises ConfigError where a rule is none."""
    arrivals = Arrivals()
    arrivals.restore(kept.arrived)
    return Own(
        rules=[_rule(one) for one in kept.rules],
        routes={one.id: tuple(one.sinks) for one in kept.rules},
        arrived=arrivals.latest(),
        taken=dict(kept.taken),
        trails=trails,
        max_age=timedelta(seconds=kept.max_age),
        alert_path=timedelta(seconds=kept.alert_path),
    )


def _rule(one: RecordedRule) -> Rule:
    try:
        parsed = parse(one.pattern, OWN_RULES)
        severity = Severity(one.severity)
    except (PatternError, ValueError) as fault:
        raise ConfigError(f"the recording's rule {one.id:.64} cannot be used: {fault}") from fault
    return Rule(one.id, one.id, severity, one.pattern, parsed, "recorded")


def _key(one: Arrived) -> str:
    """A key of CloudTrail's form that reads as the same place."""
    key = one.key
    root = "/".join(
        part for part in (key.prefix, "AWSLogs", key.organization, key.account, key.kind, key.region) if part
    )
    at = key.delivered
    return f"{root}/{at:%Y/%m/%d}/{key.account}_{key.kind}_{key.region}_{at:%Y%m%dT%H%M%S}Z_recorded0000000.json.gz"
