"""The feed and the verdict together, against an emulator: from the first file to the gap, and over a restart."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.aws.buckets import Bucket
from tests.aws.emulator import REGION, Emulator
from tests.aws.trails import REGIONS, TRAIL, call, coverage, deliver, make_trail
from tests.e2e.service import configured, running
from tests.receiver import Receiver, receiving


@pytest.fixture
async def bucket(emulator: Emulator) -> AsyncIterator[Bucket]:
    made = Bucket(emulator)
    await made.make()
    await make_trail(made)
    yield made
    await made.close()


def config(folder: Path, bucket: Bucket, hook: str, **more: Any) -> Path:
    return configured(
        folder,
        hook,
        sources=[bucket.source(wait="1s")],
        aws={"region": REGION, "endpoint_url": bucket.emulator.url},
        coverage=coverage(),
        **more,
    )


def _documents(receiver: Receiver) -> list[dict[str, Any]]:
    """One for each id."""
    return list({one["id"]: one for one in (json.loads(body)["data"] for body in receiver.bodies)}.values())


async def test_from_the_first_file_to_a_stopped_trail(tmp_path: Path, bucket: Bucket) -> None:
    async with receiving() as receiver, running(config(tmp_path, bucket, receiver.url)) as service:
        body = json.loads(await service.until("/coverage", lambda _, text: "not configured" not in text))
        assert body["verdict"] == "unknown"
        for region in REGIONS:
            await deliver(bucket, region, call("CreateVpc", awsRegion=region))
        verified = json.loads(await service.until("/coverage", lambda status, _: status == 200))
        assert verified["verdict"] == "verified"
        assert {one["region"] for one in verified["evidence"]["accounts"]} == set(REGIONS)

        await (await bucket.aws.client("cloudtrail")).stop_logging(Name=TRAIL)
        began = time.monotonic()
        await deliver(bucket, REGION, call("StopLogging", "cloudtrail.amazonaws.com"))
        gap = json.loads(await service.until("/coverage", lambda _, text: '"gap"' in text))
        print(f"from delivery to gap: {time.monotonic() - began:.2f} s")
        assert gap["verdict"] == "gap"
        assert "logging" in gap["reason"]
        async with asyncio.timeout(20), receiver.changed:
            await receiver.changed.wait_for(
                lambda: {"coverage_change", "test"} <= {one["kind"] for one in _documents(receiver)}
            )
        assert await service.end() == 0
    kinds = [one["kind"] for one in _documents(receiver)]
    assert kinds.count("event_match") == 3


async def test_the_last_verdict_survives_a_restart_and_nothing_is_told_twice(
    tmp_path: Path, bucket: Bucket
) -> None:
    async with receiving() as receiver:
        path = config(tmp_path, bucket, receiver.url)
        async with running(path) as service:
            for region in REGIONS:
                await deliver(bucket, region, call("DescribeVpcs", awsRegion=region))
            await service.until("/coverage", lambda status, _: status == 200)
            await (await bucket.aws.client("cloudtrail")).stop_logging(Name=TRAIL)
            await deliver(bucket, REGION, call("StopLogging", "cloudtrail.amazonaws.com"))
            await service.until("/coverage", lambda _, text: '"gap"' in text)
            async with asyncio.timeout(20), receiver.changed:
                await receiver.changed.wait_for(
                    lambda: "coverage_change" in {one["kind"] for one in _documents(receiver)}
                )
            assert await service.end() == 0
        told = len(_documents(receiver))
        async with running(path) as service:
            body = json.loads(await service.until("/coverage", lambda _, text: "not configured" not in text))
            assert body["verdict"] == "gap"
            body = json.loads(
                await service.until("/coverage", lambda _, text: "before the restart" not in text)
            )
            assert body["verdict"] == "gap"
            states = {
                one["condition"]: one["status"] for one in body["evidence"]["accounts"][0]["conditions"]
            }
            assert states["binding"] == "verified"  # what arrived before the restart still counts
            assert await service.metric("coverage_condition") > 0
            assert await service.end() == 0
    assert len(_documents(receiver)) == told


async def test_a_denied_account_is_unknown(tmp_path: Path, bucket: Bucket) -> None:
    accounts = [*coverage()["accounts"], {"id": "222222222222", "regions": [REGION]}]
    async with receiving() as receiver:
        path = configured(
            tmp_path,
            receiver.url,
            sources=[bucket.source(wait="1s")],
            aws={"region": REGION, "endpoint_url": bucket.emulator.url},
            coverage={**coverage(), "accounts": accounts},
        )
        async with running(path) as service:
            for region in REGIONS:
                await deliver(bucket, region, call("DescribeVpcs", awsRegion=region))
            body = json.loads(
                await service.until("/coverage", lambda _, text: text.count('"verdict": "verified"') == 2)
            )
            assert body["verdict"] == "unknown"
            assert "belong to account" in body["reason"]
            assert await service.end() == 0
