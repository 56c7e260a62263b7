"""The controls are the benchmark's, and their samples are what it asks for."""

from __future__ import annotations

import pytest

from trailwarden.audit.controls import Control, chosen, every_control
from trailwarden.audit.samples import EXAMPLE_ACCOUNT, samples
from trailwarden.detection import load_pack
from trailwarden.errors import ConfigError
from trailwarden.patterns import CLOUDWATCH, Selection, parse, selection


def keys(*names: str) -> list[str]:
    return [control.key for control in chosen(names)]


def test_there_are_fifteen_with_the_numbers_of_every_version() -> None:
    controls = every_control()
    assert [control.numbers["6.0 and 7.0"] for control in controls] == [f"5.{n}" for n in range(1, 16)]
    assert [control.numbers["1.4 to 5.0"] for control in controls] == [f"4.{n}" for n in range(1, 16)]
    assert [control.numbers.get("1.2") for control in controls] == [*(f"3.{n}" for n in range(1, 15)), None]
    hubs = [control.security_hub for control in controls]
    assert hubs[:3] == ["CloudWatch.2", "CloudWatch.3", "CloudWatch.1"]
    assert hubs[3:] == [*(f"CloudWatch.{n}" for n in range(4, 15)), ""]


@pytest.mark.parametrize("control", every_control(), ids=lambda one: one.key)
def test_each_pattern_fits_into_a_metric_filter(control: Control) -> None:
    assert parse(control.rule.pattern, CLOUDWATCH) == control.rule.parsed


def test_the_one_for_vpc_changes_is_the_rule_of_the_default_pack() -> None:
    (control,) = chosen(["4.14"])
    (rule,) = load_pack("cis-vpc")
    assert control.rule.pattern == rule.pattern


def test_they_are_found_by_every_name() -> None:
    assert (
        keys("4.14")
        == keys("5.14")
        == keys("3.14")
        == keys("CloudWatch.14")
        == keys("vpc-changes")
        == ["vpc-changes"]
    )
    assert keys("5.3", "4.1") == ["unauthorized", "root-used"], "in the benchmark's order"
    assert len(keys("all")) == 15
    with pytest.raises(ConfigError, match=r"4\.16.*no such control"):
        chosen(["4.16"])


@pytest.mark.parametrize("control", every_control(), ids=lambda one: one.key)
def test_samples_are_selected_for_certain_and_different(control: Control) -> None:
    tried = samples(control)
    assert tried
    assert all(selection(control.rule.parsed, sample.event) is Selection.YES for sample in tried)
    assert len({repr(sample.event) for sample in tried}) == len(tried)
    named = {example["eventName"] for example in control.rule.must_match}
    assert named <= {sample.name for sample in tried}


def test_a_change_of_a_vpc_has_every_shape() -> None:
    (control,) = chosen(["4.14"])
    shapes = [sample.shape for sample in samples(control) if sample.name == "DeleteVpc"]
    assert {shape.outcome for shape in shapes} == {"done", "failed", "denied", "dry run"}
    assert {shape.caller for shape in shapes} == {"user", "role", "root", "service"}
    assert len(shapes) == 32
    events = [sample.event for sample in samples(control)]
    for field in ("userAgent", "errorCode", "requestID", "sessionCredentialFromConsole"):
        assert {field in event for event in events} == {True, False}, field


def test_samples_are_of_the_account() -> None:
    (control,) = chosen(["4.14"])
    assert {sample.event["recipientAccountId"] for sample in samples(control, "210987654321")} == {
        "210987654321"
    }
    assert EXAMPLE_ACCOUNT not in repr(samples(control, "210987654321"))
