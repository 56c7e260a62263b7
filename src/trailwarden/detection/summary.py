"""One sentence that a tired person understands.

Keeps: who, what, where, from where, and whether it came to anything, in this order; what was only tried is never said to be
done. Every part is bounded, so that no part that a caller chose pushes the others out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from trailwarden.detection.fields import clean
from trailwarden.detection.outcome import CallOutcome, OutcomeStatus, phrase
from trailwarden.detection.resource import Resource, Role

MAX_SUMMARY: Final = 1000
"""Characters. Pagers take 1,024."""
_PART: Final = 120
_SHORT: Final = 60


class _Verb(NamedTuple):
    """The done and the tried form, and the objects that stand in the place of each `%s`."""

    done: str
    tried: str
    objects: tuple[str, ...]


_VERBS: Final = {
    "CreateVpc": _Verb("created %s", "create %s", ("vpc",)),
    "DeleteVpc": _Verb("deleted %s", "delete %s", ("vpc",)),
    "ModifyVpcAttribute": _Verb("set %s for %s", "set %s for %s", ("attributes", "vpc")),
    "CreateVpcPeeringConnection": _Verb("requested %s", "request %s", ("peering",)),
    "AcceptVpcPeeringConnection": _Verb("accepted %s", "accept %s", ("peering",)),
    "RejectVpcPeeringConnection": _Verb("rejected %s", "reject %s", ("peering",)),
    "DeleteVpcPeeringConnection": _Verb("deleted %s", "delete %s", ("peering",)),
    "AttachClassicLinkVpc": _Verb("linked %s to %s", "link %s to %s", ("instance", "vpc")),
    "DetachClassicLinkVpc": _Verb("unlinked %s from %s", "unlink %s from %s", ("instance", "vpc")),
    "EnableVpcClassicLink": _Verb("enabled ClassicLink for %s", "enable ClassicLink for %s", ("vpc",)),
    "DisableVpcClassicLink": _Verb("disabled ClassicLink for %s", "disable ClassicLink for %s", ("vpc",)),
}
_NOUNS: Final = {"vpc": "VPC", "vpc-peering-connection": "VPC peering connection"}
_EC2: Final = "ec2.amazonaws.com"


class Call(NamedTuple):
    """name, service: eventName and eventSource; region, account: where it was made; source: sourceIPAddress."""

    name: str | None
    service: str | None
    region: str | None
    account: str | None
    source: str | None


def summary_of(actor: str, call: Call, resources: Sequence[Resource], outcome: CallOutcome) -> str:
    """`role deploy deleted VPC vpc-0a… in eu-west-1, account 1234…, from 203.0.113.7: succeeded`. actor: as `described` says."""
    sentence = f"{_cut(actor, _PART)} {_did(call, resources, outcome)}"
    if call.region:
        sentence += f" in {_cut(call.region, _SHORT)}"
    if call.account:
        sentence += f", account {call.account}"
    if call.source:
        sentence += f", from {_cut(call.source, _PART)}"
    return clean(f"{sentence}: {_cut(phrase(outcome), _PART)}", MAX_SUMMARY)


def _cut(said: str, limit: int) -> str:
    """What is too long is cut; the whole sentence is cleaned at its end."""
    return said if len(said) <= limit else clean(said, limit)


def _did(call: Call, resources: Sequence[Resource], outcome: CallOutcome) -> str:
    done = outcome.status is OutcomeStatus.SUCCEEDED
    verb = _VERBS.get(call.name or "") if call.service in (_EC2, None) else None
    if verb is None:
        return f"{'called' if done else 'tried to call'} {_other_call(call.name, call.service, resources)}"
    objects = tuple([_SAID[name](resources) for name in verb.objects])
    return verb.done % objects if done else f"tried to {verb.tried % objects}"


def _other_call(name: str | None, source: str | None, resources: Sequence[Resource]) -> str:
    call = _cut(name or "an unnamed operation", _PART)
    if source not in (_EC2, None):
        call += f" of {_cut(source or '', _SHORT)}"
    if resources and resources[0].id is not None:
        call += f" on {_named(resources[0])}"
    attributes = _attributes(resources)
    return f"{call} ({attributes})" if attributes else call


def _vpc(resources: Sequence[Resource]) -> str:
    """`VPC vpc-0a… "prod" (10.0.0.0/16)`; `a VPC (10.0.0.0/16)` where there is none yet."""
    vpc = next((resource for resource in resources if resource.type == "vpc"), None)
    if vpc is None:
        return "a VPC"
    name = f' "{_cut(vpc.name, _SHORT)}"' if vpc.name else ""
    blocks = f" ({_cut(', '.join(vpc.cidr_blocks), _SHORT)})" if vpc.cidr_blocks else ""
    return f"{_named(vpc)}{name}{blocks}"


def _peering(resources: Sequence[Resource]) -> str:
    """With both sides where they are known; the side of another account or Region with its place."""
    connection = next((one for one in resources if one.type == "vpc-peering-connection"), None)
    said = _named(connection) if connection is not None else "a VPC peering connection"
    sides = [side for side in resources if side.role in (Role.REQUESTER, Role.ACCEPTER) and side.id]
    if connection is None or len(sides) != 2:
        return said
    return f"{said} between " + " and ".join(_side(side, connection) for side in sides)


def _side(side: Resource, home: Resource) -> str:
    said = _cut(side.id or "", _SHORT)
    if side.account is not None and side.account != home.account:
        said += f" of account {side.account}"
    if side.region is not None and side.region != home.region:
        said += f" in {_cut(side.region, _SHORT)}"
    return said


def _instance(resources: Sequence[Resource]) -> str:
    return next((_named(one) for one in resources if one.type == "instance"), "an instance")


_SAID: Final[dict[str, Callable[[Sequence[Resource]], str]]] = {
    "vpc": _vpc,
    "attributes": lambda resources: _attributes(resources) or "an attribute",
    "peering": _peering,
    "instance": _instance,
}


def _named(resource: Resource) -> str:
    noun = _NOUNS.get(resource.type, resource.type)
    if resource.id is not None:
        return f"{noun} {_cut(resource.id, _SHORT)}"
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _attributes(resources: Sequence[Resource]) -> str:
    """`enableDnsSupport to false`, of the first resource that has any."""
    attributes = next((one.attributes for one in resources if one.attributes), {})
    said = (
        f"{name} to {str(value).lower() if isinstance(value, bool) else value}"
        for name, value in attributes.items()
    )
    return _cut(", ".join(said), 2 * _PART)
