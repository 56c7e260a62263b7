"""What each of the eleven calls touched, and the sentence that says so."""

from __future__ import annotations

from typing import Any

import pytest

from tests.detection.alerts import document_for, event

VPC = "vpc-0a1b2c3d4e5f60718"
PEER = "vpc-0ffffffffffffffff"
PCX = "pcx-0123456789abcdef0"
INSTANCE = "i-0123456789abcdef0"
GROUP = "sg-0123456789abcdef0"
HOME, OTHER = "111122223333", "000022223333"
DONE = {"requestId": "r", "_return": True}
CREATED = {
    "vpc": {
        "vpcId": VPC,
        "ownerId": HOME,
        "cidrBlock": "10.0.0.0/16",
        "cidrBlockAssociationSet": {"items": [{"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.1.0.0/16"}]},
        "ipv6CidrBlockAssociationSet": {"items": [{"ipv6CidrBlock": "2001:db8::/56"}]},
        "tagSet": {"items": [{"key": "Team", "value": "net"}, {"key": "Name", "value": "demo"}]},
    }
}
PEERING = {
    "vpcPeeringConnection": {
        "vpcPeeringConnectionId": PCX,
        "requesterVpcInfo": {
            "ownerId": HOME, "vpcId": VPC, "cidrBlock": "10.0.0.0/16", "region": "eu-west-1",
            "cidrBlockSet": {"items": [{"cidrBlock": "10.0.0.0/16"}, {"cidrBlock": "10.1.0.0/16"}]},
        },
        "accepterVpcInfo": {"ownerId": 22223333, "vpcId": PEER, "region": "eu-central-1"},
        "tagSet": {},
    }
}  # fmt: skip
TAGS = {"items": [{"resourceType": "vpc", "tags": [{"key": "Name", "value": "demo"}]}]}
HERE = {"account": HOME, "region": "eu-west-1"}
SUBJECT = {"type": "vpc", "id": VPC, "role": "subject", **HERE}
CONNECTION = {"type": "vpc-peering-connection", "id": PCX, "role": "subject", **HERE}
REQUESTER = {"type": "vpc", "id": VPC, "role": "requester", **HERE}
BLOCKS = {"cidr_blocks": ["10.0.0.0/16", "10.1.0.0/16"]}
ACCEPTER = {"type": "vpc", "id": PEER, "role": "accepter", "account": OTHER, "region": "eu-central-1"}
SIDES = f"between {VPC} and {PEER} of account {OTHER} in eu-central-1"
LINKED = [
    SUBJECT,
    {"type": "instance", "id": INSTANCE, "role": "related", **HERE},
    {"type": "security-group", "id": GROUP, "role": "related", **HERE},
]
LINK = {"vpcId": VPC, "instanceId": INSTANCE, "groupSet": {"items": [{"groupId": GROUP}]}}
ASKED = {"vpcId": VPC, "peerVpcId": PEER, "peerOwnerId": OTHER, "peerRegion": "eu-central-1"}
NAMED = {"vpcPeeringConnectionId": PCX}

