"""The first two links: a trail as the control wants it, and the log group that it writes to. Pure.

Keeps: what a trail is and captures is decided by coverage; here stands only what the control asks for beyond it.

Rule: CIS AWS Foundations, the audit procedure that all monitoring controls share: a multi-Region trail with a log group,
that is logging and has the management events, reads and writes.

Next: `chain`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from trailwarden.audit.controls import Control
from trailwarden.audit.lists import log_group_of
from trailwarden.audit.outcome import Link, Result, allowing, unanswered
from trailwarden.audit.samples import is_open_in_names, samples
from trailwarden.coverage import conditions
from trailwarden.coverage.conditions import LATE, Finding, State
from trailwarden.coverage.facts import AccountFacts, Failure, Fault, Selectors, Trail
from trailwarden.coverage.selectors import ALL, KMS, OTHER, RDS_DATA, Cell, Cells, capture

TRAIL: Final = "trail"
LOG_GROUP: Final = "log_group"
_STATUS: Final = "cloudtrail:GetTrailStatus"
RESULTS: Final = {State.VERIFIED: Result.PASS, State.UNKNOWN: Result.UNKNOWN, State.GAP: Result.FAIL}


def trail_link(facts: AccountFacts, trail: Trail, control: Control) -> Link:
    """Whether the trail is one by which the control can be met."""
    findings = list(_findings(facts, trail, control))
    bad = max(findings, key=lambda one: one.state.rank)
    if bad.state is not State.VERIFIED:
        return _link(trail.arn, bad)
    remarks = [one.sentence for one in findings if one.remedy]
    regions = "" if isinstance(facts.regions, Failure) else f" in {len(facts.regions)} Regions"
    sentence = f"{trail.name} is a multi-Region trail, logs{regions} and captures the control's events"
    return Link(
        TRAIL,
        Result.PASS,
        trail.arn,
        "; ".join([sentence, *remarks]),
        evidence={"call": "cloudtrail:GetEventSelectors", "at": facts.asked.isoformat()},
    )


def no_trail(facts: AccountFacts) -> Link:
    """Where no trail is listed, or the list did not come."""
    if isinstance(facts.trails, Failure):
        return unanswered(TRAIL, "", facts.trails, "there is no trail")
    return Link(
        TRAIL,
        Result.FAIL,
        "",
        f"account {facts.account} lists no trail",
        "create a multi-Region trail that writes to a log group",
        {"call": "cloudtrail:DescribeTrails", "at": facts.asked.isoformat()},
    )


def log_group_link(facts: AccountFacts, trail: Trail) -> Link:
    """Whether the trail writes to a log group. Whether that exists is told by the list of its filters."""
    evidence = {"call": "cloudtrail:DescribeTrails", "at": facts.asked.isoformat()}
    if not trail.log_group:
        return Link(
            LOG_GROUP,
            Result.FAIL,
            "",
            f"{trail.name} writes to no log group",
            "let the trail write to a log group of CloudWatch Logs",
            evidence,
        )
    if log_group_of(trail.log_group) is None:
        sentence = f"{trail.name} writes to what is no log group's ARN"
        return Link(
            LOG_GROUP, Result.UNKNOWN, trail.log_group, sentence, "see the trail's settings", evidence
        )
    status = facts.statuses.get((trail.arn, trail.home_region))
    if status is None or isinstance(status, Failure) or not status.latest_log_group_error:
        return Link(LOG_GROUP, Result.PASS, trail.log_group, f"{trail.name} writes to it", evidence=evidence)
    said = status.latest_log_group_error
    latest = status.latest_log_group_delivery
    evidence = {"call": _STATUS, "at": facts.asked.isoformat(), "LatestCloudWatchLogsDeliveryError": said}
    if latest is None or facts.asked - latest > LATE:
        return Link(
            LOG_GROUP,
            Result.FAIL,
            trail.log_group,
            f"{trail.name} cannot deliver to it: {said}",
            "see the role by which the trail writes, and its log group",
            evidence,
        )
    return Link(
        LOG_GROUP,
        Result.PASS,
        trail.log_group,
        f"{trail.name} writes to it, after the error {said}",
        evidence=evidence,
    )


@lru_cache(maxsize=64)
def needed(control: Control) -> Cells:
    """The classes of management events that the control's events are in."""
    if is_open_in_names(control):
        return ALL
    return frozenset(
        Cell(
            bool(sample.event["readOnly"]),
            source if (source := sample.event["eventSource"]) in (KMS, RDS_DATA) else OTHER,
        )
        for sample in samples(control)
    )


def _findings(facts: AccountFacts, trail: Trail, control: Control) -> Iterator[Finding]:
    yield _multi_region(facts, trail)
    if isinstance(facts.regions, Failure):
        yield conditions.unanswered("logging", facts.regions)
        yield conditions.logging(facts, trail, trail.home_region)
    else:
        for region in facts.regions:
            if trail.covers_region(region):
                yield conditions.logging(facts, trail, region)
    yield _management_events(facts, trail, control)


def _multi_region(facts: AccountFacts, trail: Trail) -> Finding:
    found = conditions.multi_region(facts, trail)
    if trail.multi_region or found.state is not State.VERIFIED:
        return found
    # Enough for coverage, where the account's Regions are listed; the control's procedure asks for the flag.
    return Finding(
        found.condition,
        State.GAP,
        f"{trail.name} records {trail.home_region} alone",
        found.evidence,
        "make it a multi-Region trail (cloudtrail update-trail --is-multi-region-trail)",
    )


def _management_events(facts: AccountFacts, trail: Trail, control: Control) -> Finding:
    """All of them; or the step to the letter, where no event of the control is among those that are left out."""
    found = conditions.management_events(facts, trail)
    selectors = facts.selectors.get(trail.arn)
    if not isinstance(selectors, Selectors):
        return found
    taken = capture(selectors)
    lacking = sorted(str(cell) for cell in needed(control) - taken.cells)
    if taken.complete or (taken.literal and not lacking):
        return found
    if taken.doubts:
        sentence = f"{trail.name} has selectors that are not understood: {taken.doubts[0]}"
        return Finding(found.condition, State.UNKNOWN, sentence, found.evidence, found.remedy)
    about = (
        f"among them the control's {', '.join(lacking)}"
        if lacking
        else "though the control's events are captured"
    )
    sentence = f"{trail.name} does not capture all management events ({', '.join(taken.missing)}), {about}"
    remedy = "give the trail a selector for all management events, reads and writes, without exclusions"
    return Finding(found.condition, State.GAP, sentence, found.evidence, remedy)


def _link(arn: str, finding: Finding) -> Link:
    call, fault = str(finding.evidence.get("call", "")), finding.evidence.get("fault")
    denied = call if fault in (Fault.DENIED.value, Fault.FOREIGN.value) else ""
    return Link(
        TRAIL,
        RESULTS[finding.state],
        arn,
        finding.sentence,
        allowing(call, str(fault)) if denied else finding.remedy,
        {"condition": finding.condition, **finding.evidence},
        denied,
    )
