"""What was touched: an extractor for each of the eleven calls of the control, and what can be said of any other.

Keeps: nothing is guessed. A field is what the event says, or what the API says of a call that was made in this account and
Region; otherwise it is null. Any field of the event may be missing or of another type.

Source of the shapes: CloudTrail records of these calls, and the EC2 API model for those that no public record shows. Next:
`trailwarden.detection.mentions` for the other calls, `summary` for the sentence.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from trailwarden.detection.fields import account, as_list, at, clean, member_of, text, unwrapped
from trailwarden.detection.mentions import mentioned
from trailwarden.detection.resource import MAX_LIST, Resource, Role, attributes_at
from trailwarden.model import EventData

MAX_RESOURCES: Final = 50
_EC2: Final = "ec2.amazonaws.com"


class Call(NamedTuple):
    """request and response: the parameters, unwrapped; account and region: where the call was made."""

    request: Any
    response: Any
    account: str | None
    region: str | None


def resources_of(event: EventData, account_id: str | None, region: str | None) -> tuple[Resource, ...]:
    """What an event's call was about; empty when that cannot be said. event: `spelled`; account_id and region: where it was
    made. Never raises.
    """
    request, response = unwrapped(event.get("requestParameters")), unwrapped(event.get("responseElements"))
    call = Call(request, response, account_id, region)
    extract = _extractor(event)
    found = extract(call) if extract is not None else []
    return tuple((found or mentioned(event, request, response, account_id, region))[:MAX_RESOURCES])


def _extractor(event: EventData) -> Callable[[Call], list[Resource]] | None:
    """By name, for the EC2 API alone: Amazon GameLift has calls of the same names and other parameters."""
    name, source = event.get("eventName"), event.get("eventSource")
    if not isinstance(name, str) or (isinstance(source, str) and source != _EC2):
        return None
    return EXTRACTORS.get(name)


def _created_vpc(call: Call) -> list[Resource]:
    """A call that failed has made no VPC, but it says what was wanted."""
    vpc = at(call.response, "vpc")
    vpc_id, cidrs = text(vpc, "vpcId"), _cidrs(vpc) or _requested_cidrs(call.request)
    if vpc_id is None and not isinstance(call.request, dict):
        return []
    settings = (
        "instanceTenancy",
        "amazonProvidedIpv6CidrBlock",
        "ipv4IpamPoolId",
        "ipv4NetmaskLength",
        "ipv6IpamPoolId",
    )
    return [
        Resource(
            type="vpc",
            id=vpc_id,
            role=Role.SUBJECT,
            account=account(vpc, "ownerId") or call.account,
            region=call.region,
            cidr_blocks=cidrs,
            name=_name_tag(call),
            attributes=attributes_at(call.request, settings),
        )
    ]


def _vpc(call: Call) -> list[Resource]:
    vpc_id = text(call.request, "vpcId")
    if vpc_id is None:
        return []
    return [Resource(type="vpc", id=vpc_id, role=Role.SUBJECT, account=call.account, region=call.region)]


def _vpc_attribute(call: Call) -> list[Resource]:
    """Each attribute comes as `{"value": true}`; the API takes one a call, but nothing depends on that."""
    settings = attributes_at(
        call.request, ("enableDnsSupport", "enableDnsHostnames", "enableNetworkAddressUsageMetrics")
    )
    found = _vpc(call)
    for vpc in found:
        vpc.attributes = settings
    return found


def _peering(call: Call) -> list[Resource]:
    """The connection, and both sides as far as request and response name them."""
    peering = at(call.response, "vpcPeeringConnection")
    connection = text(call.request, "vpcPeeringConnectionId") or text(peering, "vpcPeeringConnectionId")
    sides = [side for side in (_requester(call, peering), _accepter(call, peering)) if side is not None]
    if connection is None and not sides:
        return []
    subject = Resource(
        type="vpc-peering-connection",
        id=connection,
        role=Role.SUBJECT,
        account=call.account,
        region=call.region,
    )
    return [subject, *sides]


def _requester(call: Call, peering: Any) -> Resource | None:
    """The side that asks. CreateVpcPeeringConnection, which names it, is always made in its own account and Region."""
    info = at(peering, "requesterVpcInfo")
    asked = text(call.request, "vpcId")
    here = call if asked is not None else Call(None, None, None, None)
    return _side(
        Role.REQUESTER,
        asked or text(info, "vpcId"),
        account(info, "ownerId") or here.account,
        text(info, "region") or here.region,
        info,
    )


def _accepter(call: Call, peering: Any) -> Resource | None:
    """The side that is asked: what the request says of it comes first, since the response follows it or is missing."""
    info = at(peering, "accepterVpcInfo")
    return _side(
        Role.ACCEPTER,
        text(call.request, "peerVpcId") or text(info, "vpcId"),
        account(call.request, "peerOwnerId") or account(info, "ownerId"),
        text(call.request, "peerRegion") or text(info, "region"),
        info,
    )


def _side(
    role: Role, vpc_id: str | None, account_id: str | None, region: str | None, info: Any
) -> Resource | None:
    if vpc_id is None:
        return None
    return Resource(
        type="vpc", id=vpc_id, role=role, account=account_id, region=region, cidr_blocks=_cidrs(info)
    )


def _classic_link(call: Call) -> list[Resource]:
    """A VPC, an instance of EC2-Classic, and the VPC's security groups that the instance gets."""
    found = _vpc(call)
    others = [("instance", text(call.request, "instanceId"))]
    groups = at(call.request, "groupSet") or at(call.request, "securityGroupId")
    others += [("security-group", text(group, "groupId") or text(group)) for group in as_list(groups)]
    return found + [
        Resource(type=kind, id=one, role=Role.RELATED, account=call.account, region=call.region)
        for kind, one in others[:MAX_RESOURCES]
        if one is not None
    ]


