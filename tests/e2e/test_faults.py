"""A tenth of all calls fails in one of six ways: everything arrives all the same, and no fault passes for a gap."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.aws.buckets import Bucket
from tests.aws.emulator import REGION, Emulator
from tests.aws.faulty import FAULTS, FaultyProxy
from tests.aws.trails import REGIONS, call, coverage, deliver, make_trail
from tests.e2e.service import configured, running
from tests.receiver import receiving

OBJECTS = 500


@pytest.mark.timeout(300)
async def test_everything_arrives_and_nothing_is_called_a_gap(tmp_path: Path, emulator: Emulator) -> None:
    bucket, proxy = Bucket(emulator), FaultyProxy(emulator.url, share=0.1, seed=3)
    await bucket.make()
    await make_trail(bucket)
    await proxy.start()
    wanted = set()
    for number in range(OBJECTS):
        event = call("CreateVpc", awsRegion=REGIONS[number % 2])
        wanted.add(event["eventID"])
        await deliver(bucket, REGIONS[number % 2], event)
    seen = set()
    try:
        async with receiving() as receiver:
            config = configured(
                tmp_path,
                receiver.url,
                sources=[
                    bucket.source(
                        wait="1s", visibility="5s", put_back="1s", queue_url=_through(bucket.url, proxy)
                    )
                ],
                aws={"region": REGION, "endpoint_url": proxy.url, "read_timeout": "1s"},
                coverage={**coverage(), "interval": "10s", "timeout": "8s", "hold": "0s"},
            )
            async with running(config) as service:
                async with asyncio.timeout(240):
                    while not wanted <= _arrived(receiver.bodies) or await bucket.left() != (0, 0):
                        seen.add(json.loads((await service.get("/coverage"))[1])["verdict"])
                        await asyncio.sleep(0.2)
                body = await service.until("/coverage", lambda status, _: status == 200)
                seen.add(json.loads(body)["verdict"])
                assert await service.end() == 0
    finally:
        await proxy.stop()
        await bucket.close()
    assert set(FAULTS) <= set(proxy.met), proxy.met
    assert "gap" not in seen
    ids = [json.loads(body)["data"] for body in receiver.bodies]
    by_event: dict[str, set[str]] = {}
    for one in ids:
        if one["kind"] == "event_match":
            by_event.setdefault(one["event"]["id"], set()).add(one["id"])
    assert by_event.keys() == wanted
    assert all(len(found) == 1 for found in by_event.values())
    assert not any(one["kind"] == "coverage_change" and one["coverage"]["after"] == "gap" for one in ids)


def _through(queue_url: str, proxy: FaultyProxy) -> str:
    return proxy.url + "/" + queue_url.split("/", 3)[3]


def _arrived(bodies: list[bytes]) -> set[str]:
    found = set()
    for body in bodies:
        data = json.loads(body)["data"]
        if data["kind"] == "event_match":
            found.add(data["event"]["id"])
    return found
