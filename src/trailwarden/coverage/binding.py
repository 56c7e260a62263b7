"""Does this trail feed this stream? Where its objects should come from, against where objects came from. Pure.

Keeps: `verified` needs an object that did arrive from the trail's own bucket, prefix and kind of path; a trail that is perfect
and writes elsewhere is a gap.

Next: `verdict`, where it stands beside the other conditions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from trailwarden.coverage.conditions import Finding, State
from trailwarden.coverage.facts import Trail
from trailwarden.model.log_key import LogKey


@dataclass(frozen=True, slots=True)
class Arrived:
    """The latest object that came from one place for one account and Region. at: when it reached us."""

    bucket: str
    key: LogKey
    at: datetime


def binding(trail: Trail, account: str, region: str, arrived: Sequence[Arrived]) -> Finding:
    """Whether objects of that account and Region arrive from where the trail writes. arrived: of any account and Region."""
    wanted = f"s3://{trail.bucket}/{trail.prefix}".rstrip("/")
    ours = [one for one in arrived if (one.key.account, one.key.region) == (account, region)]
    evidence: dict[str, str | bool | list[str]] = {
        "call": "cloudtrail:DescribeTrails",
        "trail": trail.arn,
        "writes_to": wanted,
        "arrives_from": sorted({_place(one) for one in ours}),
    }
    if not trail.bucket:
        return Finding(
            "binding",
            State.UNKNOWN,
            f"the answer names no bucket of {trail.name}",
            evidence,
            "read the log for the answer in full",
        )
    bound = [one for one in ours if _is_from(one, trail, account)]
    if bound:
        latest = max(bound, key=lambda one: one.at)
        sentence = f"what arrives from {account} in {region} is what {trail.name} writes to {wanted}"
        return Finding("binding", State.VERIFIED, sentence, evidence | {"at": latest.at.isoformat()})
    if not ours:
        return Finding(
            "binding",
            State.UNKNOWN,
            f"nothing has arrived from {account} in {region} that could be compared",
            evidence,
            "wait for a file from there; if none comes, see the source and its prefixes",
        )
    return Finding(
        "binding",
        State.GAP,
        f"{trail.name} writes to {wanted}, and the feed comes from {_place(ours[0])}",
        evidence,
        "let a source read the trail's bucket and prefix, or name the trail that feeds this stream",
    )


def _is_from(one: Arrived, trail: Trail, account: str) -> bool:
    if (one.bucket, one.key.prefix) != (trail.bucket, trail.prefix):
        return False
    if one.key.organization:
        return trail.organization
    # Of the management account an organization's trail also has files without the organization's id in the path.
    return not trail.organization or trail.owner == account


def _place(one: Arrived) -> str:
    path = "/".join(part for part in (one.bucket, one.key.prefix, one.key.organization) if part)
    return f"s3://{path}"
