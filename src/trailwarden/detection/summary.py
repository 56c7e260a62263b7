"""One sentence that a tired person understands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trailwarden.detection.actor import Actor, described
from trailwarden.detection.fields import clean, text
from trailwarden.detection.outcome import CallOutcome, OutcomeStatus, phrase
from trailwarden.detection.resources import Resource
from trailwarden.model import EventData

_MAX_SUMMARY: Final = 500
_PART: Final = 120
_DONE: Final = {
    "CreateVpc": "created", "DeleteVpc": "deleted", "ModifyVpcAttribute": "changed an attribute of",
    "CreateVpcPeeringConnection": "requested", "AcceptVpcPeeringConnection": "accepted",
    "RejectVpcPeeringConnection": "rejected", "DeleteVpcPeeringConnection": "deleted",
    "AttachClassicLinkVpc": "linked a classic instance to", "DetachClassicLinkVpc": "unlinked a classic instance from",
    "EnableVpcClassicLink": "enabled ClassicLink for", "DisableVpcClassicLink": "disabled ClassicLink for",
}  # fmt: skip
_TRIED: Final = {
    "CreateVpc": "create", "DeleteVpc": "delete", "ModifyVpcAttribute": "change an attribute of",
    "CreateVpcPeeringConnection": "request", "AcceptVpcPeeringConnection": "accept",
    "RejectVpcPeeringConnection": "reject", "DeleteVpcPeeringConnection": "delete",
    "AttachClassicLinkVpc": "link a classic instance to", "DetachClassicLinkVpc": "unlink a classic instance from",
    "EnableVpcClassicLink": "enable ClassicLink for", "DisableVpcClassicLink": "disable ClassicLink for",
}  # fmt: skip
_WORDS: Final = {"vpc": "VPC", "vpc-peering-connection": "VPC peering connection"}


def summary_of(
    event: EventData,
    actor: Actor,
    resources: Sequence[Resource],
    outcome: CallOutcome,
    region: str | None,
    account: str | None,
) -> str:
    """`role deploy deleted VPC vpc-0a… in eu-west-1, account 1234…, from 203.0.113.7: succeeded`"""
    who = clean(described(actor), _PART)
    sentence = f"{who} {_did(event, resources, outcome)}"
    if region:
        sentence += f" in {clean(region, _PART)}"
    if account:
        sentence += f", account {clean(account, _PART)}"
    source = text(event, "sourceIPAddress")
    if source:
        sentence += f", from {clean(source, _PART)}"
    return clean(f"{sentence}: {clean(phrase(outcome), _PART)}", _MAX_SUMMARY)


def _did(event: EventData, resources: Sequence[Resource], outcome: CallOutcome) -> str:
    name = text(event, "eventName")
    verbs = _DONE if outcome.status is OutcomeStatus.SUCCEEDED else _TRIED
    if name is None or name not in verbs:
        return f"called {clean(name or 'an unnamed operation', _PART)}{_object(resources)}"
    tried = "" if outcome.status is OutcomeStatus.SUCCEEDED else "tried to "
    what = _object(resources) or (" a VPC peering connection" if "Peering" in name else " a VPC")
    return f"{tried}{verbs[name]}{what}{_detail(resources)}"


def _object(resources: Sequence[Resource]) -> str:
    if not resources:
        return ""
    first = resources[0]
    word = _WORDS.get(first.type, first.type)
    if first.id is None:
        return f" a {word}" + (f" {clean(first.cidr, 50)}" if first.cidr else "")
    return f" {word} {clean(first.id, _PART)}"


def _detail(resources: Sequence[Resource]) -> str:
    first = resources[0] if resources else None
    if first is None:
        return ""
    if first.type == "vpc-peering-connection":
        sides = [clean(side.id, 50) for side in resources[1:] if side.id]
        return f" between {' and '.join(sides)}" if len(sides) == 2 else ""
    changed = [
        f"{name} to {str(value).lower()}"
        for name, value in first.attributes.items()
        if name.startswith("enable")
    ]
    if changed:
        return f" ({', '.join(changed)})"
    return f" ({clean(first.cidr, 50)})" if first.cidr and first.id else ""
