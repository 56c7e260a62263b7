"""A report for people and for programs. Pure, but for the printing.

Keeps: no form says less than another about whether it is verified, a gap or unknown; none merges what differs.

Next: `trailwarden.coverage.report`; `trailwarden.cli.ocsf`.
"""

from __future__ import annotations

from typing import Any, Final

from trailwarden.cli.ocsf import FAIL, PASS, UNKNOWN, compliance_finding
from trailwarden.coverage.conditions import Finding, State
from trailwarden.coverage.report import Report, shown
from trailwarden.coverage.verdict import Verdict
from trailwarden.health.model import Coverage

_EVERY_REGION: Final = "all"
"""In the place of the Region where an account's Regions could not be asked for: no name of one, so not for `cloud`."""
_STATUS: Final = {State.VERIFIED: PASS, State.UNKNOWN: UNKNOWN, State.GAP: FAIL}
_SEVERITY: Final = {State.VERIFIED: "informational", State.UNKNOWN: "medium", State.GAP: "critical"}


def as_shown(report: Report) -> dict[str, Any]:
    """The document of /coverage."""
    return Coverage(report.state.value, report.reason(), report.at, report.evidence()).as_json()


def as_ocsf(report: Report) -> list[dict[str, Any]]:
    """A Compliance Finding for each condition of each account and Region."""
    return [_finding(report, verdict, finding) for verdict, finding in report.findings()]


def places(report: Report) -> list[list[str]]:
    """A row for each account and Region, Trailwarden itself last: where, verdict, trail, how many conditions hold."""
    return [
        [*_where(verdict), verdict.state.value, verdict.trail.rpartition("/")[2] or "-", _held(verdict)]
        for verdict in report.every()
    ]


def remarks(report: Report) -> list[list[str]]:
    """A row for each condition that is not verified, or is with something left to do: where, verdict, what, remedy."""
    return [
        [*_where(verdict), finding.state.value, finding.condition, _told(finding)]
        for verdict, finding in report.findings()
        if finding.state is not State.VERIFIED or finding.remedy
    ]


def last_line(report: Report) -> str:
    """The whole verdict and why."""
    return f"{report.state.value}: {report.reason()}"


def print_report(report: Report) -> None:
    """What is not verified, then every place, then the whole."""
    from rich.console import Console
    from rich.text import Text

    from trailwarden.cli.output import print_table

    console = Console(highlight=False)
    rows = remarks(report)
    if rows:
        print_table(["account", "region", "verdict", "condition", "what was found; what to do"], rows, "")
        console.print()
    print_table(["account", "region", "verdict", "trail", "verified"], places(report), "")
    console.print()
    console.print(Text(last_line(report)), soft_wrap=True)


def _where(verdict: Verdict) -> tuple[str, str]:
    return verdict.account or "trailwarden", verdict.region or "-"


def _held(verdict: Verdict) -> str:
    held = sum(finding.state is State.VERIFIED for finding in verdict.findings)
    return f"{held} of {len(verdict.findings)}"


def _told(finding: Finding) -> str:
    return finding.sentence + (f"; {finding.remedy}" if finding.remedy else "")


def _finding(report: Report, verdict: Verdict, finding: Finding) -> dict[str, Any]:
    document = compliance_finding(
        place=f"{verdict.account}/{verdict.region}/{finding.condition}",
        time=int(report.at.timestamp() * 1000),
        severity=_SEVERITY[finding.state],
        status=_STATUS[finding.state],
        control="Ensure VPC changes are monitored",
        title=f"CloudTrail coverage: {finding.condition}",
        sentence=finding.sentence,
        unmapped={"condition": finding.condition, "evidence": shown(finding)["evidence"]},
        remedy=finding.remedy,
        account=verdict.account,
        region=verdict.region if verdict.region != _EVERY_REGION else "",
    )
    if verdict.trail:
        document["resources"] = [{"uid": verdict.trail, "type": "AWS::CloudTrail::Trail"}]
    return document
