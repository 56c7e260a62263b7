"""One round's result: a verdict for each account and Region, one on Trailwarden itself, and one for the whole. Pure.

Keeps: the whole is the worst of its parts; an account whose Regions are not known is `unknown`, not absent.

Next: `announcement`, which tells of changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from trailwarden.coverage import conditions
from trailwarden.coverage.binding import Arrived, Streamed
from trailwarden.coverage.conditions import Finding, State
from trailwarden.coverage.facts import AccountFacts, Failure
from trailwarden.coverage.settings import AccountSettings, CoverageSettings
from trailwarden.coverage.verdict import Verdict, judge, worst

OWN: Final = ""
"""In the place of the account: the verdict on Trailwarden itself."""


@dataclass(frozen=True, slots=True)
class Report:
    """verdicts: by account and Region; own: on Trailwarden itself; at: when the round began."""

    at: datetime
    verdicts: Sequence[Verdict]
    own: Verdict

    @property
    def state(self) -> State:
        return worst(verdict.state for verdict in self.every())

    def every(self) -> Sequence[Verdict]:
        return [*self.verdicts, self.own]

    def findings(self) -> Iterator[tuple[Verdict, Finding]]:
        for verdict in self.every():
            for finding in verdict.findings:
                yield verdict, finding

    def reason(self) -> str:
        """One line: the worst finding, or what is verified."""
        if self.state is State.VERIFIED:
            accounts = len({verdict.account for verdict in self.verdicts})
            return f"{len(self.verdicts)} Regions of {accounts} account{'s' if accounts > 1 else ''}"
        bad = [(verdict, one) for verdict, one in self.findings() if one.state is self.state]
        verdict, finding = bad[0]
        where = f"{verdict.account} {verdict.region}: " if verdict.account else ""
        more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
        return f"{where}{finding.condition}: {finding.sentence}{more}"

    def evidence(self) -> dict[str, Any]:
        """Everything that it rests on, as JSON values."""
        return {
            "conditions": [shown(finding) for finding in self.own.findings],
            "accounts": [
                {
                    "account": verdict.account,
                    "region": verdict.region,
                    "verdict": verdict.state.value,
                    "trail": verdict.trail,
                    "conditions": [shown(finding) for finding in verdict.findings],
                }
                for verdict in self.verdicts
            ],
        }


def shown(finding: Finding) -> dict[str, Any]:
    """A finding as JSON values."""
    return {
        "condition": finding.condition,
        "status": finding.state.value,
        "sentence": finding.sentence,
        "evidence": dict(finding.evidence),
        "remedy": finding.remedy,
    }


def reported(
    at: datetime,
    settings: CoverageSettings,
    facts: Mapping[str, AccountFacts],
    arrived: Sequence[Arrived | Streamed],
    own: Sequence[Finding],
) -> Report:
    """The round's result. facts: by account; every configured one must be there."""
    verdicts = [
        verdict
        for account in settings.accounts
        for verdict in _of_account(account, facts[account.id], arrived, settings)
    ]
    return Report(at, verdicts, Verdict(OWN, "", "", tuple(own)))


def _of_account(
    account: AccountSettings,
    facts: AccountFacts,
    arrived: Sequence[Arrived | Streamed],
    settings: CoverageSettings,
) -> list[Verdict]:
    if isinstance(facts.regions, Failure):
        return [Verdict(account.id, "all", "", (conditions.unanswered("trail_found", facts.regions),))]
    return [
        judge(facts, region, arrived, account.trail, settings.freshness.max_age) for region in facts.regions
    ]
