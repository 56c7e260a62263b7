"""The way through Trailwarden: trail, feed, rules, sinks, an alert that was taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.audit.situations import basic
from tests.audit.world import ACCOUNT, HERE, NOW, OTHER_REGION, VPC, World, trail
from trailwarden.audit import own_record
from trailwarden.audit.controls import chosen, every_control
from trailwarden.audit.outcome import Chain, ControlOutcome, Result
from trailwarden.audit.recording import RecordedOwn
from trailwarden.audit.siem import Own, siem
from trailwarden.coverage.binding import Arrived
from trailwarden.coverage.facts import Fault
from trailwarden.detection import load_ruleset
from trailwarden.model.log_key import LogKey


def arrived(bucket: str = "logs", age: timedelta = timedelta(minutes=5)) -> tuple[Arrived, ...]:
    keys = [LogKey("", "", ACCOUNT, "CloudTrail", region, NOW - age) for region in (HERE, OTHER_REGION)]
    return tuple(Arrived(bucket, key, NOW - age) for key in keys)


def own(*packs: str, **more: Any) -> Own:
    rules = load_ruleset(packs or ("cis-vpc",))
    made = Own(
        rules=rules,
        routes={rule.id: ("siem",) for rule in rules},
        arrived=arrived(),
        taken={"siem": NOW - timedelta(hours=1)},
        trails={ACCOUNT: ""},
        max_age=timedelta(minutes=45),
        alert_path=timedelta(hours=24),
    )
    return replace(made, **more)


def world(**more: Any) -> World:
    """The delivery is told of: coverage asks for that, too."""
    return World(
        **{"statuses": {"IsLogging": True, "LatestDeliveryTime": NOW - timedelta(minutes=6)}, **more}
    )


def judged(one: World, ours: Own, control: str = "4.14") -> Chain:
    return siem(chosen([control])[0], one.facts(), ours, NOW)


def broken(chain: Chain) -> tuple[str, str]:
    return chain.result.value, chain.broken.name if chain.broken else ""


def test_all_is_well() -> None:
    chain = judged(world(), own())
    assert broken(chain) == ("pass", "")
    assert [link.name for link in chain.links] == ["trail", "feed", "rules", "sinks", "alert_path"]


def test_a_log_group_is_not_needed() -> None:
    assert broken(judged(world(trails=[trail(CloudWatchLogsLogGroupArn=None)]), own())) == ("pass", "")


@pytest.mark.parametrize(
    ("changes", "ours", "wanted"),
    [
        ({"trails": []}, {}, ("fail", "trail")),
        ({"trails": [trail(IsMultiRegionTrail=False)]}, {}, ("fail", "trail")),
        ({"statuses": {"IsLogging": False}}, {}, ("fail", "trail")),
        ({"selectors": basic(ReadWriteType="WriteOnly")}, {}, ("fail", "trail")),
        ({"trails": Fault.DENIED}, {}, ("unknown", "trail")),
        ({"regions": Fault.DENIED}, {}, ("unknown", "trail")),
        ({}, {"arrived": ()}, ("unknown", "feed")),
        ({}, {"arrived": arrived("elsewhere")}, ("fail", "feed")),
        ({}, {"routes": {}}, ("fail", "sinks")),
        ({}, {"taken": {"siem": None}}, ("unknown", "alert_path")),
        ({}, {"taken": {"siem": NOW - timedelta(days=3)}}, ("unknown", "alert_path")),
        ({}, {"taken": {"other": NOW}}, ("unknown", "alert_path")),
    ],
)
def test_the_broken_link(changes: dict[str, Any], ours: dict[str, Any], wanted: tuple[str, str]) -> None:
    assert broken(judged(world(**changes), own(**ours))) == wanted


def test_behind_the_broken_link_nothing_is_reached() -> None:
    chain = judged(world(), own("vpc-extended"))
    assert [link.result and link.result.value for link in chain.links] == ["pass", "pass", "fail", None, None]
    assert all(link.sentence for link in chain.links)


def test_rules_are_judged_by_what_they_select() -> None:
    assert broken(judged(world(), own("vpc-extended"))) == ("fail", "rules")
    assert broken(judged(world(), own(), "4.5")) == ("fail", "rules")
    assert broken(judged(world(), own("trail-tampering"), "4.5")) == ("pass", "")
    for control in every_control():
        assert broken(siem(control, world().facts(), own("cis-monitoring"), NOW)) == ("pass", ""), control.key


def test_one_sink_that_takes_alerts_is_enough() -> None:
    rules = load_ruleset(("cis-vpc",))
    two = own(routes={rule.id: ("old", "siem") for rule in rules}, taken={"siem": NOW, "old": None})
    assert broken(judged(world(), two)) == ("pass", "")


def test_a_chain_that_is_not_followed_to_its_end_does_not_pass() -> None:
    chain = judged(world(), own())
    cut = Chain(chain.path, [*chain.links[:-1], replace(chain.links[-1], result=None)])
    assert broken(cut) == ("unknown", "alert_path")


def test_one_way_is_enough() -> None:
    good, bad = judged(world(), own()), judged(world(trails=[]), own())
    assert ControlOutcome(ACCOUNT, VPC, (bad, good)).result is Result.PASS
    assert ControlOutcome(ACCOUNT, VPC, (bad, bad)).result is Result.FAIL
    unknown = judged(world(trails=Fault.DENIED), own())
    assert ControlOutcome(ACCOUNT, VPC, (bad, unknown)).result is Result.UNKNOWN


def test_a_recording_of_it_says_the_same() -> None:
    for ours in (own(), own("cis-monitoring", taken={"siem": None}), own(arrived=arrived("elsewhere"))):
        kept = RecordedOwn.model_validate_json(own_record.recorded(ours).model_dump_json())
        again = own_record.recalled(kept, {ACCOUNT: ""})
        assert judged(world(), again) == judged(world(), ours)
