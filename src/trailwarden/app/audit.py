"""One audit: asks about the accounts side by side, and judges the controls both ways.

Keeps: it changes nothing, at AWS and in the store. Everything is judged as of the moment at which it began, so that a
recording gives the same report.

Next: `trailwarden.audit`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from trailwarden.app.parts import make_matcher
from trailwarden.app.routing import router
from trailwarden.app.verification import recorded_by_service
from trailwarden.audit.chain import Judge
from trailwarden.audit.collect import ListCollector, Tell
from trailwarden.audit.controls import Control
from trailwarden.audit.outcome import Chain, ControlOutcome
from trailwarden.audit.report import AuditReport
from trailwarden.audit.siem import Own, siem
from trailwarden.aws import Aws, AwsSettings, Role, translated
from trailwarden.coverage.arrivals import Arrivals
from trailwarden.coverage.facts import AccountFacts
from trailwarden.coverage.round import Collector
from trailwarden.coverage.settings import AccountSettings, CoverageSettings, FreshnessSettings
from trailwarden.detection import Rule
from trailwarden.model import Alert, Severity
from trailwarden.settings import Settings

ALERT_PATH: Final = timedelta(hours=24)
"""As coverage has it by default."""
SignIn = Callable[[AwsSettings, Role], Aws]


@dataclass(frozen=True, slots=True)
class Standing:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True)
class AuditJob:
    """accounts: that are audited; own: None where there is no configuration; patience: for all calls about one account."""

    aws: AwsSettings
    accounts: Sequence[AccountSettings]
    controls: Sequence[Control]
    own: Own | None
    at: datetime
    patience: timedelta
    sign_in: SignIn = Aws


async def audited(job: AuditJob, tell: Tell) -> AuditReport:
    """The report. tell: takes lines on the progress."""
    clock = Standing(job.at)
    collector = Collector(job.aws, job.patience, clock, job.sign_in)
    try:
        tell(f"trails of {len(job.accounts)} account{'s' if len(job.accounts) > 1 else ''}")
        facts = await collector.collect(job.accounts)
        identities = {account.id: collector.identity(account) for account in job.accounts}
        lists = ListCollector(identities, clock, job.patience, tell)
        _, judge = await lists.collect(facts, job.controls)
    finally:
        await collector.close()
    tell("judging")
    outcomes = [
        ControlOutcome(one.account, control, _chains(control, one, judge, job))
        for one in facts
        for control in job.controls
    ]
    return AuditReport(job.at, outcomes, {one.account: one for one in facts})


def _chains(control: Control, facts: AccountFacts, judge: Judge, job: AuditJob) -> tuple[Chain, ...]:
    through_cloudwatch = judge.cloudwatch(control, facts)
    return (
        (through_cloudwatch,)
        if job.own is None
        else (through_cloudwatch, siem(control, facts, job.own, job.at))
    )


async def whose(settings: AwsSettings, role: Role, sign_in: SignIn = Aws) -> str:
    """The account that the credentials belong to. Raises AwsError."""
    if role.role_arn is not None:
        return role.role_arn.split(":")[4]
    aws = sign_in(settings, role)
    try:
        with translated():
            answer = await (await aws.client("sts")).get_caller_identity()
    finally:
        await aws.close()
    return str(answer.get("Account", ""))


async def own_of(settings: Settings) -> Own:
    """What Trailwarden is by its configuration, and what a running service recorded. Raises RuleError."""
    coverage: CoverageSettings | None = settings.coverage
    matcher = make_matcher(settings)
    arrivals = Arrivals()
    memory = await recorded_by_service(settings, arrivals)
    route = router(settings.sinks)
    return Own(
        rules=matcher.rules,
        routes={rule.id: route(_example(rule)) for rule in matcher.rules},
        arrived=arrivals.latest(),
        taken={sink.name: memory.taken.get(sink.name) for sink in settings.sinks},
        trails={account.id: account.trail for account in coverage.accounts} if coverage is not None else {},
        max_age=(coverage.freshness if coverage is not None else FreshnessSettings()).max_age,
        alert_path=coverage.alert_path if coverage is not None else ALERT_PATH,
    )


def _example(rule: Rule) -> Alert:
    """An alert of the rule, as far as routing looks at it."""
    moment = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
    return Alert(
        id="", rule_id=rule.id, severity=Severity(rule.severity), event_time=moment, created_at=moment, summary="",
        fingerprint="", document=b"",
    )  # fmt: skip
