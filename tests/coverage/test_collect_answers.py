"""Answers that lack something, and lists that may be incomplete."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.coverage.collecting import (
    FAR,
    HERE,
    NOW,
    SELECTORS,
    STATUS,
    THERE,
    TRAILS,
    Peer,
    account,
    arn,
    asked_of,
    listed,
    verdict_of,
)
from trailwarden.coverage.answers import known_trails, regions_of, selectors_of, status_of, trails_of
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import Failure, Fault, Trail

# --- answers that lack something ----------------------------------------------------------------------------

WITHOUT_ARN = {key: value for key, value in listed("all").items() if key != "TrailARN"}


@pytest.mark.parametrize(
    ("operation", "answer", "detail"),
    [
        (TRAILS, {}, "an answer without trailList"),
        (TRAILS, {"trailList": None}, "an answer without trailList"),
        (TRAILS, {"trailList": [listed("other"), WITHOUT_ARN]}, "a trail without TrailARN"),
        (TRAILS, {"trailList": [{**listed("all"), "TrailARN": "all"}]}, "a trail without TrailARN"),
        (STATUS, {"LatestDeliveryTime": 1}, "an answer without IsLogging"),
        (STATUS, {"IsLogging": "true"}, "IsLogging is neither true nor false"),
        (SELECTORS, {"TrailARN": arn("all")}, "an answer without EventSelectors"),
        ("DescribeRegions", [], "an answer without"),
    ],
)
async def test_an_answer_that_lacks_a_member_is_a_failure(
    peer: Peer, operation: str, answer: Any, detail: str
) -> None:
    peer.says(operation, answer)
    facts = await asked_of(peer, account())
    answers = [facts.regions, facts.trails, *facts.statuses.values(), *facts.selectors.values()]
    failures = [one for one in answers if isinstance(one, Failure)]
    assert failures
    assert all(one.fault is Fault.OTHER and detail in one.detail for one in failures)
    expected = State.VERIFIED if operation == "DescribeRegions" else State.UNKNOWN
    assert verdict_of(facts).state is expected


def test_a_trail_with_nothing_but_its_arn() -> None:
    trails = trails_of({"trailList": [{"TrailARN": arn("bare", THERE)}]})
    assert trails == (Trail(arn("bare", THERE), "bare", THERE, False, False, ""),)


@pytest.mark.parametrize("value", [datetime(2026, 1, 1), "2026-01-01", 7])  # noqa: DTZ001
def test_a_time_that_is_none_is_not_read(value: object) -> None:
    with pytest.raises(ValueError, match="LatestDeliveryTime is not a time"):
        status_of({"IsLogging": True, "LatestDeliveryTime": value})


def test_times_are_in_utc() -> None:
    local = NOW.astimezone(ZoneInfo("Asia/Tokyo"))
    assert status_of({"IsLogging": True, "StopLoggingTime": local}).stopped == NOW
    stopped = status_of({"IsLogging": True, "StopLoggingTime": local}).stopped
    assert stopped is not None
    assert stopped.tzinfo is UTC


@pytest.mark.parametrize("value", [{}, "x", [1], [None]])
def test_selectors_of_another_shape_are_not_read(value: object) -> None:
    with pytest.raises(ValueError, match="an answer without AdvancedEventSelectors"):
        selectors_of({"AdvancedEventSelectors": value})


def test_regions_that_are_not_enabled_are_left_out() -> None:
    regions = [
        {"RegionName": THERE, "OptInStatus": "opted-in"},
        {"RegionName": FAR, "OptInStatus": "not-opted-in"},
        {"RegionName": HERE},
    ]
    assert regions_of({"Regions": regions}) == (HERE, THERE)


# --- which trails are known when a Region did not answer ----------------------------------------------------

DOWN = Failure(Fault.NETWORK, "cloudtrail:DescribeTrails", NOW)
NO_LIST = Failure(Fault.DENIED, "ec2:DescribeRegions", NOW)
MULTI = trails_of({"trailList": [listed("all")]})
SINGLE = trails_of({"trailList": [listed("here", multi=False)]})


@pytest.mark.parametrize(
    ("lists", "regions", "wanted", "known"),
    [
        ({HERE: MULTI, THERE: MULTI}, (HERE, THERE), "", True),
        ({HERE: (), THERE: ()}, (HERE, THERE), "", True),
        ({HERE: MULTI, THERE: DOWN}, (HERE, THERE), "", True),
        ({HERE: MULTI, THERE: DOWN}, (HERE, THERE), "all", True),
        ({HERE: MULTI, THERE: DOWN}, (HERE, THERE), "other", False),
        ({HERE: SINGLE, THERE: DOWN}, (HERE, THERE), "", False),
        ({HERE: (), THERE: DOWN}, (HERE, THERE), "", False),
        ({HERE: DOWN, THERE: DOWN}, (HERE, THERE), "", False),
        ({HERE: DOWN, THERE: ()}, (THERE,), "", True),
        ({HERE: MULTI, THERE: DOWN}, (THERE,), "", False),
        ({HERE: MULTI}, NO_LIST, "", True),
        ({HERE: SINGLE}, NO_LIST, "", False),
        ({HERE: ()}, NO_LIST, "", False),
    ],
)
def test_trails_are_known_or_it_is_said_why_not(
    lists: dict[str, tuple[Trail, ...] | Failure],
    regions: tuple[str, ...] | Failure,
    wanted: str,
    known: bool,
) -> None:
    assert isinstance(known_trails(lists, regions, wanted), Failure) is not known
