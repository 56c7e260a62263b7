"""A few rounds of what `make crash` does fifty times."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.crash.harness import crash_rounds
from tests.crash.kinds import FEEDS

RUNS = [*((kind, "sqlite") for kind in FEEDS), ("s3_sqs", "lost"), ("kinesis_leases", "lost")]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("kind", "store"), RUNS)
async def test_killed_at_random_points_no_alert_is_lost_or_doubled(
    tmp_path: Path, kind: str, store: str
) -> None:
    verdict = await crash_rounds(tmp_path, rounds=4, seed=7, kind=kind, store=store)
    assert verdict.expected > 100
    assert verdict.good, verdict
