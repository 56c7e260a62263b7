"""Sources on a real broker, and what the tests of them wait for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from trailwarden.aws import AwsSettings
from trailwarden.errors import UnusableError
from trailwarden.model import Batch, Run, SystemClock
from trailwarden.sources import Given, SourceStatus
from trailwarden.sources.kafka import KafkaSource
from trailwarden.sources.kafka_settings import KafkaSettings

SECONDS = 60


def settings(bootstrap: str, topic: str, **more: Any) -> KafkaSettings:
    """Of an impatient source, with a group for the topic alone."""
    document = {
        "kind": "kafka",
        "name": "bus",
        "bootstrap_servers": [bootstrap],
        "topics": [topic],
        "group_id": topic,
        "commit_interval": "20ms",
        "session_timeout": "3s",
        "drain": "1s",
        "run_size": 1,
    }
    return KafkaSettings.model_validate({**document, **more})


@asynccontextmanager
async def opened(
    bootstrap: str, topic: str, aws: AwsSettings | None = None, **more: Any
) -> AsyncIterator[KafkaSource]:
    """A source within the block, and a limit for all that is waited for in it."""
    source = KafkaSource(settings(bootstrap, topic, **more), Given(SystemClock(), aws=aws or AwsSettings()))
    await source.open()
    try:
        async with asyncio.timeout(SECONDS):
            yield source
    finally:
        await source.close()


async def taken(source: KafkaSource, count: int) -> list[Batch]:
    """That many batches, in as many reads as it takes."""
    got: list[Batch] = []
    while len(got) < count:
        got += await source.read(count - len(got))
    return got


async def acked(source: KafkaSource, count: int) -> list[bytes | UnusableError]:
    """The payloads of that many batches, each acked."""
    values: list[bytes | UnusableError] = []
    for batch in await taken(source, count):
        values += payloads(batch)
        await batch.ack()
    return values


async def everything(source: KafkaSource) -> list[bytes | UnusableError]:
    """All payloads up to the end, acked; with `follow: false`."""
    values: list[bytes | UnusableError] = []
    while batches := await source.read(100):
        for batch in batches:
            values += payloads(batch)
            await batch.ack()
    return values


def payloads(batch: Batch) -> Sequence[bytes | UnusableError]:
    assert isinstance(batch, Run)
    return batch.payloads()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not condition():  # noqa: ASYNC110 - a status is a snapshot; no event tells of it
            await asyncio.sleep(0.01)


async def shows(source: KafkaSource, text: str) -> SourceStatus:
    """Until the status says it, in its detail or among its problems."""

    def said() -> str:
        status = source.status()
        return "\n".join((status.detail, *status.problems))

    async with asyncio.timeout(SECONDS):
        while text not in said():  # noqa: ASYNC110 - likewise
            await asyncio.sleep(0.01)
    return source.status()


async def committed(bootstrap: str, topic: str, partition: int = 0, group: str | None = None) -> int | None:
    """What the group has committed."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=group or topic, enable_auto_commit=False
    )
    await consumer.start()
    try:
        offset: int | None = await consumer.committed(TopicPartition(topic, partition))
        return offset
    finally:
        await consumer.stop()


async def has_committed(bootstrap: str, topic: str, offset: int, partition: int = 0) -> None:
    """Until the group has committed that offset."""
    async with asyncio.timeout(SECONDS):
        while await committed(bootstrap, topic, partition) != offset:  # noqa: ASYNC110 - the broker tells nobody
            await asyncio.sleep(0.02)
