"""The packs say what the control says, and name operations that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trailwarden.detection import PACKS, Rule, load_pack, load_ruleset
from trailwarden.model import Severity
from trailwarden.patterns import CLOUDWATCH, compile_predicate, parse

OPERATIONS = frozenset(
    line
    for line in (Path(__file__).parents[1] / "data/ec2-operations.txt").read_text().splitlines()
    if not line.startswith("#")
)
CIS = (
    "{ ($.eventName = CreateVpc) || ($.eventName = DeleteVpc) || ($.eventName = ModifyVpcAttribute) || "
    "($.eventName = AcceptVpcPeeringConnection) || ($.eventName = CreateVpcPeeringConnection) || "
    "($.eventName = DeleteVpcPeeringConnection) || ($.eventName = RejectVpcPeeringConnection) || "
    "($.eventName = AttachClassicLinkVpc) || ($.eventName = DetachClassicLinkVpc) || "
    "($.eventName = DisableVpcClassicLink) || ($.eventName = EnableVpcClassicLink) }"
)
"""The remediation text of the control, in the spacing of AWS Security Hub's page: the same in every version."""
OTHER_CIS = {
    "CreateCustomerGateway", "DeleteCustomerGateway", "AttachInternetGateway", "CreateInternetGateway",
    "DeleteInternetGateway", "DetachInternetGateway", "CreateRoute", "CreateRouteTable", "ReplaceRoute",
    "ReplaceRouteTableAssociation", "DeleteRouteTable", "DeleteRoute", "DisassociateRouteTable", "CreateNetworkAcl",
    "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry",
    "ReplaceNetworkAclAssociation",
}  # fmt: skip
"""The names of the benchmark's patterns for gateways, route tables and network ACLs: not ours to repeat."""
OURS = [rule for pack in ("vpc-extended", "vpc-neighbours") for rule in load_pack(pack)]
TRAIL = load_pack("trail-tampering")
TRAIL_OPERATIONS = frozenset(
    (service, name)
    for service, _, name in (
        line.partition(" ")
        for line in (Path(__file__).parents[1] / "data/trail-operations.txt").read_text().splitlines()
        if not line.startswith("#")
    )
)
"""Of CloudTrail, S3 and KMS, each with its service."""


def names(pattern: str) -> list[str]:
    return re.findall(r'\$\.eventName = "?(\w+)', pattern)


def test_the_control_is_the_control() -> None:
    (rule,) = load_pack("cis-vpc")
    assert rule.pattern == CIS
    assert len(rule.pattern) == 441
    assert len(set(names(CIS))) == 11
    assert parse(rule.pattern, CLOUDWATCH) == rule.parsed, "it fits into a metric filter"
    assert rule.references.model_dump(exclude_defaults=True) == {
        "cis": ("1.2: 3.14", "1.4 to 5.0: 4.14", "6.0 and 7.0: 5.14"),
        "security_hub": ("CloudWatch.14",),
        "cce": ("CCE-79199-6",),
        "mitre_attack": ("T1578",),
    }


def test_the_control_selects_by_name_alone() -> None:
    selects = compile_predicate(load_pack("cis-vpc")[0].parsed)
    for name in names(CIS):
        assert selects({"eventName": name})
        assert selects({"eventName": name, "eventSource": "gamelift.amazonaws.com", "errorCode": "Client.X"})
        assert not selects({"eventName": name + "s"})
        assert not selects({"eventName": name.lower()})


def test_of_all_operations_the_control_selects_its_eleven() -> None:
    selects = compile_predicate(load_pack("cis-vpc")[0].parsed)
    assert {name for name in OPERATIONS if selects({"eventName": name})} == set(names(CIS))


@pytest.mark.parametrize("rule", OURS, ids=lambda rule: rule.id)
def test_of_all_operations_a_rule_selects_what_it_names_and_no_read(rule: Rule) -> None:
    selects = compile_predicate(rule.parsed)
    selected = {
        name for name in OPERATIONS if selects({"eventSource": "ec2.amazonaws.com", "eventName": name})
    }
    assert selected == set(names(rule.pattern)), "each name is an operation of the EC2 API"
    assert not {name for name in selected if name.startswith(("Describe", "Get", "List", "Search", "Export"))}
    assert not any(selects({"eventName": name}) for name in selected), "the service is tested too"
    assert not any(selects({"eventSource": "gamelift.amazonaws.com", "eventName": name}) for name in selected)