EXTRACTORS: Final[dict[str, Callable[[Call], list[Resource]]]] = {
    "CreateVpc": _created_vpc,
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
    "CreateDefaultVpc": _created_vpc,
}


_CIDR_LISTS: Final = (
    ("cidrBlockAssociationSet", "cidrBlock"),
    ("cidrBlockSet", "cidrBlock"),
    ("ipv6CidrBlockAssociationSet", "ipv6CidrBlock"),
    ("ipv6CidrBlockSet", "ipv6CidrBlock"),
)


def _cidrs(info: Any) -> tuple[str, ...]:
    """All blocks of a VPC, the primary one first."""
    if not isinstance(info, dict):
        return ()
    member = member_of(info)
    found = [text(member("cidrBlock"))]
    for listed, block in _CIDR_LISTS:
        blocks = member(listed)
        found += [] if blocks is None else [text(one, block) for one in as_list(blocks)]
    return tuple(dict.fromkeys(block for block in found if block is not None))[:MAX_LIST]


def _requested_cidrs(request: Any) -> tuple[str, ...]:
    return tuple(
        block for name in ("cidrBlock", "ipv6CidrBlock") if (block := text(request, name)) is not None
    )


def _name_tag(call: Call) -> str | None:
    """The tag `Name`: as the response lists it, or as the request gives it along."""
    specifications = at(call.request, "tagSpecificationSet") or at(call.request, "TagSpecification")
    tags = as_list(at(call.response, "vpc", "tagSet"))
    for specification in as_list(specifications):
        # `Tag` as it is written: beside it stands `tag`, the number that converted list elements have.
        tags += as_list(at(specification, "tags") or at(specification, "Tag"))
    for tag in tags:
        value = at(tag, "value")
        if at(tag, "key") == "Name" and isinstance(value, str | bool):
            return clean(value if isinstance(value, str) else str(value).lower()) or None
    return None
