"""One event, one alert: what the id depends on, and what it does not."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.detection.alerts import document_for, event
from trailwarden.detection.identity import alert_id, dedupe_key
from trailwarden.model import Event


def identity(data: dict[str, Any], rule: str = "cis-vpc-changes") -> str:
    return alert_id(rule, Event(json.dumps(data).encode(), data, 0))


def test_the_id_is_of_rule_and_event_alone() -> None:
    one = event("DeleteVpc")
    assert identity(one) == identity({**one, "awsRegion": "elsewhere"})
    assert identity(one) != identity({**one, "eventID": "other"})
    assert identity(one) != identity(one, "another-rule")
    assert re.fullmatch("alert_[0-9a-f]{40}", identity(one))


def test_the_id_stays_as_it_is() -> None:
    """It is in the stores and in the receivers: another way to derive it would alert everything twice."""
    assert identity(event("DeleteVpc")) == "alert_99a514174364c51ee3281fc26036e44b63b2d633"
    assert (
        identity({"eventName": "DeleteVpc", "a": [1, 2.5, "é", None]})
        == "alert_6bfb24b596c623fe2ce236603f4b5df4b169d7cf"
    )


@pytest.mark.parametrize("missing", [None, "", 7, [], {"a": 1}, True])
def test_an_event_without_an_id_counts_by_its_content(missing: Any) -> None:
    one = {**event("DeleteVpc"), "eventID": missing}
    assert identity(one) == identity(dict(reversed(one.items()))), "the order of keys does not count"
    assert identity(one) != identity({**one, "awsRegion": "elsewhere"})
    assert identity(one) != identity({**one, "eventID": "5a0f-1"})
    spaced = Event(json.dumps(one, indent=2).encode(), one, 9)
    assert alert_id("cis-vpc-changes", spaced) == identity(one), "nor does the spelling"


def test_deep_and_strange_content_has_an_id() -> None:
    deep: Any = "\ud800"
    for _ in range(5000):
        deep = [deep]
    one, other = ({"eventName": "DeleteVpc", "a": value} for value in (deep, [deep]))
    assert alert_id("r", Event(b"", one, 0)) != alert_id("r", Event(b"", other, 0))
    assert identity({"a": float("inf"), "b": 2**100}) != identity({"a": float("-inf"), "b": 2**100})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": [1, 2]}, {"a": [12]}),
        ({"a": "1"}, {"a": 1}),
        ({"a": []}, {"a": {}}),
        ({"a": [[], []]}, {"a": [[[]]]}),
        ({}, {"": None}),
    ],
)
def test_other_content_is_another_event(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert identity(one) != identity(other)


def test_an_amended_version_is_the_event_that_it_amends() -> None:
    amended = {
        **event("DeleteVpc"),
        "eventID": "new",
        "addendum": {"reason": "UPDATED_DATA", "originalEventID": "5a0f-1"},
    }
    assert identity(amended) == identity(event("DeleteVpc"))
    document = document_for(amended)
    assert (document["amends"], document["event"]["id"]) == ("5a0f-1", "new")


@pytest.mark.parametrize(
    "addendum",
    [
        {"reason": "DELIVERY_DELAY", "originalEventID": "x"}, {"reason": "UPDATED_DATA"}, "UPDATED_DATA", None, [],
        {"reason": "UPDATED_DATA", "originalEventID": ""}, {"reason": "UPDATED_DATA", "originalEventID": ["x"]},
    ],
)  # fmt: skip
def test_an_event_that_is_merely_late_is_itself(addendum: Any) -> None:
    late = {**event("DeleteVpc"), "addendum": addendum}
    assert identity(late) == identity(event("DeleteVpc"))
    assert document_for(late)["amends"] is None


def test_a_number_that_is_written_anew_is_the_same_event() -> None:
    assert dedupe_key({"a": [1.0, -0.0, 1e3, 0.5]}) == dedupe_key({"a": [1, 0, 1000, 0.5]})
