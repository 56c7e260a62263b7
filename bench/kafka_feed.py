"""A real broker with topics to read: events one to a message, and log files of 200 events to a message.

Keeps: the same numbers make the same topic. Messages are produced as shippers do: lz4, lingering 5 ms for batches of 128 KiB.

Next: `bench.kafka`, which measures; `tests.peers.kafka`, the broker.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Final

from tests.peers.absent import AbsentError
from tests.peers.kafka import bootstrap
from tests.peers.kafka_topics import create_topic, producing

from bench.calls import WANTED_NAMES
from bench.draw import uuid
from bench.events import Trail
from bench.setting import Unavailable

PARTITIONS: Final = 4
SHAPES: Final = 12_000
"""Different records; they come again with other event ids."""
WANTED: Final = 0.003
PRODUCER: Final = {"compression_type": "lz4", "linger_ms": 5, "max_batch_size": 128 * 1024, "acks": 1}
_EVENT_ID: Final = re.compile(r'"eventID":"[0-9a-f-]{36}"')
_NAME: Final = re.compile("|".join(f'"eventName":"{name}"' for name in sorted(WANTED_NAMES)))


@dataclass(frozen=True, slots=True)
class Topic:
    """events, wanted: how many it holds, and how many of them match."""

    bootstrap: str
    name: str
    messages: int
    events: int
    wanted: int


class Records:
    """Records without end, the same for the same seed."""

    def __init__(self, wanted: float = WANTED, seed: int = 20260304) -> None:
        self._random = Random(seed)
        self._bodies = [body for number in range(SHAPES // 40) for body in _file(number, wanted)]
        self._next = 0
        self.wanted = 0

    def one(self) -> str:
        """The next record."""
        text, is_wanted = self._bodies[self._next % len(self._bodies)]
        self._next += 1
        self.wanted += is_wanted
        return _EVENT_ID.sub(f'"eventID":"{uuid(self._random)}"', text, count=1)

    @staticmethod
    def is_wanted(text: str) -> bool:
        """Whether a record is one that matches."""
        return _NAME.search(text) is not None

    @staticmethod
    def id_of(text: str) -> str:
        """The event id of a record."""
        found = _EVENT_ID.search(text)
        assert found is not None
        return found[0][11:-1]


def _file(number: int, wanted: float) -> Iterator[tuple[str, bool]]:
    random = Random(f"kafka/{number}")
    trail = Trail(random)
    for _ in range(40):
        text = trail.record(random.random() < wanted)
        yield text, Records.is_wanted(text)


@contextmanager
def broker() -> Iterator[str]:
    """Its address. Raises Unavailable."""
    try:
        with TemporaryDirectory() as folder, bootstrap(Path(folder)) as address:
            yield address
    except AbsentError as absent:
        raise Unavailable(str(absent)) from None


def produced(address: str, name: str, messages: int, events_each: int, wanted: float = WANTED) -> Topic:
    """A new topic with that many messages. events_each: 1 for bare records, more for log files; wanted: share of matches."""
    return asyncio.run(_produced(address, name, messages, events_each, Records(wanted)))


async def _produced(address: str, name: str, messages: int, events_each: int, records: Records) -> Topic:
    await create_topic(address, name, PARTITIONS)
    async with producing(address, **PRODUCER) as producer:
        waiting: list[asyncio.Future[object]] = []
        for number in range(messages):
            waiting.append(
                await producer.send(name, _message(records, events_each), partition=number // 64 % PARTITIONS)
            )
            if len(waiting) >= 5000:
                await asyncio.gather(*waiting)
                waiting.clear()
        await asyncio.gather(*waiting)
    return Topic(address, name, messages, messages * events_each, records.wanted)


def _message(records: Records, events: int) -> bytes:
    if events == 1:
        return records.one().encode()
    return f'{{"Records":[{",".join(records.one() for _ in range(events))}]}}'.encode()
