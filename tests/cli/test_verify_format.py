"""What `verify` prints, from a report that is made up: every state in every form."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from trailwarden import __version__
from trailwarden.cli.verify_format import as_ocsf, as_shown, last_line, places, print_report, remarks
from trailwarden.coverage.conditions import Finding, State
from trailwarden.coverage.report import OWN, Report
from trailwarden.coverage.verdict import Verdict
from trailwarden.health import StatusBoard
from trailwarden.health.model import Coverage
from trailwarden.model import SystemClock

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
ACCOUNT = "012345678901"
TRAIL = f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/org-trail"
REQUIRED = {
    "activity_id": 1,
    "category_uid": 2,
    "class_uid": 2003,
    "type_uid": 200301,
    "time": 1795521600000,
    "status_id": 1,
}


def finding(condition: str, state: State, remedy: str = "", said: str = "it is so") -> Finding:
    return Finding(condition, state, f"{condition}: {said}", {"call": "cloudtrail:GetTrailStatus"}, remedy)


def report(**regions: State) -> Report:
    """A verdict for each of them, by the state of `logging` there."""
    verdicts = [
        Verdict(
            ACCOUNT,
            region.replace("_", "-"),
            TRAIL,
            (
                finding("trail_found", State.VERIFIED),
                finding(
                    "logging",
                    state,
                    "" if state is State.VERIFIED else "start it",
                    f"in {region}",
                ),
            ),
        )
        for region, state in regions.items()
    ]
    return Report(NOW, verdicts, Verdict(OWN, "", "", (finding("rules", State.VERIFIED),)))


MIXED = report(eu_west_1=State.VERIFIED, us_east_1=State.GAP, us_west_2=State.UNKNOWN)


def test_where_all_is_well_there_is_a_row_a_place_and_nothing_to_do() -> None:
    good = report(eu_west_1=State.VERIFIED, us_east_1=State.VERIFIED)
    assert remarks(good) == []
    assert places(good) == [
        [ACCOUNT, "eu-west-1", "verified", "org-trail", "2 of 2"],
        [ACCOUNT, "us-east-1", "verified", "org-trail", "2 of 2"],
        ["trailwarden", "-", "verified", "-", "1 of 1"],
    ]
    assert last_line(good) == "verified: 2 Regions of 1 account"


def test_each_place_tells_its_own_findings() -> None:
    both = report(eu_west_1=State.GAP, us_east_1=State.GAP)
    assert remarks(both) == [
        [ACCOUNT, "eu-west-1", "gap", "logging", "logging: in eu_west_1; start it"],
        [ACCOUNT, "us-east-1", "gap", "logging", "logging: in us_east_1; start it"],
    ]


@pytest.mark.parametrize("state", [State.GAP, State.UNKNOWN])
def test_what_is_not_verified_is_told_with_its_remedy(state: State) -> None:
    bad = report(eu_west_1=state)
    assert remarks(bad) == [[ACCOUNT, "eu-west-1", state.value, "logging", "logging: in eu_west_1; start it"]]
    assert places(bad)[0] == [ACCOUNT, "eu-west-1", state.value, "org-trail", "1 of 2"]
    assert last_line(bad) == f"{state.value}: {ACCOUNT} eu-west-1: logging: logging: in eu_west_1"


def test_a_remark_on_what_is_verified_is_not_lost() -> None:
    one = Verdict(ACCOUNT, "eu-west-1", TRAIL, (finding("management_events", State.VERIFIED, "add KMS"),))
    rows = remarks(replace(report(), verdicts=[one]))
    assert rows == [
        [ACCOUNT, "eu-west-1", "verified", "management_events", "management_events: it is so; add KMS"]
    ]


def test_the_table_can_be_read_at_100_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    one = Verdict(
        "210987654321",
        "ap-southeast-1",
        TRAIL,
        (finding("management_events", State.UNKNOWN, "try again " * 9, "it [red]cannot[/red] be told " * 9),),
    )
    print_report(replace(MIXED, verdicts=[*MIXED.verdicts, one]))
    *table, last = capsys.readouterr().out.splitlines()
    assert max(map(len, table)) <= 100
    assert any("ap-southeast-1 unknown management_events" in " ".join(line.split()) for line in table)
    assert "[red]cannot[/red]" in "".join(table)
    assert last == f"gap: {ACCOUNT} us-east-1: logging: logging: in us_east_1"


def test_json_is_what_the_service_shows() -> None:
    board = StatusBoard(SystemClock(), monotonic=lambda: 0.0)
    board.set_coverage(Coverage(MIXED.state.value, MIXED.reason(), MIXED.at, MIXED.evidence()))
    assert as_shown(MIXED) == board.coverage().as_json()


def test_ocsf_has_what_the_schema_requires() -> None:
    documents = as_ocsf(MIXED)
    assert len(documents) == 3 * 2 + 1
    for one in documents:
        assert {name: one[name] for name in REQUIRED} == REQUIRED
        assert one["severity_id"] in (1, 3, 5)
        assert one["metadata"]["version"] == "1.6.0"
        assert one["metadata"]["product"] == {
            "name": "Trailwarden",
            "vendor_name": "Trailwarden",
            "version": __version__,
        }
        assert one["finding_info"]["uid"]
        assert one["finding_info"]["title"]
        assert one["compliance"]["standards"] == ["CIS AWS Foundations"]
        assert one["unmapped"]["evidence"] == {"call": "cloudtrail:GetTrailStatus"}


def _of_logging(one: Report) -> dict[str, Any]:
    (document,) = [each for each in as_ocsf(one) if each["unmapped"]["condition"] == "logging"]
    return document


@pytest.mark.parametrize(
    ("state", "status_id", "status", "severity_id"),
    [(State.VERIFIED, 1, "Pass", 1), (State.UNKNOWN, 0, "Unknown", 3), (State.GAP, 3, "Fail", 5)],
)
def test_ocsf_says_of_each_state(state: State, status_id: int, status: str, severity_id: int) -> None:
    document = _of_logging(report(eu_west_1=state))
    assert document["compliance"] == {
        "standards": ["CIS AWS Foundations"],
        "control": "Ensure VPC changes are monitored",
        "status_id": status_id,
        "status": status,
        "status_details": ["logging: in eu_west_1"],
    }
    assert document["severity_id"] == severity_id
    assert document.get("remediation") == (None if state is State.VERIFIED else {"desc": "start it"})


def test_ocsf_says_where() -> None:
    document = _of_logging(report(eu_west_1=State.GAP))
    assert document["metadata"]["profiles"] == ["cloud"]
    assert document["cloud"] == {"provider": "AWS", "account": {"uid": ACCOUNT}, "region": "eu-west-1"}
    assert document["resources"] == [{"uid": TRAIL, "type": "AWS::CloudTrail::Trail"}]


def test_ocsf_names_no_place_that_there_is_not() -> None:
    unasked = Verdict(ACCOUNT, "all", "", (finding("trail_found", State.UNKNOWN),))
    of_account, of_own = as_ocsf(replace(report(), verdicts=[unasked]))
    assert of_account["cloud"] == {"provider": "AWS", "account": {"uid": ACCOUNT}}
    assert "resources" not in of_account
    assert "cloud" not in of_own
    assert "profiles" not in of_own["metadata"]


def test_ids_stay_whatever_is_found_and_differ_from_place_to_place() -> None:
    later = replace(report(eu_west_1=State.GAP, us_east_1=State.GAP), at=NOW + timedelta(days=1))
    before, after = (
        [one["finding_info"]["uid"] for one in as_ocsf(each)]
        for each in (report(eu_west_1=State.VERIFIED, us_east_1=State.UNKNOWN), later)
    )
    assert before == after
    assert len(set(after)) == len(after)
