"""The conditions that AWS's answers decide, each for one trail in one Region. Pure.

Keeps: a call that was denied, throttled or lost says `unknown` and never `gap`; only what AWS said, or that it knows no such
trail, can make a gap. Nothing is `verified` on the strength of an answer that did not come.

Rules: CloudTrail API reference, GetTrailStatus, DescribeTrails; CIS AWS Foundations, "CloudTrail is enabled in all regions".

Next: `verdict`, which takes the worst of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from trailwarden.coverage.facts import AccountFacts, Failure, Fault, Selectors, Trail, TrailStatus
from trailwarden.coverage.selectors import capture

LATE: Final = timedelta(hours=2)
"""A digest is due every hour, also for one without events, where log file validation is on; this leaves it some grace."""


class State(StrEnum):
    """From good to bad. A known gap is worse than not knowing."""

    VERIFIED = "verified"
    UNKNOWN = "unknown"
    GAP = "gap"

    @property
    def rank(self) -> int:
        """0 (verified) to 2 (gap)."""
        return list(State).index(self)


@dataclass(frozen=True, slots=True)
class Finding:
    """One condition, judged.

    condition: its id; sentence: what was found; evidence: the answer that it rests on, name -> value, the call and its time
    among them; remedy: what to do ("" when verified).
    """

    condition: str
    state: State
    sentence: str
    evidence: Mapping[str, str | bool | list[str]] = field(default_factory=dict)
    remedy: str = ""


_REMEDIES: Final[Mapping[Fault, str]] = {
    Fault.DENIED: "give the role the permission that is named, or mend its credentials",
    Fault.THROTTLED: "nothing; it is asked again, or lengthen coverage.interval",
    Fault.NOT_FOUND: "create the trail again, or name the right one",
    Fault.FOREIGN: "list the account that owns the trail under coverage.accounts: only there its state can be asked",
    Fault.REGION_DISABLED: "enable the Region or leave it out of coverage.accounts",
    Fault.NETWORK: "see that the endpoint can be reached; it is asked again",
    Fault.OTHER: "read the log for the answer in full",
}


def unanswered(condition: str, failure: Failure) -> Finding:
    """What follows from a call that gave no answer: nothing, unless AWS said that there is no such trail."""
    state = State.GAP if failure.fault is Fault.NOT_FOUND else State.UNKNOWN
    said = f": {failure.detail}" if failure.detail else ""
    return Finding(
        condition,
        state,
        f"{failure.call} gave no answer ({failure.fault}){said}",
        {"call": failure.call, "fault": str(failure.fault), "at": failure.at.isoformat()},
        _REMEDIES[failure.fault],
    )


def multi_region(facts: AccountFacts, trail: Trail) -> Finding:
    """Whether the trail covers every enabled Region of the account."""
    name = "multi_region"
    evidence: dict[str, str | bool | list[str]] = {
        "call": "cloudtrail:DescribeTrails",
        "trail": trail.arn,
        "IsMultiRegionTrail": trail.multi_region,
        "HomeRegion": trail.home_region,
        "at": facts.asked.isoformat(),
    }
    if trail.multi_region:
        return Finding(name, State.VERIFIED, f"{trail.name} is a multi-Region trail", evidence)
    if isinstance(facts.regions, Failure):
        # A trail of one Region may still be all that the account needs: without the Regions there is no telling.
        return unanswered(name, facts.regions)
    outside = sorted(region for region in facts.regions if region != trail.home_region)
    if not facts.regions:
        return Finding(name, State.UNKNOWN, "no Region is known to be enabled", evidence, "name the Regions")
    if not outside:
        return Finding(
            name, State.VERIFIED, f"{trail.name} covers the one Region that is asked for", evidence
        )
    return Finding(
        name,
        State.GAP,
        f"{trail.name} records {trail.home_region} alone; {len(outside)} Regions are not covered",
        evidence | {"uncovered": outside},
        "make it a multi-Region trail (cloudtrail update-trail --is-multi-region-trail)",
    )


def logging(facts: AccountFacts, trail: Trail, region: str) -> Finding:
    """Whether the trail is switched on in that Region. A stop that is over is told in the sentence."""
    name = "logging"
    status = _status(facts, trail, region)
    if isinstance(status, Failure):
        return unanswered(name, status)
    evidence = _of_status(facts, trail, region) | {"IsLogging": status.logging}
    if status.stopped:
        evidence["StopLoggingTime"] = status.stopped.isoformat()
    if status.started:
        evidence["StartLoggingTime"] = status.started.isoformat()
    if not status.logging:
        since = f" since {status.stopped.isoformat()}" if status.stopped else ""
        return Finding(
            name,
            State.GAP,
            f"{trail.name} does not log in {region}{since}",
            evidence,
            "start it (cloudtrail start-logging, in its home Region) and find out who stopped it",
        )
    past = _past_gap(status)
    return Finding(
        name,
        State.VERIFIED,
        f"{trail.name} logs in {region}" + (f"; it did not from {past[0]} to {past[1]}" if past else ""),
        evidence | ({"past_gap": list(past)} if past else {}),
    )


def management_events(facts: AccountFacts, trail: Trail) -> Finding:
    """Whether its selectors capture what the changes of a VPC make; the CIS step and the rest are told beside it."""
    name = "management_events"
    selectors: Selectors | Failure = facts.selectors.get(
        trail.arn, _not_asked("cloudtrail:GetEventSelectors", facts)
    )
    if isinstance(selectors, Failure):
        return unanswered(name, selectors)
    found = capture(selectors)
    evidence: dict[str, str | bool | list[str]] = {
        "call": "cloudtrail:GetEventSelectors",
        "trail": trail.arn,
        "cis_step": found.literal,
        "all_management_events": found.complete,
        "vpc_changes": found.vpc,
        "missing": list(found.missing),
        "not_understood": list(found.doubts),
        "at": facts.asked.isoformat(),
    }
    remedy = "give the trail a selector for all management events, reads and writes, without exclusions"
    if found.complete:
        return Finding(name, State.VERIFIED, f"{trail.name} captures all management events", evidence)
    if found.vpc:
        missing = ", ".join(found.missing)
        sentence = f"{trail.name} captures every change of a VPC, but not all management events: {missing}"
        return Finding(name, State.VERIFIED, sentence, evidence, remedy)
    if found.doubts:
        # A restriction that is not understood may leave VPC changes in. It is no proof that they are missing.
        sentence = f"{trail.name} has selectors that are not understood: {found.doubts[0]}"
        return Finding(name, State.UNKNOWN, sentence, evidence, remedy)
    return Finding(
        name, State.GAP, f"{trail.name} does not capture the events of VPC changes", evidence, remedy
    )


def delivery(facts: AccountFacts, trail: Trail, region: str) -> Finding:
    """Whether what is logged reaches the bucket.

    LatestDeliveryError has no time of its own. With a delivery since the last start and within LATE it is an old one;
    otherwise it stands. Without an error a late delivery proves nothing (no activity, no file), a late digest does, but
    only that something is amiss, not that an event is missing.
    """
    name = "delivery"
    status = _status(facts, trail, region)
    if isinstance(status, Failure):
        return unanswered(name, status)
    evidence = _of_status(facts, trail, region)
    for key, value in (
        ("LatestDeliveryTime", status.latest_delivery),
        ("LatestDigestDeliveryTime", status.latest_digest),
    ):
        if value:
            evidence[key] = value.isoformat()
    recent = status.latest_delivery is not None and facts.asked - status.latest_delivery <= LATE
    if status.latest_delivery_error:
        evidence["LatestDeliveryError"] = status.latest_delivery_error
        remedy = "see the policy of the bucket and of the key; CloudTrail tries for up to 30 days"
        if not recent:
            sentence = f"{trail.name} cannot deliver from {region}: {status.latest_delivery_error}"
            return Finding(name, State.GAP, sentence, evidence, remedy)
        sentence = f"{trail.name} delivers from {region}, after the error {status.latest_delivery_error}"
        return Finding(name, State.VERIFIED, sentence, evidence, remedy)
    if recent:
        return Finding(name, State.VERIFIED, f"{trail.name} delivers from {region}", evidence)
    return _by_digest(facts, trail, region, status, evidence)


def _by_digest(
    facts: AccountFacts,
    trail: Trail,
    region: str,
    status: TrailStatus,
    evidence: Mapping[str, str | bool | list[str]],
) -> Finding:
    if status.latest_digest and facts.asked - status.latest_digest <= LATE:
        sentence = f"{region} is quiet: no file of late, but the hourly digests come"
        return Finding("delivery", State.VERIFIED, sentence, evidence)
    if status.latest_digest_error:
        sentence = f"{trail.name} delivers no digests from {region}: {status.latest_digest_error}"
        remedy = "see the policy of the bucket and of the key"
        return Finding(
            "delivery",
            State.UNKNOWN,
            sentence,
            {**evidence, "LatestDigestDeliveryError": status.latest_digest_error},
            remedy,
        )
    sentence = f"nothing was delivered from {region} of late; quiet and dead cannot be told apart"
    remedy = (
        "the digests are late: see the bucket and the trail"
        if trail.validation
        else "turn log file validation on: its hourly digests tell quiet from dead"
    )
    return Finding("delivery", State.UNKNOWN, sentence, evidence, remedy)


def _status(facts: AccountFacts, trail: Trail, region: str) -> TrailStatus | Failure:
    return facts.statuses.get((trail.arn, region), _not_asked("cloudtrail:GetTrailStatus", facts))


def _not_asked(call: str, facts: AccountFacts) -> Failure:
    return Failure(Fault.OTHER, call, facts.asked, "it was not asked")


def _of_status(facts: AccountFacts, trail: Trail, region: str) -> dict[str, str | bool | list[str]]:
    return {
        "call": "cloudtrail:GetTrailStatus",
        "trail": trail.arn,
        "region": region,
        "at": facts.asked.isoformat(),
    }


def _past_gap(status: TrailStatus) -> tuple[str, str] | None:
    """The last stop that was followed by a start."""
    stopped, started = status.stopped, status.started
    return _interval(stopped, started) if stopped and started and stopped < started else None


def _interval(begin: datetime, end: datetime) -> tuple[str, str]:
    return begin.isoformat(), end.isoformat()
