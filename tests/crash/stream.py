"""A Kinesis stream as the feed of a crash run: records of every form, in shards that are split and merged all the while."""

from __future__ import annotations

import base64
import gzip
import json
import logging
import random
from pathlib import Path
from typing import Any

import orjson
from moto.kinesis import kinesis_backends
from moto.server import ThreadedMotoServer

from tests.aws.emulator import ACCOUNT, REGION
from tests.aws.mended import mend
from tests.crash.feeds import Feed
from tests.decode.kpl_writer import aggregate

_NAME = "crash"
_RESHARD_EVERY = 8
_MOST = 4
"""Open shards."""


def as_it_is(content: bytes) -> list[bytes]:
    """A whole file in a record."""
    return [content]


def one_by_one(content: bytes) -> list[bytes]:
    """An event in a record."""
    return [orjson.dumps(event) for event in orjson.loads(gzip.decompress(content))["Records"]]


def subscription(content: bytes) -> list[bytes]:
    """As CloudWatch Logs sends it, several members to a record, a control message first."""
    control = {
        "messageType": "CONTROL_MESSAGE",
        "logEvents": [{"id": "", "timestamp": 0, "message": "CWL CONTROL MESSAGE"}],
    }
    members = [control]
    for event in one_by_one(content):
        told = {"id": "1", "timestamp": 1, "message": event.decode()}
        members.append(
            {"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "trail", "logEvents": [told]}
        )
    return [b"".join(gzip.compress(json.dumps(member).encode(), 1) for member in members)]


def aggregated(content: bytes) -> list[bytes]:
    """As the producer library packs them."""
    return [aggregate(one_by_one(content))]


FORMS = (as_it_is, one_by_one, subscription, aggregated)


class Stream(Feed):
    """At the emulator, in this process. leased: the service keeps its positions in a lease table."""

    leased = False

    def __init__(self, folder: Path) -> None:
        self._random = random.Random(7)
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self._puts = 0
        self.url = ""

    async def start(self) -> None:
        mend()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line a request otherwise
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        backend = kinesis_backends[ACCOUNT][REGION]
        backend.reset()
        backend.create_stream(_NAME, 2)
        self.stream = backend.streams[_NAME]

    async def stop(self) -> None:
        self._server.stop()

    def more(self) -> dict[str, Any]:
        return {"aws": {"region": REGION, "endpoint_url": self.url}}

    def source(self) -> dict[str, Any]:
        leases = {"lease_table": _NAME, "create_lease_table": True, "failover": "1s"} if self.leased else {}
        impatient = {"poll_interval": "200ms", "discover_interval": "1s"}
        return {"kind": "kinesis", "name": "logs", "stream": _NAME, **impatient, **leases}

    def put(self, name: str, content: bytes) -> None:
        self._puts += 1
        for number, data in enumerate(self._random.choice(FORMS)(content)):
            self.stream.put_record(f"{name}-{number}", "", base64.b64encode(data).decode())
        if self._puts % _RESHARD_EVERY == 0:
            self._reshard()

    def _reshard(self) -> None:
        living = sorted(
            (shard for shard in self.stream.shards.values() if shard.is_open),
            key=lambda shard: shard.starting_hash,
        )
        if len(living) >= _MOST or (len(living) > 1 and self._random.random() < 0.5):
            first = self._random.randrange(len(living) - 1)
            self.stream.merge_shards(living[first].shard_id, living[first + 1].shard_id)
        else:
            shard = self._random.choice(living)
            middle = (shard.starting_hash + shard.ending_hash) // 2
            self.stream.split_shard(shard.shard_id, str(middle))


class LeasedStream(Stream):
    """With a lease table."""

    leased = True
