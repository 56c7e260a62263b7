"""Checks, what a set of them says, and the document."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from trailwarden.health import Check, Coverage, HealthSettings, Status, StatusBoard, worst
from trailwarden.health.model import to_health_json

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def check(name: str = "store:commit", status: Status = Status.PASS, **fields: object) -> Check:
    component, _, measurement = name.partition(":")
    return Check(component, measurement, status, NOW, **fields)  # type: ignore[arg-type]  # fields of Check


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@given(st.lists(st.sampled_from(Status), min_size=1))
def test_the_worst_check_decides(statuses: list[Status]) -> None:
    verdict = worst(check(status=one) for one in statuses)
    assert verdict in statuses
    assert all(verdict.rank >= one.rank for one in statuses)


def test_nothing_checked_is_not_a_pass() -> None:
    assert worst([]) is Status.WARN


@given(st.text())
def test_the_output_is_one_printable_line(text: str) -> None:
    output = check(output=text).output
    assert output == "" or output.isprintable()
    assert len(output) <= 500


def test_the_document_has_the_fields_of_the_draft() -> None:
    checks = [
        check("source:spool", Status.WARN, observed=7, unit="s", output="slow"),
        check("sink:siem", output="left out on a pass"),
    ]
    assert json.loads(json.dumps(to_health_json(checks, "1.2.3"))) == {
        "status": "warn",
        "releaseId": "1.2.3",
        "serviceId": "trailwarden",
        "notes": ["source:spool: slow"],
        "checks": {
            "source:spool": [
                {
                    "componentType": "component", "status": "warn", "time": "2026-01-31T12:00:00.000Z",
                    "observedValue": 7, "observedUnit": "s", "output": "slow",
                }
            ],
            "sink:siem": [{"componentType": "component", "status": "pass", "time": "2026-01-31T12:00:00.000Z"}],
        },
    }  # fmt: skip


def test_a_number_that_json_does_not_know_is_shown_as_text() -> None:
    document = to_health_json([check(observed=float("nan"))], "1")
    assert (
        json.loads(json.dumps(document, allow_nan=False))["checks"]["store:commit"][0]["observedValue"]
        == "nan"
    )


@pytest.mark.parametrize(
    ("verdict", "status"), [("verified", Status.PASS), ("unknown", Status.WARN), ("gap", Status.FAIL)]
)
def test_only_verified_coverage_passes(verdict: str, status: Status) -> None:
    made = Coverage(verdict, "because", NOW).as_check()  # type: ignore[arg-type]  # one of the three
    assert (made.status, made.output, made.affects_ready, made.affects_live) == (
        status,
        f"{verdict}: because",
        False,
        False,
    )


def test_a_check_that_nobody_renews_becomes_a_warning() -> None:
    clock = FakeClock()
    board = StatusBoard(clock, monotonic=clock.monotonic)
    board.set(check("sink:siem", output="fine", max_age=30.0))
    board.set(check("sink:dead", Status.FAIL, output="refused", max_age=30.0))
    board.set(check("store:commit"))
    clock.seconds = 30.0
    board.heartbeat()
    assert [one.status for one in board.checks()[:3]] == [Status.PASS, Status.FAIL, Status.PASS]
    clock.seconds = 31.0
    stale, dead, eternal = board.checks()[:3]
    assert (stale.status, stale.output) == (Status.WARN, "stale: not checked for 31 s, last: fine")
    assert dead.status is Status.FAIL
    assert dead.output.startswith("stale")
    assert eternal.status is Status.PASS
    board.set(check("sink:siem", max_age=30.0))
    assert board.checks()[0].status is Status.PASS


def test_a_heartbeat_that_stops_is_a_failure_of_liveness() -> None:
    clock = FakeClock()
    board = StatusBoard(clock, monotonic=clock.monotonic, heartbeat_max_age=60.0)
    clock.seconds = 60.0
    assert board.checks()[-2].status is Status.PASS
    clock.seconds = 61.0
    heartbeat = board.checks()[-2]
    assert (heartbeat.name, heartbeat.status, heartbeat.affects_live) == (
        "process:heartbeat",
        Status.FAIL,
        True,
    )
    board.heartbeat()
    assert board.checks()[-2].status is Status.PASS


def test_a_check_can_be_taken_back() -> None:
    board = StatusBoard()
    board.set(check("source:spool"))
    board.remove("source:spool")
    board.remove("source:spool")
    assert [one.name for one in board.checks()] == ["process:heartbeat", "coverage:verdict"]


def test_coverage_is_unknown_until_somebody_knows() -> None:
    board = StatusBoard()
    assert board.checks()[-1].output == "unknown: not configured"
    board.set_coverage(Coverage("verified", "all conditions hold", NOW))
    assert board.checks()[-1].status is Status.PASS
    assert board.coverage().reason == "all conditions hold"


@pytest.mark.parametrize("fields", [{"port": -1}, {"port": 65536}, {"host": ""}, {"prot": 1}])
def test_settings_that_cannot_work_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        HealthSettings.model_validate(fields)


def test_the_default_listens_to_this_machine_alone() -> None:
    assert HealthSettings() == HealthSettings(host="127.0.0.1", port=8080)
