"""The audit's document: its fields and what they mean. The published schema is made of this.

Keeps: every field is always there. Within a version of the schema fields may be added; none is removed or changes its meaning.

Published as docs/audit.schema.json. Next: `masking`; the formats read the document and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from trailwarden import __version__
from trailwarden.audit.controls import Control
from trailwarden.audit.outcome import Chain, ControlOutcome, Link, Result, worst
from trailwarden.audit.remediation import Step, remediation
from trailwarden.audit.report import AuditReport
from trailwarden.coverage.facts import AccountFacts
from trailwarden.detection.fields import clean
from trailwarden.model import Severity, rfc3339

SCHEMA: Final = "trailwarden.audit/1"
_PART: Final = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)
_MAX_TEXT: Final = 8192

AccountId = Annotated[
    str, Field(pattern=r"^(?:[0-9]{12}|x+[0-9]+)$", description="Twelve characters; masked: x and a number.")
]
Text = Annotated[str, Field(max_length=_MAX_TEXT)]
Value = str | bool | int | float | list[str]


class LinkDocument(BaseModel):
    """One link of a chain."""

    model_config = _PART

    name: str = Field(
        description="trail, log_group, filter, alarm, topic, subscription; trail, feed, rules, sinks, alert_path."
    )
    result: Result | None = Field(description="null behind the first link that is broken.")
    subject: Text = Field(description="ARN or names of what it is about; may be empty.")
    sentence: Text = Field(description="What was found.")
    remedy: Text = Field(description="What to do; empty where nothing is to be done.")
    evidence: dict[str, Value] = Field(description="What it rests on, the call among it.")
    denied: str = Field(
        description="The IAM permission that is missing, where the call was denied; else empty."
    )


class ChainDocument(BaseModel):
    """One way from the event to a person."""

    model_config = _PART

    path: Literal["cloudwatch", "siem"] = Field(
        description="Through CloudWatch, or through Trailwarden to a SIEM."
    )
    result: Result = Field(description="The worst of the links that were reached.")
    broken: str = Field(
        description="The name of the first link that decides against it; empty where it holds."
    )
    links: list[LinkDocument] = Field(description="In order.")


class StepDocument(BaseModel):
    """What to do, ready to be run once placeholders in capitals are filled in."""

    model_config = _PART

    title: Text = Field(description="What it does.")
    commands: list[str] = Field(description="For the AWS CLI, a line each.")
    terraform: str = Field(description="The same for Terraform; empty where it has no form there.")


class ControlDocument(BaseModel):
    """One control of the benchmark, for one account."""

    model_config = _PART

    key: str = Field(description="Its name here.")
    title: str = Field(description="What happened when it is seen.")
    numbers: dict[str, str] = Field(description="Versions of CIS AWS Foundations -> number.")
    security_hub: str = Field(description="The control of AWS Security Hub; empty where there is none.")
    severity: Severity = Field(description="Of the control's events.")
    result: Result = Field(description="The best chain's: one is enough.")
    reason: Text = Field(description="A line: why.")
    chains: list[ChainDocument] = Field(description="What was judged.")
    remediation: list[StepDocument] = Field(
        description="For the way through CloudWatch: what is missing, and nothing else."
    )


class AccountDocument(BaseModel):
    """One account."""

    model_config = _PART

    account: AccountId
    result: Result = Field(description="The worst control's.")
    controls: list[ControlDocument] = Field(description="In the benchmark's order.")


class AuditDocument(BaseModel):
    """An audit of the monitoring controls of CIS AWS Foundations."""

    model_config = _PART | ConfigDict(title="Trailwarden audit")

    schema_name: Literal["trailwarden.audit/1"] = Field(default="trailwarden.audit/1", alias="schema")
    created_at: str = Field(description="When the calls began, UTC.")
    version: str = Field(description="Of Trailwarden.")
    masked: bool = Field(description="Whether account ids were replaced.")
    result: Result = Field(description="The worst account's.")
    summary: dict[str, int] = Field(description="Result -> how many controls, over all accounts.")
    accounts: list[AccountDocument] = Field(description="In the order in which they were named.")


def document(report: AuditReport) -> AuditDocument:
    """The report to be published. Not masked."""
    by_account: dict[str, list[ControlOutcome]] = {}
    for outcome in report.outcomes:
        by_account.setdefault(outcome.account, []).append(outcome)
    accounts = [
        AccountDocument(
            account=account,
            result=worst(one.result for one in outcomes),
            controls=[_control(one, report.facts.get(account)) for one in outcomes],
        )
        for account, outcomes in by_account.items()
    ]
    return AuditDocument(
        schema=SCHEMA,
        created_at=rfc3339(report.at),
        version=__version__,
        masked=False,
        result=report.result,
        summary={result.value: sum(one.result is result for one in report.outcomes) for result in Result},
        accounts=accounts,
    )


def _control(outcome: ControlOutcome, facts: AccountFacts | None) -> ControlDocument:
    control: Control = outcome.control
    steps: Iterable[Step] = remediation(outcome, facts) if facts is not None else ()
    return ControlDocument(
        key=control.key,
        title=control.title,
        numbers=dict(control.numbers),
        security_hub=control.security_hub,
        severity=control.rule.severity,
        result=outcome.result,
        reason=clean(_reason(outcome.decisive), _MAX_TEXT),
        chains=[_chain(one) for one in outcome.chains],
        remediation=[
            StepDocument(title=step.title, commands=list(step.commands), terraform=step.terraform)
            for step in steps
        ],
    )


def _reason(chain: Chain) -> str:
    broken = chain.broken
    if broken is not None:
        return f"{chain.path}: {broken.name}: {broken.sentence}"
    return f"{chain.path}: {chain.links[-1].name}: {chain.links[-1].sentence}"


def _chain(chain: Chain) -> ChainDocument:
    broken = chain.broken
    return ChainDocument(
        path="cloudwatch" if chain.path == "cloudwatch" else "siem",
        result=chain.result,
        broken=broken.name if broken is not None else "",
        links=[_link(link) for link in chain.links],
    )


def _link(link: Link) -> LinkDocument:
    return LinkDocument(
        name=link.name,
        result=link.result,
        subject=clean(link.subject, _MAX_TEXT),
        sentence=clean(link.sentence, _MAX_TEXT),
        remedy=clean(link.remedy, _MAX_TEXT),
        evidence={key: _cleaned(value) for key, value in link.evidence.items()},
        denied=link.denied,
    )


def _cleaned(value: Value) -> Value:
    if isinstance(value, str):
        return clean(value, _MAX_TEXT)
    return [clean(one, _MAX_TEXT) for one in value] if isinstance(value, list) else value
