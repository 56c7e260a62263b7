"""What a member account may not see is taken from the owner of the trail, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.coverage.borrowing import borrowed
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import AccountFacts, Failure, Fault, Selectors, Trail, TrailStatus
from trailwarden.coverage.verdict import judge

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HERE, THERE = "eu-west-1", "us-east-1"
MEMBER, MANAGEMENT = "123456789012", "999999999999"
ARN = f"arn:aws:cloudtrail:{HERE}:{MANAGEMENT}:trail/org"
TRAIL = Trail(ARN, "org", HERE, multi_region=True, organization=True, bucket="logs")
ON = TrailStatus(logging=True, latest_delivery=NOW - timedelta(minutes=5))
OFF = replace(ON, logging=False)
READS = Selectors([{"ReadWriteType": "ReadOnly"}])


def failure(fault: Fault) -> Failure:
    return Failure(fault, "cloudtrail:GetTrailStatus", NOW)


FOREIGN = failure(Fault.FOREIGN)


def facts(
    account: str, status: TrailStatus | Failure, selectors: Selectors | Failure, region: str = HERE
) -> AccountFacts:
    return AccountFacts(account, NOW, (region,), [TRAIL], {(ARN, region): status}, {ARN: selectors})


def test_the_owner_speaks_for_the_member() -> None:
    owner = facts(MANAGEMENT, ON, READS)
    member, same = borrowed([facts(MEMBER, FOREIGN, FOREIGN), owner])
    assert member.statuses[ARN, HERE] == ON
    assert member.selectors[ARN] == READS
    assert member.account == MEMBER
    assert same == owner


def test_a_stop_at_the_owner_is_a_gap_of_the_member() -> None:
    member, _ = borrowed([facts(MEMBER, FOREIGN, FOREIGN), facts(MANAGEMENT, OFF, Selectors())])
    assert judge(member, HERE, []).state is State.GAP


def test_status_and_selectors_are_taken_each_on_its_own() -> None:
    member, _ = borrowed([facts(MEMBER, OFF, FOREIGN), facts(MANAGEMENT, ON, READS)])
    assert member.statuses[ARN, HERE] == OFF
    assert member.selectors[ARN] == READS


def test_the_status_of_another_region_is_not_taken() -> None:
    member, _ = borrowed([facts(MEMBER, FOREIGN, FOREIGN), facts(MANAGEMENT, ON, READS, THERE)])
    assert member.statuses == {(ARN, HERE): FOREIGN}
    assert member.selectors[ARN] == READS


def test_an_account_that_does_not_own_the_trail_does_not_speak_for_it() -> None:
    asked = [facts(MEMBER, FOREIGN, FOREIGN), facts("222222222222", ON, READS)]
    assert borrowed(asked) == asked


@pytest.mark.parametrize("fault", list(Fault))
def test_a_failure_of_the_owner_is_no_answer(fault: Fault) -> None:
    asked = [facts(MEMBER, FOREIGN, FOREIGN), facts(MANAGEMENT, failure(fault), failure(fault))]
    assert borrowed(asked) == asked


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.FOREIGN])
def test_every_other_failure_stays(fault: Fault) -> None:
    asked = [facts(MEMBER, failure(fault), failure(fault)), facts(MANAGEMENT, ON, READS)]
    assert borrowed(asked) == asked


def test_without_a_list_of_trails_there_is_nothing_to_borrow() -> None:
    member = replace(facts(MEMBER, FOREIGN, FOREIGN), trails=failure(Fault.DENIED))
    assert borrowed([member, facts(MANAGEMENT, ON, READS)])[0] == member


STATUSES = st.sampled_from([ON, OFF, *map(failure, Fault)])
SELECTORS = st.sampled_from([READS, Selectors(), *map(failure, Fault)])
FACTS = st.builds(
    facts, st.sampled_from([MEMBER, "222222222222"]), STATUSES, SELECTORS, st.sampled_from([HERE, THERE])
)


@given(st.lists(FACTS, max_size=3), STATUSES, SELECTORS, st.sampled_from([HERE, THERE]))
def test_only_foreign_failures_change_and_only_to_what_the_owner_was_told(
    members: list[AccountFacts], status: TrailStatus | Failure, selectors: Selectors | Failure, region: str
) -> None:
    owner = facts(MANAGEMENT, status, selectors, region)
    asked = [*members, owner]
    for before, after in zip(asked, borrowed(asked), strict=True):
        theirs = answers(owner)
        for place, old in answers(before).items():
            spoken = theirs.get(place, FOREIGN)
            mends = before is not owner and old == FOREIGN and not isinstance(spoken, Failure)
            assert answers(after)[place] == (spoken if mends else old)


def answers(one: AccountFacts) -> dict[object, object]:
    return {**dict(one.statuses.items()), **dict(one.selectors.items())}
