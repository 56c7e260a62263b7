"""From produce to webhook: how long an alert takes at a quiet pace, against the bare way through the same broker.

Keeps: one process produces, receives the webhooks and, in its turns, consumes: all moments are by one clock. The two take turns
within the run, at the same pace, over topics of their own.

Next: `bench.kafka_feed`.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from aiokafka import AIOKafkaConsumer
from tests.peers.kafka_topics import create_topic, producing

from bench import ours
from bench.kafka_feed import PARTITIONS, Records, broker
from bench.matching import Disagreement
from bench.setting import Figure, Setting

_PER_SECOND: Final = 1000
_SECONDS: Final = 15.0
_MATCHES: Final = 0.01
_SETTLE: Final = 30.0


@dataclass
class Clocked:
    """When each of the events was sent and arrived, by event id."""

    sent: dict[str, float] = field(default_factory=dict)
    arrived: dict[str, float] = field(default_factory=dict)

    def all_arrived(self) -> bool:
        """Whether nothing is under way."""
        return self.sent.keys() <= self.arrived.keys()

    def milliseconds(self) -> list[float]:
        """Of each, ascending."""
        return sorted((self.arrived[one] - at) * 1000 for one, at in self.sent.items())


def kafka_p99_vs_roundtrip(setting: Setting) -> list[Figure]:
    """1,000 events a second, one in a hundred a match."""
    rounds = max(1, setting.rounds // 3)
    with broker() as address:
        alerts, bare = asyncio.run(_rounds(address, setting.out / "kafka", rounds, _SECONDS * setting.scale))
    p99 = [_share(one, 0.99) for one in (alerts, bare)]
    return [
        Figure("kafka_p99_vs_roundtrip", p99[0] / p99[1]),
        Figure("kafka_alert_p99_ms", p99[0], "ms"),
        Figure("kafka_alert_median_ms", statistics.median(alerts), "ms"),
        Figure("kafka_roundtrip_p99_ms", p99[1], "ms"),
        Figure("kafka_roundtrip_median_ms", statistics.median(bare), "ms"),
    ]


def _share(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, round(len(values) * share))]


async def _rounds(address: str, state: Path, rounds: int, seconds: float) -> tuple[list[float], list[float]]:
    for name in ("alerts", "bare"):
        await create_topic(address, name, PARTITIONS)
    alerts: list[float] = []
    bare: list[float] = []
    records = Records(_MATCHES, seed=1)
    async with _consuming(address, "bare") as consumed, _serving(address, "alerts", state) as served:
        for _ in range(rounds):
            bare += await _paced(address, "bare", records, seconds, consumed, lambda _text: True)
            alerts += await _paced(address, "alerts", records, seconds, served, Records.is_wanted)
    return alerts, bare


async def _paced(
    address: str,
    topic: str,
    records: Records,
    seconds: float,
    clocked: Clocked,
    counts: Callable[[str], bool],
) -> list[float]:
    """Send at the pace; milliseconds of each that counts, once it arrived."""
    clocked.sent.clear()
    clocked.arrived.clear()
    loop = asyncio.get_running_loop()
    async with producing(address, acks=1) as producer:
        begun = loop.time()
        for number in range(round(_PER_SECOND * seconds)):
            wait = begun + number / _PER_SECOND - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            text = records.one()
            if counts(text):
                clocked.sent[Records.id_of(text)] = loop.time()
            await producer.send(topic, text.encode(), partition=number % PARTITIONS)
        until = loop.time() + _SETTLE
        while not clocked.all_arrived():
            if loop.time() > until:
                raise Disagreement(f"{len(clocked.sent) - len(clocked.arrived)} events did not arrive")
            await asyncio.sleep(0.01)
    return clocked.milliseconds()


@asynccontextmanager
async def _consuming(address: str, topic: str) -> AsyncIterator[Clocked]:
    """The bare way: a consumer that notes what comes."""
    clocked = Clocked()
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=address, group_id="bare", enable_auto_commit=False)
    await consumer.start()

    async def consume() -> None:
        loop = asyncio.get_running_loop()
        async for message in consumer:
            clocked.arrived[Records.id_of(message.value.decode())] = loop.time()

    consuming = asyncio.create_task(consume())
    try:
        yield clocked
    finally:
        consuming.cancel()
        await asyncio.gather(consuming, return_exceptions=True)
        await consumer.stop()


@asynccontextmanager
async def _serving(address: str, topic: str, state: Path) -> AsyncIterator[Clocked]:
    """Ours: the service, and a receiver of its webhooks."""
    clocked = Clocked()

    async def receive(request: web.Request) -> web.Response:
        body: dict[str, Any] = json.loads(await request.read())
        clocked.arrived.setdefault(body["data"]["event"]["id"], asyncio.get_running_loop().time())
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    shutil.rmtree(state, ignore_errors=True)
    command = ours.kafka_following(address, topic, f"http://127.0.0.1:{port}/hook", state)
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    try:
        await _until_assigned(process)
        yield clocked
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        await process.wait()
        await runner.cleanup()


async def _until_assigned(process: asyncio.subprocess.Process) -> None:
    assert process.stderr is not None
    async for line in process.stderr:
        if b"partitions_assigned" in line:
            return
    raise Disagreement("the service ended before it had its partitions")
