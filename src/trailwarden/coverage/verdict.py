"""From the findings to one verdict for an account and a Region, and from those to one for the whole. Pure.

Keeps: a verdict is as bad as the worst of its conditions, and nothing judged is `unknown`. One trail must meet all conditions
alone: a feed comes from one destination, so two half trails do not add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from trailwarden.coverage import conditions
from trailwarden.coverage.binding import Arrived, Streamed, binding
from trailwarden.coverage.conditions import Finding, State
from trailwarden.coverage.facts import AccountFacts, Failure, Trail, TrailStatus
from trailwarden.coverage.freshness import freshness

MAX_AGE: Final = timedelta(minutes=45)
"""CloudTrail delivers about every five minutes where there is activity, and promises nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """For one account and Region. trail: the ARN that it speaks of, "" where there is none."""

    account: str
    region: str
    trail: str
    findings: Sequence[Finding]

    @property
    def state(self) -> State:
        """The worst finding's."""
        return worst(finding.state for finding in self.findings)


def worst(states: Iterable[State]) -> State:
    """The worst of them; of none, `unknown`."""
    return max(states, key=lambda state: state.rank, default=State.UNKNOWN)


def judge(
    facts: AccountFacts,
    region: str,
    arrived: Sequence[Arrived | Streamed],
    wanted: str = "",
    max_age: timedelta = MAX_AGE,
) -> Verdict:
    """The verdict on a Region.

    arrived: the latest object of each place; wanted: ARN or name of the trail, "" for the best that is found; max_age: of a
    file that needs no further proof that the feed lives.
    """
    if isinstance(facts.trails, Failure):
        return Verdict(facts.account, region, "", (conditions.unanswered("trail_found", facts.trails),))
    distinct = {trail.arn: trail for trail in facts.trails}
    candidates = [trail for trail in distinct.values() if _is_meant(trail, region, wanted)]
    verdicts = [
        _of_trail(facts, region, trail, arrived, max_age)
        for trail in sorted(candidates, key=lambda one: one.arn)
    ]
    if not verdicts:
        return Verdict(
            facts.account, region, "", (_none_found(facts, region, wanted, list(distinct.values())),)
        )
    return min(verdicts, key=_badness)


def _is_meant(trail: Trail, region: str, wanted: str) -> bool:
    return trail.covers_region(region) and wanted in ("", trail.arn, trail.name)


def _badness(verdict: Verdict) -> tuple[int, int]:
    """The worst condition decides; among equals, how many are bad."""
    return verdict.state.rank, sum(finding.state.rank for finding in verdict.findings)


def _of_trail(
    facts: AccountFacts, region: str, trail: Trail, arrived: Sequence[Arrived | Streamed], max_age: timedelta
) -> Verdict:
    return Verdict(
        facts.account,
        region,
        trail.arn,
        (
            _found(facts, trail),
            conditions.multi_region(facts, trail),
            conditions.logging(facts, trail, region),
            conditions.management_events(facts, trail),
            conditions.delivery(facts, trail, region),
            binding(trail, facts.account, region, arrived, _others(facts, region, trail)),
            freshness(facts, trail, region, arrived, max_age),
        ),
    )


def _others(facts: AccountFacts, region: str, trail: Trail) -> list[str]:
    """Names of the other trails that may have written events of that Region: all but those that are known to be stopped there."""
    listed = () if isinstance(facts.trails, Failure) else facts.trails
    names = {one.arn: one.name for one in listed if one.arn != trail.arn and one.covers_region(region)}
    return sorted(name for arn, name in names.items() if not _stopped(facts.statuses.get((arn, region))))


def _stopped(status: TrailStatus | Failure | None) -> bool:
    return isinstance(status, TrailStatus) and not status.logging


def _found(facts: AccountFacts, trail: Trail) -> Finding:
    whose = f"of the organization, owned by {trail.owner}" if trail.organization else f"of {trail.owner}"
    return Finding(
        "trail_found",
        State.VERIFIED,
        f"{trail.name}, a trail {whose}",
        {"call": "cloudtrail:DescribeTrails", "trail": trail.arn, "at": facts.asked.isoformat()},
    )


def _none_found(facts: AccountFacts, region: str, wanted: str, trails: Sequence[Trail]) -> Finding:
    listed = [trail for trail in trails if wanted in ("", trail.arn, trail.name)]
    if not listed:
        which = f"the trail {wanted}" if wanted else "any trail"
        sentence = f"account {facts.account} does not list {which}"
    elif wanted:
        sentence = f"the trail {wanted} records {listed[0].home_region} alone, not {region}"
    else:
        sentence = f"none of the {len(listed)} trails that account {facts.account} lists records {region}"
    return Finding(
        "trail_found",
        State.GAP,
        sentence,
        {
            "call": "cloudtrail:DescribeTrails",
            "trails": sorted(trail.arn for trail in trails),
            "at": facts.asked.isoformat(),
        },
        "create a multi-Region trail, or name the right one under coverage.accounts",
    )
