"""Does this trail feed this stream? Where its objects should come from, against where objects came from. Pure.

Keeps: `verified` needs an object that did arrive from the trail's own bucket, prefix and kind of path, or an event in a stream
that no other trail can have written; a trail that is perfect and writes elsewhere is a gap.

Next: `verdict`, where it stands beside the other conditions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Streamed:
    """The latest event of an account and Region that was seen in a stream. stream: name of the source; at: when it reached us."""

    stream: str
    account: str
    region: str
    at: datetime


def binding(
    trail: Trail, account: str, region: str, arrived: Sequence[Arrived | Streamed], others: Sequence[str] = ()
) -> Finding:
    """Whether what arrives from that account and Region is what the trail writes.

    arrived: of any account and Region; others: names of the other trails that may have written events from there. An event in a
    stream does not say which trail wrote it: it binds the trail only where there are no others.
    """
    wanted = f"s3://{trail.bucket}/{trail.prefix}".rstrip("/")
    ours = [one for one in objects_in(arrived) if (one.key.account, one.key.region) == (account, region)]
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
    streams = [one for one in events_in(arrived) if (one.account, one.region) == (account, region)]
    if not ours and streams:
        return _by_events(trail, account, region, streams, others, evidence)
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


def _by_events(
    trail: Trail,
    account: str,
    region: str,
    streams: Sequence[Streamed],
    others: Sequence[str],
    evidence: Mapping[str, str | bool | list[str]],
) -> Finding:
    latest = max(streams, key=lambda one: one.at)
    told = {**evidence, "streams": sorted({one.stream for one in streams}), "at": latest.at.isoformat()}
    what = f"events from {account} in {region} arrive in {latest.stream}"
    if not others:
        return Finding(
            "binding", State.VERIFIED, f"{what}, and {trail.name} is the only trail that records them", told
        )
    return Finding(
        "binding",
        State.UNKNOWN,
        f"{what}, and nothing in them says which trail wrote them: {', '.join([trail.name, *others])}",
        told,
        "let a source read the trail's bucket beside the stream (s3_sqs or s3_poll): what both bring is one alert",
    )


def objects_in(arrived: Sequence[Arrived | Streamed]) -> list[Arrived]:
    """What came as a file."""
    return [one for one in arrived if isinstance(one, Arrived)]


def events_in(arrived: Sequence[Arrived | Streamed]) -> list[Streamed]:
    """What came as an event."""
    return [one for one in arrived if isinstance(one, Streamed)]


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
