"""What can be said of calls in other shapes, of other calls, and of calls whose fields are missing or strange."""

from __future__ import annotations

from typing import Any

import pytest

from tests.detection.alerts import document_for, event
from tests.detection.test_resources import GROUP, HERE, HOME, OTHER, PCX, PEER, PLACE, SUBJECT, VPC, told
from trailwarden.detection.fields import account, as_list

FLOW_LOG = "fl-0123456789abcdef0"


def mentioned(kind: str, one: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "id": one, "role": "mentioned", **more}


@pytest.mark.parametrize(
    ("data", "resources", "said"),
    [
        (
            event("CreateFlowLogs",
                  {"CreateFlowLogsRequest": {"ResourceId": {"tag": 1, "content": VPC}, "ResourceType": "VPC", "TrafficType": "X"},
                   },
                  {"CreateFlowLogsResponse": {"flowLogIdSet": {"item": FLOW_LOG}, "unsuccessful": "", "xmlns": "http://x"}}),
            [mentioned("vpc", VPC, attributes={"resourceType": "VPC", "trafficType": "X"}), mentioned("vpc-flow-log", FLOW_LOG)],
            f"called CreateFlowLogs on VPC {VPC} (resourceType to VPC, trafficType to X)",
        ),
        (
            event("DeleteFlowLogs", {"DeleteFlowLogsRequest": {"FlowLogId": [{"tag": 1, "content": FLOW_LOG}]}}),
            [mentioned("vpc-flow-log", FLOW_LOG)],
            f"called DeleteFlowLogs on vpc-flow-log {FLOW_LOG}",
        ),
        (
            event("ModifyVpcTenancy", {"ModifyVpcTenancyRequest": {"VpcId": VPC, "InstanceTenancy": "default"}}),
            [mentioned("vpc", VPC, attributes={"instanceTenancy": "default"})],
            f"called ModifyVpcTenancy on VPC {VPC} (instanceTenancy to default)",
        ),
        (
            event("ModifyVpcBlockPublicAccessOptions",
                  {"ModifyVpcBlockPublicAccessOptionsRequest": {"InternetGatewayBlockMode": "off"}}),
            [{"type": "vpc-block-public-access-options", "role": "subject", **HERE,
              "attributes": {"internetGatewayBlockMode": "off"}}],
            "called ModifyVpcBlockPublicAccessOptions (internetGatewayBlockMode to off)",
        ),
        (
            event("DisassociateVpcCidrBlock", {"associationId": "vpc-cidr-assoc-04a19e1d5bc3f9b99"}, {"vpcId": VPC}),
            [mentioned("vpc", VPC), mentioned("vpc-cidr-block-association", "vpc-cidr-assoc-04a19e1d5bc3f9b99")],
            f"called DisassociateVpcCidrBlock on VPC {VPC}",
        ),
        (
            event("CreateDefaultVpc", {"CreateDefaultVpcRequest": ""}, {"CreateDefaultVpcResponse": {"vpc": {
                "vpcId": VPC, "ownerId": 22223333, "cidrBlock": "172.31.0.0/16", "tagSet": ""}}}),
            [{**SUBJECT, "account": OTHER, "cidr_blocks": ["172.31.0.0/16"]}],
            f"called CreateDefaultVpc on VPC {VPC}",
        ),
        (
            event("CreateVpcPeeringConnection", {"fleetId": "fleet-1", "peerVpcAwsAccountId": OTHER, "peerVpcId": PEER},
                  eventSource="gamelift.amazonaws.com"),
            [mentioned("vpc", PEER)],
            f"called CreateVpcPeeringConnection of gamelift.amazonaws.com on VPC {PEER}",
        ),
        (event("DescribeRegions", {"name": "stratus-red-team-0a1b2c3d", "x": "my-vpc-0a1b2c3d"}), [], "called DescribeRegions"),
        (event("AcceptVpcPeeringConnection", None, None, resources=[{"ARN": f"arn:aws:ec2:eu-west-1:{HOME}:vpc/{VPC}"}]),
         [mentioned("vpc", VPC)], "accepted a VPC peering connection"),
        (event("DeleteVpc", {"omitted": True, "originalSize": 152874}), [], "deleted a VPC"),
        (event("CreateVpc", None, None), [], "created a VPC"),
        (event("ModifyVpcAttribute", {"VPCID": VPC}), [SUBJECT], f"set an attribute for VPC {VPC}"),
        (event("AttachClassicLinkVpc", {"vpcId": VPC}), [SUBJECT], f"linked an instance to VPC {VPC}"),
    ],
    ids=lambda value: value["eventName"] if isinstance(value, dict) else "",
)  # fmt: skip
def test_other_calls(data: dict[str, Any], resources: list[dict[str, Any]], said: str) -> None:
    document = document_for(data)
    assert told(document["resources"]) == resources
    assert document["summary"] == f"role deploy {said}{PLACE}succeeded"


