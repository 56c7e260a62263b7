"""Several trails, none, those of an organization, and the worst of all conditions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.coverage.binding import Arrived
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import AccountFacts, Failure, Fault, Selectors, Trail, TrailStatus
from trailwarden.coverage.verdict import judge, worst
from trailwarden.model.log_key import LogKey

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HERE, THERE = "eu-west-1", "us-east-1"
MEMBER, MANAGEMENT = "123456789012", "999999999999"
V, U, G = State.VERIFIED, State.UNKNOWN, State.GAP
ON = TrailStatus(logging=True, latest_delivery=NOW - timedelta(minutes=5))
OFF = replace(ON, logging=False)
ARRIVED = [
    Arrived("logs", LogKey("", organization, MEMBER, "CloudTrail", region, NOW), NOW)
    for organization, region in product(("", "o-exampleorgid1"), (HERE, THERE))
]
ALL, READS = Selectors(), Selectors([{"ReadWriteType": "ReadOnly"}])


def trail(name: str, *, owner: str = MEMBER, home: str = HERE, multi: bool = True) -> Trail:
    arn = f"arn:aws:cloudtrail:{home}:{owner}:trail/{name}"
    return Trail(arn, name, home, multi_region=multi, organization=owner != MEMBER, bucket="logs")


def failure(fault: Fault) -> Failure:
    return Failure(fault, "cloudtrail:GetTrailStatus", NOW)


Row = tuple[Trail, TrailStatus | Failure, Selectors | Failure]


def account(*rows: Row) -> AccountFacts:
    return AccountFacts(
        MEMBER,
        NOW,
        (HERE, THERE),
        [one for one, _, _ in rows],
        {(one.arn, region): status for (one, status, _), region in product(rows, (HERE, THERE))},
        {one.arn: selectors for one, _, selectors in rows},
    )


A, B, ORG = trail("a"), trail("b", home=THERE), trail("org", owner=MANAGEMENT)
ALONE = trail("alone", multi=False)

# name, what the account lists, the trail that the configuration names, the verdict here, its trail, its bad conditions
CASES: list[tuple[str, list[Row], str, State, str, set[str]]] = [
    ("none at all", [], "", G, "", {"trail_found"}),
    ("none of that name", [(A, ON, ALL)], "other", G, "", {"trail_found"}),
    ("by name", [(A, ON, ALL)], "a", V, A.arn, set()),
    ("by ARN", [(A, ON, ALL)], A.arn, V, A.arn, set()),
    ("the same from two Regions", [(A, ON, ALL), (A, ON, ALL)], "", V, A.arn, set()),
    ("a shadow trail", [(B, ON, ALL)], "", V, B.arn, set()),
    ("stopped", [(A, OFF, ALL)], "", G, A.arn, {"logging"}),
    ("stopped beside one that runs", [(A, OFF, ALL), (B, ON, ALL)], "", V, B.arn, set()),
    ("stopped, and it is the one that counts", [(A, OFF, ALL), (B, ON, ALL)], "a", G, A.arn, {"logging"}),
    ("two halves make no whole", [(A, OFF, ALL), (B, ON, READS)], "", G, A.arn, {"logging"}),
    ("reads alone", [(A, ON, READS)], "", G, A.arn, {"management_events"}),
    ("stopped and reads alone", [(A, OFF, READS)], "", G, A.arn, {"logging", "management_events"}),
    ("the less bad of two", [(A, OFF, READS), (B, ON, READS)], "", G, B.arn, {"management_events"}),
    ("one Region alone", [(ALONE, ON, ALL)], "", G, ALONE.arn, {"multi_region"}),
    ("elsewhere alone", [(trail("x", home=THERE, multi=False), ON, ALL)], "", G, "", {"trail_found"}),
    (
        "elsewhere alone, by name",
        [(trail("x", home=THERE, multi=False), ON, ALL)],
        "x",
        G,
        "",
        {"trail_found"},
    ),
    ("the organization's", [(ORG, ON, ALL)], "", V, ORG.arn, set()),
    (
        "the organization's, closed to a member",
        [(ORG, failure(Fault.FOREIGN), failure(Fault.FOREIGN))],
        "",
        U,
        ORG.arn,
        {"logging", "management_events", "delivery"},
    ),
    (
        "the organization's, closed, beside a stopped one",
        [(A, OFF, ALL), (ORG, failure(Fault.FOREIGN), failure(Fault.FOREIGN))],
        "",
        U,
        ORG.arn,
        {"logging", "management_events", "delivery"},
    ),
    (
        "gone between two calls",
        [(A, failure(Fault.NOT_FOUND), failure(Fault.NOT_FOUND))],
        "",
        G,
        A.arn,
        {"logging", "management_events", "delivery"},
    ),
    ("selectors denied", [(A, ON, failure(Fault.DENIED))], "", U, A.arn, {"management_events"}),
    (
        "selectors denied, and stopped",
        [(A, OFF, failure(Fault.DENIED))],
        "",
        G,
        A.arn,
        {"logging", "management_events"},
    ),
]


ELSEWHERE = [replace(one, bucket="copies") for one in ARRIVED]
COPIES = replace(B, bucket="copies")
FED: list[tuple[list[Row], str, list[Arrived], State, str, set[str]]] = [
    ([(A, ON, ALL)], "", ELSEWHERE, G, A.arn, {"binding"}),
    ([(A, ON, ALL), (COPIES, ON, ALL)], "", ELSEWHERE, V, COPIES.arn, set()),
    ([(A, ON, ALL)], "", [], U, A.arn, {"binding", "freshness"}),
]


@pytest.mark.parametrize(
    ("rows", "wanted", "arrived", "state", "arn", "bad"),
    [(*case[1:3], ARRIVED, *case[3:]) for case in CASES] + FED,
    ids=[c[0] for c in CASES] + ["fed from elsewhere", "fed by the other", "nothing came"],
)
def test_a_situation(
    rows: list[Row], wanted: str, arrived: list[Arrived], state: State, arn: str, bad: set[str]
) -> None:
    verdict = judge(account(*rows), HERE, arrived, wanted)
    assert verdict.state is state
    assert verdict.trail == arn
    assert {one.condition for one in verdict.findings if one.state is not V} == bad


def test_the_owner_of_an_organization_trail_is_the_management_account() -> None:
    assert MANAGEMENT in judge(account((ORG, ON, ALL)), HERE, ARRIVED).findings[0].sentence


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.NOT_FOUND])
def test_trails_that_could_not_be_listed_are_no_gap(fault: Fault) -> None:
    verdict = judge(replace(account(), trails=failure(fault)), HERE, ARRIVED)
    assert verdict.state is U
    assert str(fault) in verdict.findings[0].sentence


def test_the_whole_is_the_worst_and_nothing_is_unknown() -> None:
    assert worst([]) is U
    assert worst([V, V]) is V
    assert worst([V, U, V]) is U
    assert worst([U, G, V]) is G


STATUSES = st.sampled_from([ON, OFF, failure(Fault.DENIED), failure(Fault.NETWORK)])
SELECTORS = st.sampled_from([ALL, READS, failure(Fault.THROTTLED)])
ROWS = st.lists(
    st.tuples(st.sampled_from([A, B, ORG, ALONE]), STATUSES, SELECTORS), max_size=4, unique_by=lambda r: r[0]
)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_answers_changes_nothing(rows: list[Row], random: st.DataObject) -> None:
    before = judge(account(*rows), HERE, ARRIVED)
    random.shuffle(rows)  # type: ignore[attr-defined]
    assert judge(account(*rows), HERE, ARRIVED) == before


@given(ROWS, st.tuples(st.sampled_from([trail("c")]), STATUSES, SELECTORS))
def test_another_trail_never_makes_it_worse(rows: list[Row], more: Row) -> None:
    assert (
        judge(account(*rows, more), HERE, ARRIVED).state.rank
        <= judge(account(*rows), HERE, ARRIVED).state.rank
    )
