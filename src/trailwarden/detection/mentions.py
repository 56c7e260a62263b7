"""What can be said of any call: the ids that look like EC2's, and for the VPC-shaping calls what they set.

Keeps: an id counts only as a whole word with a prefix of EC2's, so that a name which ends in hexadecimal digits is not taken
for one.

Source: EC2 user guide, "Resource IDs"; EC2 API model for the parameters. Next: `trailwarden.detection.summary`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from trailwarden.detection.fields import MAX_TEXT, strings
from trailwarden.detection.resource import Resource, Role, attributes_at
from trailwarden.model import EventData

_TYPES: Final = {
    "acl": "network-acl",
    "cgw": "customer-gateway",
    "dopt": "dhcp-options",
    "eigw": "egress-only-internet-gateway",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "lgw-rtb": "local-gateway-route-table",
    "nat": "natgateway",
    "pcx": "vpc-peering-connection",
    "pl": "prefix-list",
    "rtb": "route-table",
    "sg": "security-group",
    "subnet": "subnet",
    "tgw": "transit-gateway",
    "tgw-attach": "transit-gateway-attachment",
    "tgw-rtb": "transit-gateway-route-table",
    "vgw": "vpn-gateway",
    "vpc": "vpc",
    "vpc-cidr-assoc": "vpc-cidr-block-association",
    "vpcbpa-exclude": "vpc-block-public-access-exclusion",
    "vpce": "vpc-endpoint",
    "vpce-svc": "vpc-endpoint-service",
    "vpn": "vpn-connection",
}
"""By the prefix of the id; the types are those of EC2's tag specifications where it has one."""
_PREFIXES: Final = "|".join(sorted(_TYPES, key=len, reverse=True))
_ID: Final = re.compile(rf"(?<![\w-])({_PREFIXES})-(?:[0-9a-f]{{17}}|[0-9a-f]{{8}})(?![\w-])", re.ASCII)

_EXCLUSION: Final = ("vpc-block-public-access-exclusion", ("internetGatewayExclusionMode",))
_ENCRYPTION: Final = ("vpc-encryption-control", ("mode",))
_SET: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "AssociateVpcCidrBlock": ("vpc", ("cidrBlock", "ipv6CidrBlock", "amazonProvidedIpv6CidrBlock", "ipv4IpamPoolId")),
    "CreateFlowLogs": ("vpc-flow-log", ("resourceType", "trafficType", "logDestinationType", "logDestination", "logGroupName")),
    "CreateVpcBlockPublicAccessExclusion": _EXCLUSION,
    "CreateVpcEncryptionControl": _ENCRYPTION,
    "ModifyAccountVpcEncryptionControl": ("account-vpc-encryption-control", ("mode",)),
    "ModifyVpcBlockPublicAccessExclusion": _EXCLUSION,
    "ModifyVpcBlockPublicAccessOptions": ("vpc-block-public-access-options", ("internetGatewayBlockMode",)),
    "ModifyVpcEncryptionControl": _ENCRYPTION,
    "ModifyVpcPeeringConnectionOptions": (
        "vpc-peering-connection",
        ("accepterPeeringConnectionOptions.allowDnsResolutionFromRemoteVpc",
         "requesterPeeringConnectionOptions.allowDnsResolutionFromRemoteVpc"),
    ),
    "ModifyVpcTenancy": ("vpc", ("instanceTenancy",)),
}  # fmt: skip
"""By event name: the type of what is set, and the parameters that say to what."""


def mentioned(
    event: EventData, request: Any, response: Any, account_id: str | None, region: str | None
) -> list[Resource]:
    """The ids in request, response and `resources`, VPCs first; what the call set is with the first of them."""
    ids: dict[str, str] = {}
    for part in (request, response, event.get("resources")):
        for one in strings(part):
            for found in _ID.finditer(one[:MAX_TEXT]):
                ids.setdefault(found[0], _TYPES[found[1]])
    listed = [Resource(type=kind, id=one, role=Role.MENTIONED) for one, kind in ids.items()]
    listed.sort(key=lambda resource: resource.type != "vpc")
    name = event.get("eventName")
    kind, names = _SET.get(name, ("", ())) if isinstance(name, str) else ("", ())
    attributes = attributes_at(request, names)
    if not attributes:
        return listed
    if not listed:
        return [
            Resource(type=kind, role=Role.SUBJECT, account=account_id, region=region, attributes=attributes)
        ]
    return [replace(listed[0], attributes=attributes), *listed[1:]]
