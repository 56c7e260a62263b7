"""Situations of a trail and what each condition makes of them, written from the API reference."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.coverage import conditions
from trailwarden.coverage.conditions import LATE, Finding, State
from trailwarden.coverage.facts import AccountFacts, Failure, Fault, Selectors, Trail, TrailStatus

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HERE, THERE = "eu-west-1", "us-east-1"
ARN = f"arn:aws:cloudtrail:{HERE}:123456789012:trail/main"
FRESH, OLD = NOW - timedelta(minutes=7), NOW - timedelta(days=2)
V, U, G = State.VERIFIED, State.UNKNOWN, State.GAP

TRAIL = Trail(ARN, "main", HERE, multi_region=True, organization=False, bucket="logs", validation=True)
SINGLE = Trail(ARN, "main", HERE, multi_region=False, organization=False, bucket="logs")


def failure(fault: Fault, call: str = "cloudtrail:GetTrailStatus") -> Failure:
    return Failure(fault, call, NOW, "what AWS said")


def facts(
    status: TrailStatus | Failure | None = None,
    selectors: Selectors | Failure | None = None,
    regions: tuple[str, ...] | Failure = (HERE, THERE),
) -> AccountFacts:
    return AccountFacts(
        "123456789012",
        NOW,
        regions,
        (TRAIL,),
        {} if status is None else {(ARN, HERE): status},
        {} if selectors is None else {ARN: selectors},
    )


def logs(**given: Any) -> TrailStatus:
    sound: dict[str, Any] = {"logging": True, "latest_delivery": FRESH, "latest_digest": FRESH}
    return TrailStatus(**(sound | given))


NO_ANSWER = [fault for fault in Fault if fault is not Fault.NOT_FOUND]

REGIONS: list[tuple[str, Trail, tuple[str, ...] | Failure, State]] = [
    ("multi-Region", TRAIL, (HERE, THERE), V),
    ("multi-Region, the Regions are not known", TRAIL, failure(Fault.DENIED), V),
    ("one Region of two", SINGLE, (HERE, THERE), G),
    ("another Region than the one asked for", SINGLE, (THERE,), G),
    ("the one Region that is asked for", SINGLE, (HERE,), V),
    ("one Region, no Region enabled", SINGLE, (), U),
    *[(f"one Region, Regions {fault}", SINGLE, failure(fault), U) for fault in NO_ANSWER],
]


@pytest.mark.parametrize(("trail", "regions", "state"), [r[1:] for r in REGIONS], ids=[r[0] for r in REGIONS])
def test_regions(trail: Trail, regions: tuple[str, ...] | Failure, state: State) -> None:
    found = conditions.multi_region(facts(regions=regions), trail)
    assert found.state is state
    if state is G:
        assert isinstance(regions, tuple)
        assert found.evidence["uncovered"] == sorted(set(regions) - {HERE})


STOPPED, STARTED = NOW - timedelta(hours=5), NOW - timedelta(hours=4)
LOGGING: list[tuple[str, TrailStatus | Failure | None, State, str]] = [
    ("on", logs(), V, "logs in eu-west-1"),
    ("on, started once", logs(started=STARTED), V, "logs in"),
    ("on, stopped in the past", logs(stopped=STOPPED, started=STARTED), V, "did not from 2026-11-24T07:00"),
    ("on, a stop after the start that it denies", logs(stopped=STARTED, started=STOPPED), V, "logs in"),
    ("off", logs(logging=False), G, "does not log"),
    ("off since", logs(logging=False, stopped=STOPPED), G, "since 2026-11-24T07:00"),
    ("off, though it delivered a moment ago", logs(logging=False, latest_delivery=NOW), G, "does not log"),
    ("never asked", None, U, "not asked"),
    ("no such trail", failure(Fault.NOT_FOUND), G, "not_found"),
    *[(str(fault), failure(fault), U, str(fault)) for fault in NO_ANSWER],
]


@pytest.mark.parametrize(("status", "state", "said"), [r[1:] for r in LOGGING], ids=[r[0] for r in LOGGING])
def test_logging(status: TrailStatus | Failure | None, state: State, said: str) -> None:
    found = conditions.logging(facts(status), TRAIL, HERE)
    assert found.state is state
    assert said in found.sentence


def basic(**given: Any) -> Selectors:
    return Selectors([{"ReadWriteType": "All", "IncludeManagementEvents": True, **given}])


def advanced(*fields: dict[str, Any]) -> Selectors:
    return Selectors(
        (), [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}, *fields]}]
    )


EVENTS: list[tuple[str, Selectors | Failure | None, State, bool]] = [
    ("never set", Selectors(), V, False),
    ("all", basic(), V, False),
    ("all, advanced", advanced(), V, False),
    ("writes alone", basic(ReadWriteType="WriteOnly"), V, True),
    ("writes alone, advanced", advanced({"Field": "readOnly", "Equals": ["false"]}), V, True),
    ("no KMS", basic(ExcludeManagementEventSources=["kms.amazonaws.com"]), V, True),
    ("reads alone", basic(ReadWriteType="ReadOnly"), G, True),
    ("reads alone, advanced", advanced({"Field": "readOnly", "Equals": ["true"]}), G, True),
    ("data alone", basic(IncludeManagementEvents=False), G, True),
    ("a field that is not known", advanced({"Field": "region", "Equals": ["x"]}), U, True),
    ("a kind that is not known", basic(ReadWriteType="Most"), U, True),
    ("never asked", None, U, True),
    ("no such trail", failure(Fault.NOT_FOUND), G, True),
    *[(str(fault), failure(fault, "cloudtrail:GetEventSelectors"), U, True) for fault in NO_ANSWER],
]


@pytest.mark.parametrize(
    ("selectors", "state", "remark"), [r[1:] for r in EVENTS], ids=[r[0] for r in EVENTS]
)
def test_management_events(selectors: Selectors | Failure | None, state: State, remark: bool) -> None:
    found = conditions.management_events(facts(selectors=selectors), TRAIL)
    assert found.state is state
    assert bool(found.remedy) is remark


def test_both_answers_are_shown() -> None:
    apart = Selectors([{"ReadWriteType": "ReadOnly"}, {"ReadWriteType": "WriteOnly"}])
    found = conditions.management_events(facts(selectors=apart), TRAIL)
    assert found.state is V
    assert found.evidence["all_management_events"] is True
    assert found.evidence["cis_step"] is False, "to the letter one selector alone must take all"


DELIVERY: list[tuple[str, Trail, TrailStatus | Failure | None, State]] = [
    ("files and digests", TRAIL, logs(), V),
    ("files, no digests", SINGLE, logs(latest_digest=None), V),
    ("quiet, digests come", TRAIL, logs(latest_delivery=OLD), V),
    ("never a file, digests come", TRAIL, logs(latest_delivery=None), V),
    ("quiet, no digests", SINGLE, logs(latest_delivery=OLD, latest_digest=None), U),
    ("a new trail, nothing yet", TRAIL, logs(latest_delivery=None, latest_digest=None), U),
    ("quiet, digests late", TRAIL, logs(latest_delivery=OLD, latest_digest=OLD), U),
    (
        "quiet, digests refused",
        TRAIL,
        logs(latest_delivery=OLD, latest_digest=OLD, latest_digest_error="AccessDenied"),
        U,
    ),
    ("an old error", TRAIL, logs(latest_delivery_error="AccessDenied"), V),
    ("an error that stands", TRAIL, logs(latest_delivery=OLD, latest_delivery_error="NoSuchBucket"), G),
    ("an error, never a file", TRAIL, logs(latest_delivery=None, latest_delivery_error="AccessDenied"), G),
    ("a file just in time", TRAIL, logs(latest_delivery=NOW - LATE, latest_digest=None), V),
    (
        "a file just too late",
        TRAIL,
        logs(latest_delivery=NOW - LATE - timedelta(seconds=1), latest_digest=None),
        U,
    ),
    ("never asked", TRAIL, None, U),
    ("no such trail", TRAIL, failure(Fault.NOT_FOUND), G),
    *[(str(fault), TRAIL, failure(fault), U) for fault in NO_ANSWER],
]


@pytest.mark.parametrize(
    ("trail", "status", "state"), [r[1:] for r in DELIVERY], ids=[r[0] for r in DELIVERY]
)
def test_delivery(trail: Trail, status: TrailStatus | Failure | None, state: State) -> None:
    assert conditions.delivery(facts(status), trail, HERE).state is state


@given(st.sampled_from(NO_ANSWER), st.booleans())
def test_a_fault_is_never_a_gap_and_never_verified(fault: Fault, multi: bool) -> None:
    asked = facts(failure(fault), failure(fault), failure(fault))
    trail = TRAIL if multi else SINGLE
    found = [
        conditions.logging(asked, trail, HERE),
        conditions.management_events(asked, trail),
        conditions.delivery(asked, trail, HERE),
        conditions.multi_region(asked, SINGLE),
    ]
    assert {one.state for one in found} == {U}
    assert all(one.remedy and one.evidence["at"] for one in found)


def test_a_gap_and_a_doubt_say_what_to_do_in_one_line() -> None:
    told: list[Finding] = [conditions.logging(facts(row[1]), TRAIL, HERE) for row in LOGGING]
    told += [conditions.delivery(facts(row[2]), row[1], HERE) for row in DELIVERY]
    for finding in told:
        assert "\n" not in finding.sentence
        assert finding.evidence["call"]
        assert finding.remedy or finding.state is V
