"""What CloudTrail says it delivered, against what reached us and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.coverage.binding import Arrived
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import AccountFacts, Failure, Fault, Trail, TrailStatus
from trailwarden.coverage.freshness import freshness
from trailwarden.model.log_key import LogKey

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MEMBER, MANAGEMENT, REGION = "123456789012", "999999999999", "eu-west-1"
V, U, G = State.VERIFIED, State.UNKNOWN, State.GAP
MAX_AGE = timedelta(minutes=45)


def trail(owner: str = MEMBER) -> Trail:
    arn = f"arn:aws:cloudtrail:{REGION}:{owner}:trail/main"
    return Trail(arn, "main", REGION, multi_region=True, organization=owner != MEMBER, bucket="logs")


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def came(minutes: float, account: str = MEMBER, region: str = REGION) -> Arrived:
    return Arrived("logs", LogKey("", "", account, "CloudTrail", region, ago(minutes)), ago(minutes))


def status(delivered: float | None = None, digest: float | None = None) -> TrailStatus:
    return TrailStatus(
        logging=True,
        latest_delivery=None if delivered is None else ago(delivered),
        latest_digest=None if digest is None else ago(digest),
    )


def facts(one: Trail, answer: TrailStatus | Failure | None) -> AccountFacts:
    statuses = {} if answer is None else {(one.arn, REGION): answer}
    return AccountFacts(MEMBER, NOW, (REGION,), (one,), statuses)


FAILED = [Failure(fault, "cloudtrail:GetTrailStatus", NOW) for fault in Fault]
OWN, ORG = trail(), trail(MANAGEMENT)
CASES: list[tuple[str, Trail, list[Arrived], TrailStatus | Failure | None, State]] = [
    ("a file just now", OWN, [came(1)], status(2), V),
    ("a file just in time", OWN, [came(45)], None, V),
    ("a file of each of two places", OWN, [came(300), came(5)], None, V),
    ("a file just too late, nothing known", OWN, [came(45.1)], None, U),
    ("quiet: all is here, digests go on", OWN, [came(300)], status(301, 30), V),
    ("never anything, and nothing delivered, digests go on", OWN, [], status(None, 30), V),
    ("all is here, digests late", OWN, [came(300)], status(301, 180), U),
    ("all is here, no digests", OWN, [came(300)], status(301), U),
    ("delivered, and not here", OWN, [came(300)], status(60, 30), G),
    ("delivered, and never anything here", OWN, [], status(60), G),
    ("delivered just now, on its way", OWN, [came(300)], status(14, 30), U),
    ("delivered, a file of another account", OWN, [came(1, account=MANAGEMENT)], status(60), G),
    ("delivered, a file of another Region", OWN, [came(1, region="us-east-1")], status(60), G),
    ("the organization's, perhaps another member's file", ORG, [came(300)], status(60, 30), U),
    ("the organization's, quiet", ORG, [came(300)], status(301, 30), V),
    *[(f"no answer: {one.fault}", OWN, [came(300)], one, U) for one in FAILED],
]


@pytest.mark.parametrize(
    ("one", "arrived", "answer", "state"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_situation(
    one: Trail, arrived: list[Arrived], answer: TrailStatus | Failure | None, state: State
) -> None:
    found = freshness(facts(one, answer), one, REGION, arrived, MAX_AGE)
    assert found.state is state
    assert bool(found.remedy) is (state is not V)
    assert "\n" not in found.sentence


MINUTES = st.none() | st.integers(0, 600)


@given(st.lists(st.integers(0, 600), max_size=3), MINUTES, MINUTES, st.integers(0, 600))
def test_another_file_never_makes_it_worse(
    arrived: list[int], delivered: int | None, digest: int | None, more: int
) -> None:
    known = facts(OWN, status(delivered, digest))
    before = freshness(known, OWN, REGION, [came(one) for one in arrived], MAX_AGE)
    after = freshness(known, OWN, REGION, [came(one) for one in [*arrived, more]], MAX_AGE)
    assert after.state.rank <= before.state.rank
