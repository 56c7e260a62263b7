"""The packs say what the control says, and name operations that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trailwarden.detection import PACKS, load_pack, load_ruleset
from trailwarden.patterns import compile_predicate, to_text

OPERATIONS = frozenset(
    line
    for line in (Path(__file__).parents[1] / "data/ec2-operations.txt").read_text().splitlines()
    if not line.startswith("#")
)
ELEVEN = {
    "CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "AcceptVpcPeeringConnection", "CreateVpcPeeringConnection",
    "DeleteVpcPeeringConnection", "RejectVpcPeeringConnection", "AttachClassicLinkVpc", "DetachClassicLinkVpc",
    "DisableVpcClassicLink", "EnableVpcClassicLink",
}  # fmt: skip


def names(pattern: str) -> list[str]:
    return re.findall(r'\$\.eventName = "?(\w+)', pattern)


def test_the_control_is_the_control() -> None:
    (rule,) = load_pack("cis-vpc")
    assert set(names(rule.pattern)) == ELEVEN
    assert len(names(rule.pattern)) == 11
    assert set(re.findall(r"\$\.(\w+)", rule.pattern)) == {"eventName"}
    assert "&&" not in rule.pattern
    assert set(names(to_text(rule.parsed))) == ELEVEN


def test_the_control_selects_by_name_alone() -> None:
    selects = compile_predicate(load_pack("cis-vpc")[0].parsed)
    for name in ELEVEN:
        assert selects({"eventName": name})
        assert selects({"eventName": name, "eventSource": "gamelift.amazonaws.com", "errorCode": "Client.X"})
        assert not selects({"eventName": name + "s"})
        assert not selects({"eventName": name.lower()})


@pytest.mark.parametrize("pack", PACKS)
def test_every_name_is_an_operation_that_writes(pack: str) -> None:
    for rule in load_pack(pack):
        for name in names(rule.pattern):
            assert name in OPERATIONS, f"{rule.id}: {name}"
            assert not name.startswith(("Describe", "Get", "List")), f"{rule.id}: {name}"
        assert "*" not in rule.pattern


def test_the_packs_do_not_overlap_and_have_an_example_for_each_name() -> None:
    rules = load_ruleset(PACKS)
    listed = [name for rule in rules for name in names(rule.pattern)]
    assert len(listed) == len(set(listed))
    for rule in rules:
        assert set(names(rule.pattern)) <= {event["eventName"] for event in rule.must_match}
