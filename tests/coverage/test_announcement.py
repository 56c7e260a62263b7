"""What is told of a verdict that changes: once, together, with the evidence, and to those who got the gap."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.coverage.announcement import Place, as_json, changes, restored, trial_alert
from trailwarden.coverage.conditions import Finding, State
from trailwarden.coverage.damping import Announced
from trailwarden.coverage.report import Report
from trailwarden.coverage.verdict import Verdict
from trailwarden.detection.document import AlertDocument
from trailwarden.model import Alert, Severity

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOLD = timedelta(minutes=10)
TRAIL = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/t"


def report(at: datetime, own: State = State.VERIFIED, **regions: State) -> Report:
    verdicts = [
        Verdict(
            "123456789012",
            region.replace("_", "-"),
            TRAIL,
            (Finding("logging", state, f"it is {state.value}", {"call": "x"}, "mend it"),),
        )
        for region, state in regions.items()
    ]
    return Report(at, verdicts, Verdict("", "", "", (Finding("rules", own, "they match"),)))


def told(alert: Alert) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(alert.document)
    AlertDocument.model_validate(document)
    return document


def test_that_all_is_well_at_the_start_is_no_news() -> None:
    remembered, alerts = changes({}, report(NOW, eu_west_1=State.VERIFIED), HOLD)
    assert alerts == []
    assert {one.state for one in remembered.values()} == {State.VERIFIED}


def test_a_gap_of_several_regions_is_one_alert_with_the_evidence() -> None:
    before, _ = changes({}, report(NOW, eu_west_1=State.VERIFIED, us_east_1=State.VERIFIED), HOLD)
    _, (alert,) = changes(before, report(NOW, eu_west_1=State.GAP, us_east_1=State.GAP), HOLD)
    document = told(alert)
    assert document["kind"] == "coverage_change"
    assert document["severity"] == Severity.CRITICAL
    coverage = document["coverage"]
    assert (coverage["before"], coverage["after"]) == ("verified", "gap")
    assert coverage["regions"] == ["eu-west-1", "us-east-1"]
    assert coverage["trail"] == TRAIL
    assert [one["evidence"] for one in coverage["conditions"]] == [{"call": "x"}] * 2
    assert "logging: it is gap" in alert.summary


def test_a_recovery_is_as_severe_as_the_gap_and_comes_when_it_lasted() -> None:
    announced: dict[Place, Announced] = {}
    for at, state, expected in (
        (NOW, State.GAP, 1),
        (NOW + timedelta(minutes=1), State.VERIFIED, 0),
        (NOW + timedelta(minutes=11), State.VERIFIED, 1),
    ):
        announced, alerts = changes(announced, report(at, eu_west_1=state), HOLD)
        assert len(alerts) == expected
    assert alerts[0].severity is Severity.CRITICAL
    assert told(alerts[0])["coverage"]["after"] == "verified"


def test_trailwarden_itself_is_told_of_without_an_account() -> None:
    _, (alert,) = changes({}, report(NOW, own=State.GAP), HOLD)
    document = told(alert)
    assert document["account"] is None
    assert "Trailwarden itself" in alert.summary


def test_what_is_not_reported_any_more_is_forgotten() -> None:
    before, _ = changes({}, report(NOW, eu_west_1=State.GAP, us_east_1=State.GAP), HOLD)
    after, alerts = changes(before, report(NOW, eu_west_1=State.GAP), HOLD)
    assert alerts == []
    assert set(after) == {("123456789012", "eu-west-1"), ("", "")}


def test_a_trial_alert_is_of_the_schema_and_another_one_each_time() -> None:
    first, second = trial_alert("siem", NOW), trial_alert("siem", NOW + timedelta(seconds=1))
    assert told(first)["kind"] == "test"
    assert first.id != second.id
    assert first.severity is Severity.INFORMATIONAL


STATES = st.none() | st.sampled_from(list(State))
MEMORIES = st.dictionaries(
    st.tuples(st.text(max_size=12), st.text(max_size=12)),
    st.builds(Announced, STATES, STATES, st.none() | st.datetimes(timezones=st.just(UTC))),
    max_size=5,
)


@given(MEMORIES)
def test_what_is_remembered_survives_being_written(memory: dict[Place, Announced]) -> None:
    assert restored(orjson.loads(orjson.dumps(as_json(memory)))) == memory


@pytest.mark.parametrize("kept", [None, 7, [7], [["a"]], [["a", "b", "?", None, None]], {"a": 1}])
def test_damaged_memories_are_left_out(kept: object) -> None:
    assert restored(kept) == {}
