"""The service on a stream: records of every form, a poison record, what health and metrics say, a restart."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.aws.emulator import REGION, Emulator
from tests.aws.streams import TABLE, KinesisStreamAt
from tests.aws.trails import call
from tests.crash.stream import FORMS
from tests.e2e.service import command, configured, running
from tests.receiver import receiving


@pytest.fixture
async def stream(emulator: Emulator) -> Any:
    made = KinesisStreamAt(emulator)
    await made.make(2)
    yield made
    await made.close()


@pytest.mark.parametrize("leases", [{}, {"lease_table": TABLE, "create_lease_table": True}])
async def test_records_of_every_form_and_a_poison_record_that_costs_itself_alone(
    tmp_path: Path, stream: KinesisStreamAt, leases: dict[str, Any]
) -> None:
    events = [call("DeleteVpc") for _ in range(len(FORMS))]
    aws = {"region": REGION, "endpoint_url": stream.emulator.url}
    async with receiving() as receiver:
        config = configured(tmp_path, receiver.url, sources=[stream.source(**leases)], aws=aws)
        async with running(config) as service:
            poison = await stream.put(b"\x1f\x8bnot gzip", key="poison")
            for event, form in zip(events, FORMS, strict=True):
                for data in form(gzip.compress(orjson.dumps({"Records": [event]}))):
                    await stream.put(data, key=event["eventID"])
            await receiver.until(len(events))
            health = await service.until("/health", lambda _, text: "quarantine list" in text)
            assert "reads 2 of 2 shards" in health or "running" in health
            metrics = await service.until(
                "/metrics", lambda _, text: 'source_behind_seconds{source="logs"}' in text
            )
            assert 'trailwarden_events_quarantined_total{source="logs"} 1.0' in metrics
            assert await service.end() == 0
        bodies = [json.loads(body)["data"] for body in receiver.bodies]
        assert {body["original"]["eventID"] for body in bodies} == {event["eventID"] for event in events}
        for body in bodies:
            origin = body["origin"]
            assert origin["stream"] == stream.name
            assert origin["locator"] == f"{stream.name}/{origin['shard']}@{origin['sequence_number']}"
        async with running(config) as service:
            await stream.put(orjson.dumps(last := call("CreateVpc")))
            await receiver.until(len(events) + 1)
            assert await service.end() == 0
        assert json.loads(receiver.bodies[-1])["data"]["original"]["eventID"] == last["eventID"]
    _, out, _ = await command("quarantine", "list", "--config", str(config), "--format", "json")
    rows = json.loads(out)
    assert [row["origin"]["sequence_number"] for row in rows] == [poison]
    assert rows[0]["origin"]["stream"] == stream.name


async def test_once_reads_to_the_end_and_finishes(tmp_path: Path, stream: KinesisStreamAt) -> None:
    await stream.put(orjson.dumps(call("CreateVpc")))
    (parent, _) = await stream.open_shards()
    await stream.split(parent["ShardId"])
    await stream.put(orjson.dumps(call("DeleteVpc")), at=1)
    aws = {"region": REGION, "endpoint_url": stream.emulator.url}
    async with receiving() as receiver:
        config = configured(tmp_path, receiver.url, sources=[stream.source()], aws=aws)
        code, _, log = await command("run", "--once", "--config", str(config))
        assert code == 0, log
        assert len(receiver.ids) == 2
