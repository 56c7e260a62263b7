"""What the table of situations does not show: every control, several trails, and the words of the links."""

from __future__ import annotations

import pytest

from tests.audit.situations import HALVES, one_filter
from tests.audit.world import (
    ACCOUNT,
    HERE,
    MANAGEMENT,
    TOPIC,
    VPC,
    World,
    alarm,
    audited,
    composite,
    listed,
    metric_filter,
    subscription,
    trail,
)
from trailwarden.audit.controls import Control, chosen, every_control
from trailwarden.audit.outcome import Result
from trailwarden.coverage.facts import Fault

FIRST, SECOND = (f"arn:aws:logs:{HERE}:{ACCOUNT}:log-group:{name}:*" for name in ("first", "second"))


@pytest.mark.parametrize("control", every_control(), ids=lambda one: one.key)
async def test_every_control_passes_by_its_own_pattern(control: Control) -> None:
    chain = await audited(World(filters=[metric_filter(control.rule.pattern)]), control)
    assert chain.result is Result.PASS, chain.broken


@pytest.mark.parametrize("control", every_control(), ids=lambda one: one.key)
async def test_no_control_passes_by_another_ones(control: Control) -> None:
    other = "4.14" if control.key != "vpc-changes" else "4.5"
    chain = await audited(World(filters=[metric_filter(chosen([other])[0].rule.pattern)]), control)
    assert (chain.result, chain.broken and chain.broken.name) == (Result.FAIL, "filter")


async def test_without_the_events_of_kms_only_what_needs_them_fails() -> None:
    selectors = {"EventSelectors": [{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}
    results = {}
    for name in ("4.7", "4.1", "4.14"):
        (control,) = chosen([name])
        world = World(filters=[metric_filter(control.rule.pattern)], selectors=selectors)
        results[name] = (await audited(world, control)).result.value
    assert results == {"4.7": "fail", "4.1": "fail", "4.14": "pass"}


async def test_two_trails_add_up() -> None:
    world = World(
        trails=[
            trail("one", CloudWatchLogsLogGroupArn=FIRST),
            trail("two", CloudWatchLogsLogGroupArn=SECOND),
        ],
        filters={"first": one_filter(HALVES[0]), "second": one_filter(HALVES[1])},
    )
    assert (await audited(world)).result is Result.PASS
    world.filters["second"] = []
    assert (await audited(world)).result is Result.FAIL


async def test_of_several_chains_the_best_is_shown() -> None:
    world = World(
        alarms=[alarm("a", Threshold=9.0), alarm("b", ActionsEnabled=False), alarm("c", AlarmActions=[])],
        composites=[composite("ALARM(c)", AlarmActions=[f"{TOPIC}-empty"])],
        subscriptions={f"{TOPIC}-empty": [subscription("PendingConfirmation")]},
    )
    broken = (await audited(world)).broken
    assert broken is not None
    assert (broken.name, broken.subject) == ("subscription", f"{TOPIC}-empty")


async def test_what_may_be_good_is_shown_before_what_is_bad() -> None:
    world = World(
        alarms=[alarm("a", AlarmActions=[f"{TOPIC}-denied"]), alarm("b")],
        subscriptions={f"{TOPIC}-denied": Fault.DENIED, TOPIC: []},
    )
    broken = (await audited(world)).broken
    assert broken is not None
    assert (broken.result, broken.denied) == (Result.UNKNOWN, "sns:ListSubscriptionsByTopic")


async def test_each_list_is_asked_for_once_for_all_controls() -> None:
    world = World(
        filters=[metric_filter(one.rule.pattern, one.key, one.key) for one in every_control()],
        alarms=[alarm(one.key, one.key) for one in every_control()],
    )
    await listed(world, *every_control())
    assert sorted(world.calls) == ["DescribeAlarms", "DescribeMetricFilters", "ListSubscriptionsByTopic"]


@pytest.mark.parametrize(("accounts", "asks"), [((ACCOUNT,), ACCOUNT), ((ACCOUNT, MANAGEMENT), MANAGEMENT)])
async def test_a_topic_is_asked_for_as_its_owner_where_he_is_audited(
    accounts: tuple[str, ...], asks: str
) -> None:
    world = World(alarms=[alarm(AlarmActions=[TOPIC.replace(ACCOUNT, MANAGEMENT)])])
    await listed(world, accounts=accounts)
    assert world.asked_as[-1] == ("ListSubscriptionsByTopic", asks)


async def test_topics_of_other_alarms_are_not_asked_for() -> None:
    others = [alarm(f"cpu-{n}", "CPUUtilization", AlarmActions=[f"{TOPIC}-{n}"]) for n in range(30)]
    lists, _ = await listed(World(alarms=[alarm(), *others]))
    assert list(lists.subscriptions) == [TOPIC]


@pytest.mark.parametrize("name", ["filters", "alarms", "subscriptions"])
async def test_a_list_that_does_not_end_is_no_list(name: str) -> None:
    world = World(
        page=0,
        **{
            name: [metric_filter()]
            if name == "filters"
            else [alarm()]
            if name == "alarms"
            else [subscription()]
        },
    )
    broken = (await audited(world)).broken
    assert broken is not None
    assert broken.result is Result.UNKNOWN
    assert "does not end" in broken.sentence


async def test_suppressed_actions_are_told() -> None:
    world = World(
        alarms=[alarm(AlarmActions=[])], composites=[composite("ALARM(vpc)", ActionsSuppressor="maintenance")]
    )
    chain = await audited(world, VPC)
    assert chain.result is Result.PASS
    assert "maintenance can hold its actions back" in chain.links[3].sentence
