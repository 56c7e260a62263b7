"""A topic of a real broker, as the feed of a crash run: log files as they are, records one to a message, some in an envelope."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import uuid
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from tests.crash.feeds import Feed
from tests.peers.kafka import bootstrap
from tests.peers.kafka_topics import create_topic, producing

PARTITIONS = 6


class KafkaTopic(Feed):
    """Messages are sent by a task of its own; what the group has not committed is left."""

    shared = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.topic = f"crash-{uuid.uuid4().hex}"
        self._world = contextlib.ExitStack()
        self._unsent: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._lag = 0
        self._files = 0

    async def start(self) -> None:
        self.bootstrap = await asyncio.to_thread(self._world.enter_context, bootstrap(self.folder))
        await create_topic(self.bootstrap, self.topic, PARTITIONS)
        self._tasks = [asyncio.create_task(self._send()), asyncio.create_task(self._watch())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._world.close)

    def source(self) -> dict[str, Any]:
        return {
            "kind": "kafka",
            "name": "bus",
            "bootstrap_servers": [self.bootstrap],
            "topics": [self.topic],
            "group_id": self.topic,
            "session_timeout": "1500ms",
            "drain": "1s",
            "run_size": 1,
            "commit_interval": "50ms",
        }

    def put(self, name: str, content: bytes) -> None:
        self._files += 1
        records = json.loads(gzip.decompress(content))["Records"]
        if self._files % 3 == 0:
            messages = [content]
        else:
            messages = [json.dumps(record, separators=(",", ":")).encode() for record in records]
        if self._files % 3 == 1:
            messages = [json.dumps({"message": message.decode()}).encode() for message in messages]
        for message in messages:
            self._unsent.put_nowait(message)
        if self._files % 10 == 0:
            self._unsent.put_nowait(b"no JSON at all")

    def left(self) -> int:
        return self._unsent.qsize() + self._lag

    async def _send(self) -> None:
        async with producing(self.bootstrap, linger_ms=2, compression_type="lz4") as producer:
            number = 0
            while True:
                message = await self._unsent.get()
                number += 1
                await producer.send(self.topic, message, partition=number // 7 % PARTITIONS)

    async def _watch(self) -> None:
        """How far the group is behind: by a consumer that joins nothing."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.bootstrap, group_id=self.topic, enable_auto_commit=False
        )
        places = [TopicPartition(self.topic, number) for number in range(PARTITIONS)]
        await consumer.start()
        try:
            consumer.assign(places)
            while True:
                with contextlib.suppress(KafkaError):
                    ends = await consumer.end_offsets(places)
                    done = {place: await consumer.committed(place) or 0 for place in places}
                    self._lag = sum(ends[place] - done[place] for place in places)
                await asyncio.sleep(0.2)
        finally:
            await consumer.stop()
