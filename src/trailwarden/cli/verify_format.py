"""A report for people and for programs. Pure, but for the printing.

Keeps: no form says less than another about whether it is verified, a gap or unknown.

Source: OCSF 1.6, class Compliance Finding (2003), objects compliance, finding_info, cloud, remediation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

from trailwarden import __version__
from trailwarden.coverage.conditions import Finding, State
from trailwarden.coverage.report import Report, shown
from trailwarden.coverage.verdict import Verdict
from trailwarden.model import rfc3339

_OCSF: Final = "1.6.0"
_STATUS: Final = {State.VERIFIED: (1, "Pass"), State.UNKNOWN: (0, "Unknown"), State.GAP: (3, "Fail")}
_SEVERITY: Final = {
    State.VERIFIED: (1, "Informational"),
    State.UNKNOWN: (3, "Medium"),
    State.GAP: (5, "Critical"),
}


def as_shown(report: Report) -> dict[str, Any]:
    """The document of /coverage."""
    return {
        "verdict": report.state.value,
        "reason": report.reason(),
        "time": rfc3339(report.at),
        "age_seconds": 0.0,
        "evidence": report.evidence(),
    }


def as_ocsf(report: Report) -> list[dict[str, Any]]:
    """A Compliance Finding for each condition of each account and Region."""
    return [_finding(report, verdict, finding) for verdict, finding in report.findings()]


def print_report(report: Report) -> None:
    """Tables: one for each account, Regions that say the same together; then what is not verified, and the verdict."""
    from rich.console import Console
    from rich.text import Text

    from trailwarden.cli.output import print_table

    console = Console(soft_wrap=True, highlight=False)
    rows: list[list[str]] = []
    for account, verdicts in groupby(report.every(), key=lambda one: one.account):
        for regions, findings in _same(list(verdicts)):
            for finding in findings:
                sentence = finding.sentence + (f"; {finding.remedy}" if finding.remedy else "")
                rows.append(
                    [account or "trailwarden", regions, finding.state.value, finding.condition, sentence]
                )
    print_table(["account", "region", "verdict", "condition", "what was found"], rows, "nothing was verified")
    console.print()
    console.print(Text(f"{report.state.value}: {report.reason()}"))


def _same(verdicts: Sequence[Verdict]) -> list[tuple[str, Sequence[Finding]]]:
    """Regions with the same states of the same conditions, and the findings of the first of them."""
    groups: dict[tuple[tuple[str, State], ...], list[Verdict]] = {}
    for verdict in verdicts:
        key = tuple((finding.condition, finding.state) for finding in verdict.findings)
        groups.setdefault(key, []).append(verdict)
    return [(_several([one.region for one in same]), same[0].findings) for same in groups.values()]


def _several(regions: Sequence[str]) -> str:
    more = f" +{len(regions) - 1}" if len(regions) > 1 else ""
    return f"{regions[0]}{more}"


def _finding(report: Report, verdict: Verdict, finding: Finding) -> dict[str, Any]:
    status_id, status = _STATUS[finding.state]
    severity_id, severity = _SEVERITY[finding.state]
    place = f"{verdict.account}/{verdict.region}/{finding.condition}"
    document: dict[str, Any] = {
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "category_uid": 2,
        "category_name": "Findings",
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": 200301,
        "time": int(report.at.timestamp() * 1000),
        "severity_id": severity_id,
        "severity": severity,
        "status_id": 1,
        "status": "New",
        "message": finding.sentence,
        "metadata": {
            "version": _OCSF,
            "product": {"name": "Trailwarden", "vendor_name": "Trailwarden", "version": __version__},
        },
        "finding_info": {
            "uid": hashlib.sha256(place.encode()).hexdigest()[:40],
            "title": f"CloudTrail coverage: {finding.condition}",
            "desc": finding.sentence,
        },
        "compliance": {
            "standards": ["CIS AWS Foundations Benchmark"],
            "control": "Ensure VPC changes are monitored",
            "status_id": status_id,
            "status": status,
            "status_details": [finding.sentence],
        },
        "unmapped": {"condition": finding.condition, "evidence": shown(finding)["evidence"]},
    }
    if finding.remedy:
        document["remediation"] = {"desc": finding.remedy}
    if verdict.account:
        document["cloud"] = {
            "provider": "AWS",
            "account": {"uid": verdict.account},
            "region": verdict.region,
        }
    if verdict.trail:
        document["resources"] = [{"uid": verdict.trail, "type": "AWS::CloudTrail::Trail"}]
    return document
