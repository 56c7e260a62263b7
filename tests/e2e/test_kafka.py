"""The service on a topic: messages of every form, poison among them, what health, metrics and the quarantine say, a restart."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import orjson

from tests.aws.trails import call
from tests.e2e.service import command, configured, running
from tests.peers.kafka_fixtures import Kafka
from tests.peers.kafka_topics import new_topic, put
from tests.receiver import receiving

BYSTANDER = call("DescribeVpcs")


def messages(events: list[dict[str, Any]]) -> list[bytes | None]:
    """One of each form that producers write, with an event of ours in each, and poison between them."""
    records = [orjson.dumps(event) for event in events]
    quiet = orjson.dumps(BYSTANDER)
    return [
        records[0],
        quiet,
        b"\x1f\x8bnot gzip",
        gzip.compress(b'{"Records":[' + records[1] + b"," + quiet + b"]}"),
        orjson.dumps({"message": records[2].decode(), "source_type": "aws_s3"}),
        None,
        records[3][:-1],
        orjson.dumps({"schema": {}, "payload": events[3]}),
        quiet,
        records[4],
    ]


async def test_messages_of_every_form_and_poison_that_costs_itself_alone(
    tmp_path: Path, kafka: Kafka
) -> None:
    topic = await new_topic(kafka.bootstrap)
    events = [call("DeleteVpc") for _ in range(5)]
    source = {"kind": "kafka", "name": "bus", "bootstrap_servers": [kafka.bootstrap], "topics": [topic]}
    async with receiving() as receiver:
        config = configured(tmp_path, receiver.url, sources=[{**source, "group_id": topic}])
        async with running(config) as service:
            await put(kafka.bootstrap, topic, messages(events), linger_ms=50)
            await receiver.until(len(events))
            await service.until("/health", lambda _, text: "quarantine list" in text)
            metrics = await service.until(
                "/metrics", lambda _, text: 'source_behind_seconds{source="bus"} 0.0' in text
            )
            counted = {"seen": 10, "matched": 5, "unmatched": 3, "quarantined": 2}
            for name, number in counted.items():
                assert f'trailwarden_events_{name}_total{{source="bus"}} {number}.0' in metrics
            assert 'trailwarden_not_events_total{label="tombstone",source="bus"} 1.0' in metrics
            assert 'trailwarden_source_missed_messages{source="bus"} 0.0' in metrics
            assert await service.end() == 0
        places = {}
        for body in receiver.bodies:
            data = json.loads(body)["data"]
            places[data["original"]["eventID"]] = data["origin"]["offset"]
            assert data["origin"]["locator"] == f"{topic}/0@{data['origin']['offset']}"
        assert [places[event["eventID"]] for event in events] == [0, 3, 4, 7, 9]
        _, out, _ = await command("quarantine", "list", "--config", str(config), "--format", "json")
        rows = json.loads(out)
        found = {
            (row["origin"]["topic"], row["origin"]["partition"], row["origin"]["offset"]) for row in rows
        }
        assert found == {(topic, 0, 2), (topic, 0, 6)}
        async with running(config) as service:
            await put(kafka.bootstrap, topic, [orjson.dumps(last := call("CreateVpc"))])
            await receiver.until(len(events) + 1)
            assert await service.end() == 0
        assert json.loads(receiver.bodies[-1])["data"]["original"]["eventID"] == last["eventID"]