@pytest.mark.parametrize("rule", OURS, ids=lambda rule: rule.id)
def test_every_name_has_an_example_and_every_rule_near_misses(rule: Rule) -> None:
    assert [event["eventName"] for event in rule.must_match] == names(rule.pattern)
    assert len(rule.must_not_match) >= 2
    assert {event["eventName"] for event in rule.must_not_match} <= OPERATIONS, "a near miss exists"
    assert rule.title
    assert rule.description


def test_no_call_is_alerted_by_two_rules_and_none_of_other_controls_is_repeated() -> None:
    ours = [pack for pack in PACKS if pack != "cis-monitoring"]
    listed = [name for rule in load_ruleset(ours) for name in names(rule.pattern)]
    assert len(listed) == len(set(listed))
    assert OTHER_CIS <= OPERATIONS
    assert not OTHER_CIS & set(listed)


def test_every_write_with_vpc_in_its_name_is_in_a_pack() -> None:
    reads = ("Describe", "Get", "List", "Search", "Export")
    writes = {name for name in OPERATIONS if "Vpc" in name and not name.startswith(reads)}
    assert writes <= {name for rule in load_ruleset(PACKS) for name in names(rule.pattern)}


def test_neighbours_are_low() -> None:
    assert {rule.severity for rule in load_pack("vpc-neighbours")} == {Severity.LOW}


def test_what_tampers_with_a_trail_is_high_and_what_stops_it_critical() -> None:
    assert {rule.id: str(rule.severity) for rule in TRAIL} == {
        "trail-logging-stopped": "critical",
        "trail-changed": "high",
        "trail-started": "low",
        "trail-bucket-changed": "high",
        "trail-key-changed": "high",
    }


@pytest.mark.parametrize("rule", TRAIL, ids=lambda rule: rule.id)
def test_of_the_operations_around_a_trail_a_rule_selects_what_it_names_and_no_read(rule: Rule) -> None:
    selects = compile_predicate(rule.parsed)
    selected = {
        (service, name)
        for service, name in TRAIL_OPERATIONS
        if selects({"eventSource": service, "eventName": name})
    }
    assert sorted(name for _, name in selected) == sorted(names(rule.pattern)), "each name is an operation"
    reads = ("Describe", "Get", "List", "Head", "Lookup")
    assert not {name for _, name in selected if name.startswith(reads)}
    for _, name in selected:
        assert not selects({"eventName": name}), "the service is tested too"
        assert not selects({"eventSource": "ec2.amazonaws.com", "eventName": name})
    assert parse(rule.pattern, CLOUDWATCH) == rule.parsed, "it fits into a metric filter"


@pytest.mark.parametrize("rule", TRAIL, ids=lambda rule: rule.id)
def test_an_attempt_on_a_trail_counts_whatever_became_of_it(rule: Rule) -> None:
    done = [event for event in rule.must_match if "errorCode" not in event]
    assert [event["eventName"] for event in done] == names(rule.pattern)
    assert len(rule.must_match) > len(done), "an example of a failed call"
    selects = compile_predicate(rule.parsed)
    assert all(selects(event | {"errorCode": "AccessDenied", "errorMessage": "no"}) for event in done)
    near = {(event["eventSource"], event["eventName"]) for event in rule.must_not_match}
    elsewhere = {pair for pair in near if pair[0] == "other.amazonaws.com"}
    assert elsewhere, "the same name at another service"
    assert near - elsewhere <= TRAIL_OPERATIONS, "a near miss exists"


def test_the_control_for_trails_is_covered() -> None:
    control = {"CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging"}
    covering = [rule for rule in TRAIL if "CloudWatch.5" in rule.references.security_hub]
    assert control <= {name for rule in covering for name in names(rule.pattern)}
