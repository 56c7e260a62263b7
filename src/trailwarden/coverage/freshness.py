"""Do files still come from this account and Region, and if not, is it quiet there or is the feed dead? Pure.

Keeps: `gap` needs a delivery that CloudTrail itself tells of and that did not reach us in time; `verified` without a recent file
needs that everything which it says it delivered is here and that its digests go on. All between is `unknown`.

Rules: CloudTrail API reference, GetTrailStatus (LatestDeliveryTime, LatestDigestDeliveryTime).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from trailwarden.coverage.binding import Arrived, Streamed, events_in, objects_in
from trailwarden.coverage.conditions import LATE, Finding, State
from trailwarden.coverage.facts import AccountFacts, Failure, Trail, TrailStatus

GRACE: Final = timedelta(minutes=15)
"""How long a delivered file may take to reach us: notification, queue, fetch. Names tell minutes, too, not seconds."""


def freshness(
    facts: AccountFacts,
    trail: Trail,
    region: str,
    arrived: Sequence[Arrived | Streamed],
    max_age: timedelta,
) -> Finding:
    """arrived: the latest object of each place; max_age: a file younger than that needs no further proof.

    Of the events in a stream only some are looked into: that none was seen is no proof of a gap.
    """
    place, events = (facts.account, region), events_in(arrived)
    moments = [one.at for one in objects_in(arrived) if (one.key.account, one.key.region) == place]
    moments += [one.at for one in events if (one.account, one.region) == place]
    last = max(moments, default=None)
    evidence: dict[str, str | bool | list[str]] = {
        "call": "cloudtrail:GetTrailStatus",
        "trail": trail.arn,
        "last_arrival": last.isoformat() if last else "never",
        "at": facts.asked.isoformat(),
    }
    if last is not None and facts.asked - last <= max_age:
        return Finding(
            "freshness", State.VERIFIED, f"files arrive from {facts.account} in {region}", evidence
        )
    status = facts.statuses.get((trail.arn, region))
    if status is None or isinstance(status, Failure):
        return _unknown(
            evidence, f"no file of late from {facts.account} in {region}, and the trail's state is not known"
        )
    if status.latest_delivery:
        evidence["LatestDeliveryTime"] = status.latest_delivery.isoformat()
    return _beside_the_trail(facts, trail, region, status, last, evidence, sampled=bool(events))


def _beside_the_trail(
    facts: AccountFacts,
    trail: Trail,
    region: str,
    status: TrailStatus,
    last: datetime | None,
    evidence: dict[str, str | bool | list[str]],
    *,
    sampled: bool,
) -> Finding:
    where = f"{facts.account} in {region}"
    delivered = status.latest_delivery
    missed = delivered is not None and (last is None or delivered > last)
    if missed and trail.organization:
        # The organization's trail delivers for all its members; which of them the latest file was for it does not say.
        return _unknown(
            evidence,
            f"the organization's trail delivers in {region}; whether from {facts.account} it does not say",
        )
    if missed and sampled:
        return _unknown(
            evidence, f"CloudTrail delivered from {where}; none of it was among the events of streams"
        )
    if missed and delivered is not None and facts.asked - delivered > GRACE:
        return Finding(
            "freshness",
            State.GAP,
            f"CloudTrail delivered from {where} at {delivered.isoformat()}, and it did not reach us",
            evidence,
            "see the source: the queue, its notifications and its prefixes",
        )
    if missed:
        return _unknown(evidence, f"a file from {where} is on its way")
    if status.latest_digest is not None and facts.asked - status.latest_digest <= LATE:
        evidence["LatestDigestDeliveryTime"] = status.latest_digest.isoformat()
        return Finding(
            "freshness",
            State.VERIFIED,
            f"{where} is quiet: the digests go on, and no file is missing",
            evidence,
        )
    return _unknown(evidence, f"no file of late from {where}, and no digest that tells quiet from dead")


def _unknown(evidence: dict[str, str | bool | list[str]], sentence: str) -> Finding:
    remedy = "wait for the next file; with log file validation on, digests tell quiet from dead"
    return Finding("freshness", State.UNKNOWN, sentence, evidence, remedy)
