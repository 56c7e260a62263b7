"""A few rounds of what `make crash` does fifty times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.harness import crash_rounds
from tests.crash.kinds import FEEDS
from tests.peers.absent import AbsentError, not_here

RUNS = [
    *((kind, "sqlite") for kind in FEEDS),
    *((kind, "lost") for kind in ("s3_sqs", "kafka", "kinesis_leases")),
    ("s3_sqs", "postgresql"),
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("kind", "store"), RUNS)
async def test_killed_at_random_points_no_alert_is_lost_or_doubled(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str, store: str
) -> None:
    try:
        if kind == "kafka":
            monkeypatch.setenv("KAFKA_BOOTSTRAP", request.getfixturevalue("kafka").bootstrap)
        verdict = await crash_rounds(tmp_path, rounds=4, seed=7, kind=kind, store=store)
    except AbsentError as absent:
        not_here(absent)
    assert verdict.expected > 100
    assert verdict.good, verdict


@pytest.mark.long
async def test_twenty_rounds_on_a_server_that_crashes_too(tmp_path: Path) -> None:
    try:
        verdict = await crash_rounds(tmp_path, rounds=20, seed=11, kind="s3_sqs", store="postgresql")
    except AbsentError as absent:
        not_here(absent)
    assert verdict.expected > 500
    assert verdict.good, verdict
