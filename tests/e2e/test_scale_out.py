"""Three instances as processes share one feed; one is killed, the others take over; every alert is there, none under two ids."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.aws.buckets import Bucket
from tests.aws.emulator import REGION, Emulator
from tests.aws.streams import TABLE, KinesisStreamAt
from tests.aws.trails import call
from tests.e2e.service import Service, configured, running
from tests.peers.kafka_fixtures import Kafka
from tests.peers.kafka_topics import new_topic, producing
from tests.receiver import Receiver, receiving

INSTANCES = 3
Produce = Callable[[Sequence[dict[str, Any]]], Awaitable[None]]


def events(count: int) -> list[dict[str, Any]]:
    return [call("CreateVpc") for _ in range(count)]


def ids(receiver: Receiver) -> dict[str, set[str]]:
    """eventID -> the ids of its alerts."""
    found: dict[str, set[str]] = defaultdict(set)
    for alert_id, body in zip(receiver.ids, receiver.bodies, strict=True):
        found[json.loads(body)["data"]["original"]["eventID"]].add(alert_id)
    return found


async def arrived(receiver: Receiver, sent: Sequence[dict[str, Any]]) -> None:
    wanted = {event["eventID"] for event in sent}
    async with asyncio.timeout(60), receiver.changed:
        await receiver.changed.wait_for(lambda: wanted <= ids(receiver).keys())


async def shared(folder: Path, emulator: Emulator, source: dict[str, Any], produce: Produce) -> None:
    """All of it, over one kind of source."""
    async with contextlib.AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(receiving())
        services: list[Service] = []
        for number in range(INSTANCES):
            place = folder / str(number)
            place.mkdir()
            aws = {"region": REGION, "endpoint_url": emulator.url}
            # The stores are the instances' own, and that of the killed one is lost.
            config = configured(place, receiver.url, sources=[source | {"ack": "delivered"}], aws=aws)
            services.append(await stack.enter_async_context(running(config)))
        sent = events(60)
        await produce(sent)
        await arrived(receiver, sent)
        # Everybody has a share of it, as soon as the shares are even.
        async with asyncio.timeout(60):
            while not all([await one.metric("events_seen_total") for one in services]):
                more = events(20)
                await produce(more)
                sent += more
                await arrived(receiver, sent)
        more = events(60)
        producing = asyncio.create_task(produce(more))
        services[0].process.kill()
        await producing
        sent += more
        await arrived(receiver, sent)
        assert [await one.end() for one in services[1:]] == [0, 0]
        found = ids(receiver)
        assert found.keys() == {event["eventID"] for event in sent}
        assert all(len(alerts) == 1 for alerts in found.values())


@pytest.mark.timeout(180)
async def test_a_stream_whose_shards_are_split_meanwhile(tmp_path: Path, emulator: Emulator) -> None:
    async with contextlib.aclosing(KinesisStreamAt(emulator)) as stream:
        await stream.make(6)
        await over_stream(tmp_path, emulator, stream)


async def over_stream(folder: Path, emulator: Emulator, stream: KinesisStreamAt) -> None:
    async def produce(some: Sequence[dict[str, Any]]) -> None:
        await stream.put_all([(event["eventID"], orjson.dumps(event)) for event in some[::2]])
        await stream.split((await stream.open_shards())[0]["ShardId"])
        await stream.put_all([(event["eventID"], orjson.dumps(event)) for event in some[1::2]])

    source = stream.source(lease_table=TABLE, create_lease_table=True)
    await shared(folder, emulator, source, produce)
    owners = {row.get("leaseOwner") for row in (await stream.leases()).values()}
    assert len(owners) <= 2  # of those that were stopped none is left, but the one that was killed may be


@pytest.mark.timeout(180)
async def test_a_queue(tmp_path: Path, emulator: Emulator) -> None:
    async with contextlib.aclosing(Bucket(emulator)) as bucket:
        await bucket.make()
        await over_queue(tmp_path, emulator, bucket)


async def over_queue(folder: Path, emulator: Emulator, bucket: Bucket) -> None:
    files = 0

    async def produce(some: Sequence[dict[str, Any]]) -> None:
        nonlocal files
        for start in range(0, len(some), 2):
            files += 1
            key = f"AWSLogs/{files}.json.gz"
            await bucket.put(key, gzip.compress(orjson.dumps({"Records": some[start : start + 2]})))
            await bucket.announce(key)

    await shared(folder, emulator, bucket.source(wait="1s", visibility="2s", polls=1), produce)
    async with asyncio.timeout(30):
        while await bucket.left() != (0, 0):  # noqa: ASYNC110 - the killed one's messages come when their time is over
            await asyncio.sleep(0.1)


@pytest.mark.timeout(180)
async def test_a_topic(tmp_path: Path, emulator: Emulator, kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap, 6)

    async def produce(some: Sequence[dict[str, Any]]) -> None:
        async with producing(kafka.bootstrap) as producer:
            for number, event in enumerate(some):
                await producer.send_and_wait(topic, orjson.dumps(event), partition=number % 6)

    source = {
        "kind": "kafka",
        "name": "bus",
        "bootstrap_servers": [kafka.bootstrap],
        "topics": [topic],
        "group_id": topic,
        "session_timeout": "2s",
    }
    await shared(tmp_path, emulator, source, produce)
