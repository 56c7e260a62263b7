"""Topics of a test's own, and messages in them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.protocol.admin import CreateAclsRequest


async def new_topic(bootstrap: str, partitions: int = 1, **settings: str) -> str:
    """A name that nobody else has. settings: of the topic, with `_` for `.`."""
    name = f"test-{uuid.uuid4().hex}"
    await create_topic(bootstrap, name, partitions, **settings)
    return name


async def create_topic(bootstrap: str, name: str, partitions: int = 1, **settings: str) -> None:
    """A topic of that name."""
    async with administration(bootstrap) as admin:
        dotted = {key.replace("_", "."): value for key, value in settings.items()}
        answer = await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=dotted)])
        assert not answer.topic_errors[0][1], answer


@asynccontextmanager
async def administration(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


@asynccontextmanager
async def producing(bootstrap: str, **settings: Any) -> AsyncIterator[AIOKafkaProducer]:
    """settings: of the producer."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, max_request_size=16 * 1024 * 1024, **settings)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def put(
    bootstrap: str, topic: str, values: Sequence[bytes | None], partition: int = 0, **settings: Any
) -> None:
    """Messages in order; those of one call may share a batch."""
    async with producing(bootstrap, **settings) as producer:
        for sent in [await producer.send(topic, value, key=b"key", partition=partition) for value in values]:
            await sent


async def allow(bootstrap: str, resource: str, name: str, user: str) -> None:
    """From now on only those that were allowed may use the resource: a `topic` or a `group`."""
    kind, literal, every, allowed = {"topic": 2, "group": 3}[resource], 3, 2, 3
    async with administration(bootstrap) as admin:
        request = CreateAclsRequest(kind, name, literal, f"User:{user}", "*", every, allowed)
        answer = await admin._send_request(request)
        assert not answer.creation_responses[0][0], answer
