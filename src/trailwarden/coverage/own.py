"""The conditions that lie with Trailwarden itself: the rules match what they are for, and the way of an alert is open. Pure.

Keeps: the rules are tried through the same matcher as the feed, and not by their text; that no alert was due proves nothing
about the way.

Rule: CIS AWS Foundations, "Ensure VPC changes are monitored": the eleven names of its filter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import orjson

from trailwarden.coverage.conditions import Finding, State
from trailwarden.decode import Limits
from trailwarden.detection import Matcher, inspect
from trailwarden.model import rfc3339

EVENTS: Final = (
    "CreateVpc",
    "DeleteVpc",
    "ModifyVpcAttribute",
    "AcceptVpcPeeringConnection",
    "CreateVpcPeeringConnection",
    "DeleteVpcPeeringConnection",
    "RejectVpcPeeringConnection",
    "AttachClassicLinkVpc",
    "DetachClassicLinkVpc",
    "DisableVpcClassicLink",
    "EnableVpcClassicLink",
)


def rules(matcher: Matcher, limits: Limits) -> Finding:
    """Whether the loaded rules match a sample of each event, put in as a file would be."""
    missed = [name for name in EVENTS if not _is_matched(name, matcher, limits)]
    evidence: dict[str, str | bool | list[str]] = {
        "tried": "a log file with one event, for each of the eleven",
        "rules": [rule.id for rule in matcher.rules][:50],
    }
    if not missed:
        return Finding(
            "rules", State.VERIFIED, "the loaded rules match a sample of each of the 11 events", evidence
        )
    return Finding(
        "rules",
        State.GAP,
        f"the loaded rules match {len(EVENTS) - len(missed)} of the 11 events, not {', '.join(missed)}",
        {**evidence, "missed": missed},
        "add the pack cis-vpc under rules.packs",
    )


def _is_matched(name: str, matcher: Matcher, limits: Limits) -> bool:
    event = {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "accountId": "123456789012"},
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "awsRegion": "us-east-1",
        "eventID": "00000000-0000-4000-8000-000000000000",
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "readOnly": False,
        "eventCategory": "Management",
    }
    return bool(inspect(orjson.dumps({"Records": [event]}), matcher, limits).matches)


def alert_path(
    taken: Mapping[str, datetime | None],
    refused: Mapping[str, str],
    shaky: Mapping[str, str],
    now: datetime,
    within: timedelta,
) -> Finding:
    """Whether every required sink took an alert lately.

    taken: sink -> when it last took one; refused: sink -> why it will take none until somebody mends something; shaky: sink ->
    what failed lately and may pass; within: how long ago the last one may be.
    """
    evidence = {name: rfc3339(at) if at is not None else "never" for name, at in taken.items()}
    shown: dict[str, str | bool | list[str]] = {"within": f"{within.total_seconds():g} s", **evidence}
    if not taken:
        return Finding(
            "alert_path",
            State.GAP,
            "no sink is required: nobody would get an alert",
            shown,
            "add a sink, or set required: true at one",
        )
    broken = [f"{name}: {refused[name]}" for name in taken if name in refused]
    if broken:
        return Finding(
            "alert_path",
            State.GAP,
            f"an alert would not arrive now: {_several(broken)}",
            shown,
            "see the sink's check in /health; the alerts wait in the outbox",
        )
    doubtful = [f"{name}: {shaky[name]}" for name in taken if name in shaky]
    if doubtful:
        return Finding(
            "alert_path",
            State.UNKNOWN,
            f"the last alert was not taken, and is tried again: {_several(doubtful)}",
            shown,
            "see the sink's check in /health; the alerts wait in the outbox",
        )
    old = [name for name, at in taken.items() if at is None or now - at > within]
    if old:
        return Finding(
            "alert_path",
            State.UNKNOWN,
            f"no alert was taken within {within.total_seconds():g} s by {_several(old)}",
            shown,
            "a test alert is on its way; see the sink's check in /health",
        )
    return Finding("alert_path", State.VERIFIED, f"an alert arrived lately at {_several(list(taken))}", shown)


def _several(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more
