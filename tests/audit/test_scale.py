"""A large account: how many calls it takes, and that each list is fetched once for all controls."""

from __future__ import annotations

import asyncio

import pytest
from bench.audit_account import REGIONS, fill

from tests.audit.refusing import refusing
from tests.aws.emulator import REGION, Emulator
from tests.running import Run


async def test_a_large_account_takes_few_calls(
    run: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill()  # the emulator is in this process
    async with refusing(emulator.url, *REGIONS) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        result = await asyncio.to_thread(
            run, "audit", "--region", REGION, "--control", "all", "--format", "json"
        )
    assert result.code == 0, result.out[-2000:] + result.err
    assert result.json()["summary"] == {"pass": 15, "unknown": 0, "fail": 0}
    assert sum(proxy.calls.values()) < 200
    assert (
        proxy.calls["cloudtrail:DescribeTrails"]
        == proxy.calls["cloudtrail:GetTrailStatus"]
        == len(REGIONS)
        == 30
    )
    once = (
        "ec2:DescribeRegions",
        "cloudtrail:GetEventSelectors",
        "logs:DescribeMetricFilters",
        "cloudwatch:DescribeAlarms",
    )
    assert [proxy.calls[action] for action in once] == [1, 1, 1, 1]
    assert proxy.calls["sns:ListSubscriptionsByTopic"] == 15, "one for each topic that decides, of 2,000"