# name, request, response, resources, the middle of the sentence when done and when tried
CALLS: list[tuple[str, Any, Any, list[dict[str, Any]], str, str]] = [
    ("CreateVpc", {"cidrBlock": "10.0.0.0/16", "instanceTenancy": "default", "tagSpecificationSet": TAGS}, CREATED,
     [{**SUBJECT, "name": "demo", "attributes": {"instanceTenancy": "default"},
       "cidr_blocks": ["10.0.0.0/16", "10.1.0.0/16", "2001:db8::/56"]}],
     f'created VPC {VPC} "demo" (10.0.0.0/16, 10.1.0.0/16, 2001:db8::/56)', 'create a VPC "demo" (10.0.0.0/16)'),
    ("DeleteVpc", {"vpcId": VPC}, DONE, [SUBJECT], f"deleted VPC {VPC}", f"delete VPC {VPC}"),
    ("ModifyVpcAttribute", {"vpcId": VPC, "enableDnsHostnames": {"value": False}}, DONE,
     [{**SUBJECT, "attributes": {"enableDnsHostnames": False}}],
     f"set enableDnsHostnames to false for VPC {VPC}", f"set enableDnsHostnames to false for VPC {VPC}"),
    ("CreateVpcPeeringConnection", ASKED, PEERING, [CONNECTION, {**REQUESTER, **BLOCKS}, ACCEPTER],
     f"requested VPC peering connection {PCX} {SIDES}", f"request a VPC peering connection {SIDES}"),
    ("AcceptVpcPeeringConnection", NAMED, PEERING, [CONNECTION, {**REQUESTER, **BLOCKS}, ACCEPTER],
     f"accepted VPC peering connection {PCX} {SIDES}", f"accept VPC peering connection {PCX}"),
    ("RejectVpcPeeringConnection", NAMED, DONE, [CONNECTION],
     f"rejected VPC peering connection {PCX}", f"reject VPC peering connection {PCX}"),
    ("DeleteVpcPeeringConnection", NAMED, DONE, [CONNECTION],
     f"deleted VPC peering connection {PCX}", f"delete VPC peering connection {PCX}"),
    ("AttachClassicLinkVpc", LINK, DONE, LINKED,
     f"linked instance {INSTANCE} to VPC {VPC}", f"link instance {INSTANCE} to VPC {VPC}"),
    ("DetachClassicLinkVpc", {"vpcId": VPC, "instanceId": INSTANCE}, DONE, LINKED[:2],
     f"unlinked instance {INSTANCE} from VPC {VPC}", f"unlink instance {INSTANCE} from VPC {VPC}"),
    ("EnableVpcClassicLink", {"vpcId": VPC}, DONE, [SUBJECT],
     f"enabled ClassicLink for VPC {VPC}", f"enable ClassicLink for VPC {VPC}"),
    ("DisableVpcClassicLink", {"vpcId": VPC}, DONE, [SUBJECT],
     f"disabled ClassicLink for VPC {VPC}", f"disable ClassicLink for VPC {VPC}"),
]  # fmt: skip
UNANSWERED: dict[str, list[dict[str, Any]]] = {
    "CreateVpc": [
        {"type": "vpc", "role": "subject", **HERE, "name": "demo", "cidr_blocks": ["10.0.0.0/16"],
         "attributes": {"instanceTenancy": "default"}},
    ],
    "CreateVpcPeeringConnection": [
        {"type": "vpc-peering-connection", "role": "subject", **HERE}, REQUESTER, ACCEPTER,
    ],
    "AcceptVpcPeeringConnection": [CONNECTION],
}  # fmt: skip
"""What is known of a call that came to nothing, where it is not all of it: the response is null then."""
PLACE = f" in eu-west-1, account {HOME}, from 203.0.113.7: "
ERRORS = [
    ("Client.VpcLimitExceeded", "failed", "failed (Client.VpcLimitExceeded)"),
    ("Client.UnauthorizedOperation", "denied", "denied (Client.UnauthorizedOperation)"),
    ("Client.DryRunOperation", "dry_run", "a dry run, nothing was changed"),
]


def told(resources: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if value not in (None, {}, [])} for one in resources]


@pytest.mark.parametrize(
    ("name", "request_", "response", "resources", "done"),
    [case[:5] for case in CALLS],
    ids=[case[0] for case in CALLS],
)
def test_done(name: str, request_: Any, response: Any, resources: list[dict[str, Any]], done: str) -> None:
    document = document_for(event(name, request_, response))
    assert told(document["resources"]) == resources
    assert document["summary"] == f"role deploy {done}{PLACE}succeeded"
    assert document["outcome"] == {"status": "succeeded", "error_code": None, "error_message": None}


@pytest.mark.parametrize(("code", "status", "end"), ERRORS, ids=[error[1] for error in ERRORS])
@pytest.mark.parametrize(
    ("name", "request_", "resources", "tried"),
    [(*case[:2], case[3], case[5]) for case in CALLS],
    ids=[case[0] for case in CALLS],
)
def test_tried(
    name: str, request_: Any, resources: list[dict[str, Any]], tried: str, code: str, status: str, end: str
) -> None:
    document = document_for(event(name, request_, None, errorCode=code, errorMessage="why"))
    assert told(document["resources"]) == UNANSWERED.get(name, resources)
    assert document["summary"] == f"role deploy tried to {tried}{PLACE}{end}"
    assert document["outcome"] == {"status": status, "error_code": code, "error_message": "why"}


def test_every_call_of_the_control_is_in_the_table() -> None:
    assert len({case[0] for case in CALLS}) == 11
