"""What was touched: a table per call for the eleven calls of the control, and what can be said of any other.

Source of the shapes: CloudTrail records of these calls, and the EC2 API model for those that no public record shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from trailwarden.detection.fields import account, as_list, at, clean, strings, text, unwrapped
from trailwarden.model import EventData


class Resource(BaseModel):
    """One thing that a call was about."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="vpc, vpc-peering-connection, instance, or the id's own prefix.")
    id: str | None = Field(default=None, description="Absent when the call failed before there was one.")
    role: str | None = Field(default=None, description="requester or accepter, of a peering.")
    account: str | None = None
    region: str | None = None
    cidr: str | None = None
    name: str | None = Field(default=None, description="The tag `Name`, where the call gives one.")
    attributes: dict[str, str | bool | int | None] = Field(
        default={}, description="What was set: attribute name and new value."
    )


Extractor = Callable[[Any, Any], list[Resource]]
_MAX_RESOURCES: Final = 50
_ID: Final = re.compile(r"\b([a-z]{1,12}(?:-[a-z]{1,12}){0,2})-(?:[0-9a-f]{17}|[0-9a-f]{8})\b")
_TYPES: Final = {
    "vpc": "vpc",
    "pcx": "vpc-peering-connection",
    "i": "instance",
    "sg": "security-group",
    "fl": "flow-log",
}
_ATTRIBUTES: Final = ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics")


def resources_of(event: EventData) -> list[Resource]:
    """What an event's call was about; empty when that cannot be said. Never raises."""
    request = unwrapped(at(event, "requestParameters"))
    response = unwrapped(at(event, "responseElements"))
    name = at(event, "eventName")
    extractor = EXTRACTORS.get(name) if isinstance(name, str) else None
    found = extractor(request, response) if extractor is not None else []
    return (found or _by_pattern(request, response))[:_MAX_RESOURCES]


def _created_vpc(request: Any, response: Any) -> list[Resource]:
    vpc = at(response, "vpc")
    cidr = text(request, "cidrBlock") or text(vpc, "cidrBlock")
    attributes: dict[str, str | bool | int | None] = {}
    for key in ("ipv4IpamPoolId", "ipv4NetmaskLength", "instanceTenancy", "amazonProvidedIpv6CidrBlock"):
        value = at(request, key)
        if isinstance(value, str | bool | int):
            attributes[key] = clean(value) if isinstance(value, str) else value
    return [
        Resource(
            type="vpc", id=text(vpc, "vpcId"), account=account(vpc, "ownerId"), cidr=cidr, name=_tag(request),
            attributes=_bounded(attributes),
        )
    ]  # fmt: skip


def _vpc(request: Any, response: Any) -> list[Resource]:
    vpc_id = text(request, "vpcId") or text(response, "vpcId")
    return [Resource(type="vpc", id=vpc_id)] if vpc_id else []


def _vpc_attribute(request: Any, response: Any) -> list[Resource]:
    attributes: dict[str, str | bool | int | None] = {}
    for name in _ATTRIBUTES:
        value = at(request, name)
        if value is not None:
            set_to = at(value, "value") if isinstance(value, dict) else value
            attributes[name] = set_to if isinstance(set_to, bool) else clean(str(set_to), 100)
    return [found.model_copy(update={"attributes": attributes}) for found in _vpc(request, response)]


def _peering(request: Any, response: Any) -> list[Resource]:
    """The connection, and both sides as far as request and response name them."""
    peering = at(response, "vpcPeeringConnection")
    connection = text(peering, "vpcPeeringConnectionId") or text(request, "vpcPeeringConnectionId")
    found = [Resource(type="vpc-peering-connection", id=connection)]
    for role in ("requester", "accepter"):
        side = _side(role, request, at(peering, f"{role}VpcInfo"))
        if side is not None:
            found.append(side)
    return found


def _side(role: str, request: Any, info: Any) -> Resource | None:
    asked = ("vpcId", None, None) if role == "requester" else ("peerVpcId", "peerOwnerId", "peerRegion")
    vpc_id = text(info, "vpcId") or text(request, asked[0])
    if vpc_id is None:
        return None
    return Resource(
        type="vpc",
        id=vpc_id,
        role=role,
        account=account(info, "ownerId") or (account(request, asked[1]) if asked[1] else None),
        region=text(info, "region") or (text(request, asked[2]) if asked[2] else None),
        cidr=text(info, "cidrBlock"),
    )


def _classic_link(request: Any, response: Any) -> list[Resource]:
    found = _vpc(request, response)
    instance = text(request, "instanceId")
    if instance is not None:
        found.append(Resource(type="instance", id=instance))
    return found


EXTRACTORS: Final[dict[str, Extractor]] = {
    "CreateVpc": _created_vpc,
    "CreateDefaultVpc": _created_vpc,
    "DeleteVpc": _vpc,
    "ModifyVpcAttribute": _vpc_attribute,
    "CreateVpcPeeringConnection": _peering,
    "AcceptVpcPeeringConnection": _peering,
    "RejectVpcPeeringConnection": _peering,
    "DeleteVpcPeeringConnection": _peering,
    "AttachClassicLinkVpc": _classic_link,
    "DetachClassicLinkVpc": _classic_link,
    "EnableVpcClassicLink": _vpc,
    "DisableVpcClassicLink": _vpc,
}


def _by_pattern(request: Any, response: Any) -> list[Resource]:
    """Ids that look like EC2's, in the order in which they stand; VPCs first."""
    ids: dict[str, str] = {}
    for value in (request, response):
        for one in strings(value):
            for match in _ID.finditer(one[:4096]):
                ids.setdefault(match[0], match[1])
    found = [Resource(type=_TYPES.get(prefix, prefix), id=one) for one, prefix in ids.items()]
    return sorted(found, key=lambda resource: resource.type != "vpc")


def _tag(request: Any) -> str | None:
    """The tag `Name` that is given along with a creation."""
    for specification in as_list(at(request, "tagSpecificationSet") or at(request, "TagSpecification")):
        for tag in as_list(at(specification, "tags") or at(specification, "Tag")):
            if text(tag, "key") == "Name":
                return text(tag, "value")
    return None


def _bounded(attributes: dict[str, str | bool | int | None]) -> dict[str, str | bool | int | None]:
    """Integers beyond 64 bits do not fit into every reader."""
    return {
        name: str(value)[:100] if isinstance(value, int) and not -(2**63) <= value < 2**63 else value
        for name, value in attributes.items()
    }
