"""What each of the eleven calls touched, and the sentence that says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.detection.alerts import document_for, event

VPC = "vpc-0a1b2c3d4e5f60718"
PEER = "vpc-0ffffffffffffffff"
PCX = "pcx-0123456789abcdef0"
PEERING = {
    "vpcPeeringConnection": {
        "vpcPeeringConnectionId": PCX,
        "requesterVpcInfo": {
            "ownerId": "111122223333",
            "vpcId": VPC,
            "cidrBlock": "10.0.0.0/16",
            "region": "eu-west-1",
        },
        "accepterVpcInfo": {"ownerId": 22223333, "vpcId": PEER, "region": "eu-central-1"},
    }
}
SIDES = [
    {"type": "vpc-peering-connection", "id": PCX},
    {
        "type": "vpc",
        "id": VPC,
        "role": "requester",
        "account": "111122223333",
        "region": "eu-west-1",
        "cidr": "10.0.0.0/16",
    },
    {"type": "vpc", "id": PEER, "role": "accepter", "account": "000022223333", "region": "eu-central-1"},
]
TAGS = {"items": [{"resourceType": "vpc", "tags": [{"key": "Name", "value": "demo"}]}]}
GONE = "Client.InvalidVpcID.NotFound"
PLACE = " in eu-west-1, account 111122223333, from 203.0.113.7: "

CASES: list[tuple[str, dict[str, Any], list[dict[str, Any]], str]] = [
    (
        "create",
        event("CreateVpc", {"cidrBlock": "10.0.0.0/16", "instanceTenancy": "default", "tagSpecificationSet": TAGS},
              {"vpc": {"vpcId": VPC, "ownerId": "111122223333"}}),
        [{"type": "vpc", "id": VPC, "account": "111122223333", "cidr": "10.0.0.0/16", "name": "demo",
          "attributes": {"instanceTenancy": "default"}}],
        f"role deploy created VPC {VPC} (10.0.0.0/16){PLACE}succeeded",
    ),
    (
        "create failed",
        event("CreateVpc", {"cidrBlock": "10.0.0.0/16"}, None, errorCode="Client.VpcLimitExceeded", errorMessage="no more"),
        [{"type": "vpc", "cidr": "10.0.0.0/16"}],
        f"role deploy tried to create a VPC 10.0.0.0/16{PLACE}failed (Client.VpcLimitExceeded)",
    ),
    (
        "delete",
        event("DeleteVpc", {"vpcId": VPC}, {"_return": True}),
        [{"type": "vpc", "id": VPC}],
        f"role deploy deleted VPC {VPC}{PLACE}succeeded",
    ),
    (
        "delete denied",
        event("DeleteVpc", {"vpcId": VPC}, None, errorCode="Client.UnauthorizedOperation"),
        [{"type": "vpc", "id": VPC}],
        f"role deploy tried to delete VPC {VPC}{PLACE}denied (Client.UnauthorizedOperation)",
    ),
    (
        "delete dry run",
        event("DeleteVpc", {"vpcId": VPC}, None, errorCode="Client.DryRunOperation"),
        [{"type": "vpc", "id": VPC}],
        f"role deploy tried to delete VPC {VPC}{PLACE}a dry run, nothing was changed",
    ),
    (
        "attribute",
        event("ModifyVpcAttribute", {"vpcId": VPC, "enableDnsHostnames": {"value": False}}, {"_return": True}),
        [{"type": "vpc", "id": VPC, "attributes": {"enableDnsHostnames": False}}],
        f"role deploy changed an attribute of VPC {VPC} (enableDnsHostnames to false){PLACE}succeeded",
    ),
    (
        "peering requested",
        event("CreateVpcPeeringConnection", {"vpcId": VPC, "peerVpcId": PEER}, PEERING),
        SIDES,
        f"role deploy requested VPC peering connection {PCX} between {VPC} and {PEER}{PLACE}succeeded",
    ),
    (
        "peering request failed",
        event("CreateVpcPeeringConnection", {"vpcId": VPC, "peerVpcId": PEER, "peerOwnerId": "444455556666"}, None,
              errorCode=GONE),
        [{"type": "vpc-peering-connection"}, {"type": "vpc", "id": VPC, "role": "requester"},
         {"type": "vpc", "id": PEER, "role": "accepter", "account": "444455556666"}],
        f"role deploy tried to request a VPC peering connection between {VPC} and {PEER}{PLACE}failed ({GONE})",
    ),
    (
        "peering accepted",
        event("AcceptVpcPeeringConnection", {"vpcPeeringConnectionId": PCX}, PEERING),
        SIDES,
        f"role deploy accepted VPC peering connection {PCX} between {VPC} and {PEER}{PLACE}succeeded",
    ),
    (
        "peering rejected",
        event("RejectVpcPeeringConnection", {"vpcPeeringConnectionId": PCX}, {"_return": True}),
        [{"type": "vpc-peering-connection", "id": PCX}],
        f"role deploy rejected VPC peering connection {PCX}{PLACE}succeeded",
    ),
    (
        "peering deleted",
        event("DeleteVpcPeeringConnection", {"vpcPeeringConnectionId": PCX}, {"_return": True}),
        [{"type": "vpc-peering-connection", "id": PCX}],
        f"role deploy deleted VPC peering connection {PCX}{PLACE}succeeded",
    ),
    (
        "attach",
        event("AttachClassicLinkVpc", {"vpcId": VPC, "instanceId": "i-0123456789abcdef0"}, {"_return": True}),
        [{"type": "vpc", "id": VPC}, {"type": "instance", "id": "i-0123456789abcdef0"}],
        f"role deploy linked a classic instance to VPC {VPC}{PLACE}succeeded",
    ),
    (
        "detach",
        event("DetachClassicLinkVpc", {"vpcId": VPC, "instanceId": "i-0123456789abcdef0"}, {"_return": True}),
        [{"type": "vpc", "id": VPC}, {"type": "instance", "id": "i-0123456789abcdef0"}],
        f"role deploy unlinked a classic instance from VPC {VPC}{PLACE}succeeded",
    ),
    (
        "enable",
        event("EnableVpcClassicLink", {"vpcId": VPC}, {"_return": True}),
        [{"type": "vpc", "id": VPC}],
        f"role deploy enabled ClassicLink for VPC {VPC}{PLACE}succeeded",
    ),
    (
        "disable",
        event("DisableVpcClassicLink", {"vpcId": VPC}, {"_return": True}),
        [{"type": "vpc", "id": VPC}],
        f"role deploy disabled ClassicLink for VPC {VPC}{PLACE}succeeded",
    ),
    (
        "wrapped, newer shape",
        event("CreateFlowLogs", {"CreateFlowLogsRequest": {"ResourceId": {"tag": 1, "content": VPC}, "ResourceType": "VPC"}},
              {"CreateFlowLogsResponse": {"flowLogIdSet": {"item": "fl-0123456789abcdef0"}, "unsuccessful": ""}}),
        [{"type": "vpc", "id": VPC}, {"type": "flow-log", "id": "fl-0123456789abcdef0"}],
        f"role deploy called CreateFlowLogs vpc {VPC}{PLACE}succeeded".replace("vpc vpc", "VPC vpc"),
    ),
]  # fmt: skip


def told(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if value not in (None, {})}


@pytest.mark.parametrize(
    ("data", "resources", "summary"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_resources_and_summary(data: dict[str, Any], resources: list[dict[str, Any]], summary: str) -> None:
    document = document_for(data)
    assert [told(resource) for resource in document["resources"]] == resources
    assert document["summary"] == summary