def test_a_wrapped_request_of_the_table_is_read_too() -> None:
    tags = [{"Key": "a", "Value": 1, "tag": 1}, {"Key": "Name", "Value": True, "tag": 2}]
    specification = {"ResourceType": "vpc", "tag": 1, "Tag": tags}
    request = {"CreateVpcRequest": {"CidrBlock": "10.0.0.0/16", "TagSpecification": specification}}
    (found,) = document_for(event("CreateVpc", request))["resources"]
    assert (found["cidr_blocks"], found["name"]) == (["10.0.0.0/16"], "true")


def test_an_accepted_peering_keeps_the_id_of_the_request() -> None:
    info = {"vpcPeeringConnection": {"vpcPeeringConnectionId": "pcx-0fffffffffffffff0"}}
    (found,) = document_for(event("AcceptVpcPeeringConnection", {"vpcPeeringConnectionId": PCX}, info))[
        "resources"
    ]
    assert found["id"] == PCX


@pytest.mark.parametrize(
    ("value", "elements"),
    [
        (None, []), ("", []), ({}, []), ([], []), ({"items": []}, []), ({"item": ""}, []), ({"items": {}}, []),
        ("x", ["x"]), ({"item": "x"}, ["x"]), ({"item": ["x", "y"]}, ["x", "y"]), ({"Items": [{"a": 1}]}, [{"a": 1}]),
        ({"tag": 1, "content": "x"}, ["x"]), ([{"tag": 1, "content": "x"}, {"tag": 2, "content": "y"}], ["x", "y"]),
        ({"tag": 1, "Key": "k"}, [{"tag": 1, "Key": "k"}]), (7, [7]), (False, [False]),
    ],
)  # fmt: skip
def test_lists_in_every_shape(value: Any, elements: list[Any]) -> None:
    assert as_list(value) == elements


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("000022223333", OTHER), (22223333, OTHER), (22223333.0, OTHER), (0, "0" * 12), (10**12, None), (-1, None), (True, None),
        ("22223333", None), ("x" * 12, None), (chr(0x661) * 12, None), (None, None), ([], None), (float("nan"), None),
        (1.5, None),
    ],
)  # fmt: skip
def test_account_ids(value: Any, read: str | None) -> None:
    assert account({"ownerId": value}, "ownerId") == read


@pytest.mark.parametrize(
    "groups", [GROUP, [GROUP], {"items": [{"groupId": GROUP}]}, {"item": {"groupId": GROUP}}]
)
def test_groups_in_every_shape(groups: Any) -> None:
    document = document_for(event("AttachClassicLinkVpc", {"vpcId": VPC, "groupSet": groups}))
    assert told(document["resources"])[1:] == [
        {"type": "security-group", "id": GROUP, "role": "related", **HERE}
    ]


def test_no_more_than_fifty() -> None:
    ids = [f"subnet-{number:017x}" for number in range(80)]
    assert len(document_for(event("DescribeSubnets", {"ids": ids}))["resources"]) == 50
