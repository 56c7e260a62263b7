"""Where a trail writes, against where the feed comes from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trailwarden.coverage.binding import Arrived, binding
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import Trail
from trailwarden.model.log_key import LogKey

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MEMBER, MANAGEMENT, REGION, ORGANIZATION = "123456789012", "999999999999", "eu-west-1", "o-exampleorgid1"
V, U, G = State.VERIFIED, State.UNKNOWN, State.GAP


def trail(
    owner: str = MEMBER, *, organization: bool = False, bucket: str = "logs", prefix: str = ""
) -> Trail:
    arn = f"arn:aws:cloudtrail:{REGION}:{owner}:trail/main"
    return Trail(
        arn, "main", REGION, multi_region=True, organization=organization, bucket=bucket, prefix=prefix
    )


def came(
    bucket: str = "logs",
    prefix: str = "",
    organization: str = "",
    account: str = MEMBER,
    region: str = REGION,
) -> Arrived:
    return Arrived(bucket, LogKey(prefix, organization, account, "CloudTrail", region, NOW), NOW)


OWN, ORG = trail(), trail(MANAGEMENT, organization=True)
CASES: list[tuple[str, Trail, str, list[Arrived], State]] = [
    ("its own bucket", OWN, MEMBER, [came()], V),
    ("its own prefix", trail(prefix="a/b"), MEMBER, [came(prefix="a/b")], V),
    ("another bucket", OWN, MEMBER, [came("copies")], G),
    ("another prefix", trail(prefix="a"), MEMBER, [came(prefix="b")], G),
    ("a prefix that it has not", OWN, MEMBER, [came(prefix="a")], G),
    ("no prefix where it has one", trail(prefix="a"), MEMBER, [came()], G),
    ("two places, one of them its own", OWN, MEMBER, [came("copies"), came()], V),
    ("nothing", OWN, MEMBER, [], U),
    ("another account alone", OWN, MEMBER, [came(account=MANAGEMENT)], U),
    ("another Region alone", OWN, MEMBER, [came(region="us-east-1")], U),
    ("the organization's", ORG, MEMBER, [came(organization=ORGANIZATION)], V),
    ("the organization's, from a path of the account's own", ORG, MEMBER, [came()], G),
    ("the management account's own path", ORG, MANAGEMENT, [came(account=MANAGEMENT)], V),
    ("its own, from the organization's path", OWN, MEMBER, [came(organization=ORGANIZATION)], G),
    ("no bucket in the answer", trail(bucket=""), MEMBER, [came()], U),
]


@pytest.mark.parametrize(
    ("one", "account", "arrived", "state"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_a_situation(one: Trail, account: str, arrived: list[Arrived], state: State) -> None:
    found = binding(one, account, REGION, arrived)
    assert found.state is state
    assert bool(found.remedy) is (state is not V)


def test_both_places_are_named() -> None:
    found = binding(trail(prefix="a"), MEMBER, REGION, [came("copies", "b")])
    assert "s3://logs/a" in found.sentence
    assert "s3://copies/b" in found.sentence


def test_the_evidence_is_the_latest_object() -> None:
    later = Arrived("logs", came().key, NOW + timedelta(minutes=5))
    assert binding(OWN, MEMBER, REGION, [came(), later, came()]).evidence["at"] == later.at.isoformat()
