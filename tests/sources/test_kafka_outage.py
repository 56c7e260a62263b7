"""A broker that goes away and comes back, and a service that reads through all of it."""

from __future__ import annotations

import asyncio
import signal

import pytest

from tests.peers.kafka import Broker
from tests.peers.kafka_topics import new_topic, put
from tests.sources.kafka_world import acked, has_committed, opened, shows, taken, until
from trailwarden.sources import SourceState


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
async def test_a_broker_that_comes_back_is_read_on_and_nothing_is_lost(
    kafka_broker: Broker, number: int
) -> None:
    topic = await new_topic(kafka_broker.bootstrap)
    await put(kafka_broker.bootstrap, topic, [b"0"])
    await put(kafka_broker.bootstrap, topic, [b"1"])
    async with opened(kafka_broker.bootstrap, topic) as source:
        first, second = await taken(source, 2)
        await first.ack()
        await has_committed(kafka_broker.bootstrap, topic, 1)
        await asyncio.to_thread(kafka_broker.stop, number)
        await until(lambda: source.status().state is SourceState.FAILING)
        await shows(source, "a broker cannot be reached")
        await second.ack()  # cannot be committed now
        await asyncio.to_thread(kafka_broker.start)
        await put(kafka_broker.bootstrap, topic, [b"2"])
        seen: list[object] = []
        while b"2" not in seen:  # what could not be committed may come again
            seen += await acked(source, 1)
        assert set(seen) <= {b"1", b"2"}
        await has_committed(kafka_broker.bootstrap, topic, 3)
        await until(lambda: source.status().state is SourceState.RUNNING)
