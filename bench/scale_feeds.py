"""What instances share: a topic, a queue, a stream. Each gives up what a dead reader held after `LEASE`, by its own means.

Keeps: work becomes readable at one moment, or nearly so, and who reads it is up to the engine. The topic is a real broker's; the
queue and its bucket are a stand-in within this process, the stream and its lease table are moto's, in a thread of it.

Next: `bench.scale_out`, which measures.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from moto.kinesis import kinesis_backends
from moto.server import ThreadedMotoServer
from tests.aws.emulator import ACCOUNT, REGION
from tests.aws.mended import mend
from tests.peers.kafka_topics import create_topic

from bench.bare_loop import QUEUE
from bench.standin import BUCKET, Server, State, message

LEASE: Final = 3
"""Seconds: the session time-out of the group, the visibility of a message, the fail-over of a shard's lease."""
PARTS: Final = 6
"""Partitions, shards."""


class Feed(ABC):
    """Of one round: to be started and stopped. The clock is time.monotonic."""

    @abstractmethod
    async def start(self) -> None:
        """Be there."""

    @abstractmethod
    async def stop(self) -> None:
        """Be gone."""

    @abstractmethod
    def sections(self) -> dict[str, Any]:
        """`sources`, and `aws` where it takes that."""

    @abstractmethod
    async def put(self, files: Sequence[bytes]) -> float:
        """A message, object or record for each; returns when they could be read."""


class Topic(Feed):
    """bootstrap: of the broker. What one transaction wrote is seen when it is committed."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._name = f"scale-out-{uuid.uuid4().hex}"

    async def start(self) -> None:
        await create_topic(self._bootstrap, self._name, PARTS)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            transactional_id=self._name,
            linger_ms=5,
            max_batch_size=128 * 1024,
        )
        await self._producer.start()

    async def stop(self) -> None:
        await self._producer.stop()

    def sections(self) -> dict[str, Any]:
        source = {
            "kind": "kafka",
            "name": "bus",
            "bootstrap_servers": [self._bootstrap],
            "topics": [self._name],
        }
        return {"sources": [{**source, "group_id": self._name, "session_timeout": f"{LEASE}s"}]}

    async def put(self, files: Sequence[bytes]) -> float:
        async with self._producer.transaction():
            sent = [
                await self._producer.send(self._name, one, partition=number % PARTS)
                for number, one in enumerate(files)
            ]
            await asyncio.gather(*sent)
            return time.monotonic()


class StandinQueue(State):
    """Messages that come back when their time is over."""

    patience = 0.05

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.away: dict[str, tuple[float, dict[str, object]]] = {}
        self._number = 0

    def put(self, content: bytes) -> None:
        self._number += 1
        name = f"{self._number:08d}.json.gz"
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content)
        self.objects[f"/{BUCKET}/{name}".encode()] = head + content
        self.messages.append(message(self._number, name, len(content)))

    def sqs(self, action: str, body: dict[str, Any]) -> object:
        now = time.monotonic()
        if action == "ReceiveMessage":
            for receipt in [receipt for receipt, (until, _) in self.away.items() if until <= now]:
                self.messages.append(self.away.pop(receipt)[1])
            number = min(len(self.messages), body.get("MaxNumberOfMessages", 1))
            given = [self._given(now + body["VisibilityTimeout"]) for _ in range(number)]
            return {"Messages": given} if given else {}
        for entry in body.get("Entries", ()):
            held = self.away.pop(entry["ReceiptHandle"], None)  # an old receipt is without effect
            if held is not None and action == "ChangeMessageVisibilityBatch":
                self.away[entry["ReceiptHandle"]] = now + entry["VisibilityTimeout"], held[1]
        done = [{"Id": entry["Id"]} for entry in body.get("Entries", ())]
        return {"Successful": done, "Failed": []} if action.endswith("Batch") else {"Attributes": {}}

    def _given(self, until: float) -> dict[str, object]:
        receipt = uuid.uuid4().hex
        given = self.messages.popleft() | {"ReceiptHandle": receipt}
        self.away[receipt] = until, given
        return given


class Queue(Feed):
    """SQS, and the objects that its messages announce."""

    async def start(self) -> None:
        with tempfile.TemporaryDirectory() as empty:
            self._state = StandinQueue(Path(empty))
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Server(self._state), "127.0.0.1", 0)
        self._url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        self._server.close()

    def sections(self) -> dict[str, Any]:
        source = {
            "kind": "s3_sqs",
            "name": "trail",
            "queue_url": self._url + QUEUE,
            "buckets": [BUCKET],
            "wait": "1s",
        }
        aws = {"region": REGION, "endpoint_url": self._url, "s3_addressing": "path"}
        return {"sources": [{**source, "visibility": f"{LEASE}s"}], "aws": aws}

    async def put(self, files: Sequence[bytes]) -> float:
        begun = time.monotonic()
        for one in files:
            self._state.put(one)
        return begun


class Stream(Feed):
    """Kinesis, and DynamoDB for the leases."""

    async def start(self) -> None:
        mend()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request otherwise
        self._name = f"scale-out-{uuid.uuid4().hex}"
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._server.start()
        host, port = self._server.get_host_and_port()
        self._url = f"http://{host}:{port}"
        backend = kinesis_backends[ACCOUNT][REGION]
        backend.create_stream(self._name, PARTS)
        self._stream = backend.streams[self._name]

    async def stop(self) -> None:
        await asyncio.to_thread(self._server.stop)
        kinesis_backends[ACCOUNT][REGION].reset()

    def sections(self) -> dict[str, Any]:
        impatient = {"poll_interval": "200ms", "discover_interval": "1s", "failover": f"{LEASE}s"}
        leases = {"lease_table": self._name, "create_lease_table": True}
        source = {"kind": "kinesis", "name": "logs", "stream": self._name, **impatient, **leases}
        return {"sources": [source], "aws": {"region": REGION, "endpoint_url": self._url}}

    async def put(self, files: Sequence[bytes]) -> float:
        begun = time.monotonic()
        for one in files:
            self._stream.put_record(uuid.uuid4().hex, "", base64.b64encode(one).decode())
        return begun
