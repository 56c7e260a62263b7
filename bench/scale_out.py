"""Three instances as processes on one feed and one PostgreSQL: how the work is divided, what three do that one does not, and how
long the others take to go on for one that is killed.

Keeps: in each round one instance and three do the same work, the log files of the corpus `small`, each on a new feed and an empty
database; the time ends when every event is counted and every alert at the webhook. An alert that is missing, or there under two
ids, after the kill or before it, and there is no figure.

Next: `bench.scale_feeds`, what they share; `bench.instances`, the processes.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import uuid
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import orjson
from tests.peers.absent import AbsentError
from tests.peers.postgresql import drop_database, new_database, running_server

from bench.calls import WANTED_NAMES
from bench.instances import Hook, Instances, committed, hooked, instances
from bench.kafka_feed import broker
from bench.objects import CREDENTIALS
from bench.ours import CLAIM
from bench.scale_feeds import LEASE, Feed, Queue, Stream, Topic
from bench.setting import Figure, Setting, Unavailable
from bench.timing import Rounds

_INSTANCES: Final = 3
_BURST: Final = 600
"""Alerts that are wanted while one of them is killed, at the first of them."""
_EVENING: Final = 40
"""Tries to find the shares even before the work begins: 14 of 20 for each."""


@dataclass(frozen=True, slots=True)
class Work:
    """files: log files; events: in all of them; wanted: ids of those that match."""

    files: Sequence[bytes]
    events: int
    wanted: frozenset[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """seconds: for the work; smallest: share of the events that the idlest took; taken, told: seconds from the kill until every
    alert was committed, and until it was at the webhook.
    """

    seconds: float
    smallest: float
    taken: float = 0.0
    told: float = 0.0


def scale_out_topic(setting: Setting) -> list[Figure]:
    """Partitions of a topic, shared by a consumer group."""
    with broker() as address:
        return _figures("scale_out_topic", setting, lambda: Topic(address))


def scale_out_queue(setting: Setting) -> list[Figure]:
    """Messages of a queue, for which they compete."""
    return _figures("scale_out_queue", setting, Queue)


def scale_out_stream(setting: Setting) -> list[Figure]:
    """Shards of a stream, shared by leases."""
    return _figures("scale_out_stream", setting, Stream)


def _figures(name: str, setting: Setting, feed: Callable[[], Feed]) -> list[Figure]:
    work = _work(setting.corpus("small").payloads())
    seconds: dict[str, list[float]] = {"one": [], "three": []}
    shared: list[Outcome] = []
    with ExitStack() as stack:
        stack.enter_context(patch.dict(os.environ, CREDENTIALS))
        server = stack.enter_context(_postgresql())
        for number in range(max(1, setting.rounds // 3)):
            for side in ("one", "three") if number % 2 else ("three", "one"):
                count = 1 if side == "one" else _INSTANCES
                outcome = asyncio.run(_round(feed(), count, work, server, setting.out / "scale_out"))
                seconds[side].append(outcome.seconds)
                shared += [outcome] * (count > 1)
    rounds = Rounds({side: tuple(one) for side, one in seconds.items()})
    return [
        Figure(name, statistics.median(one.smallest for one in shared)),
        Figure(f"{name}_takeover", statistics.median(one.taken for one in shared) / LEASE),
        Figure(f"{name}_last_alert", statistics.median(one.told for one in shared) / CLAIM),
        Figure(f"{name}_3_vs_1", rounds.faster("three", "one")),
        Figure(f"{name}_events_per_s", rounds.rate("three", work.events), "events/s"),
    ]


async def _round(feed: Feed, count: int, work: Work, server: str, folder: Path) -> Outcome:
    shutil.rmtree(folder, ignore_errors=True)
    store = await new_database(server)
    await feed.start()
    try:
        async with (
            hooked() as (hook, url),
            instances(count, feed.sections(), url, store, folder) as group,
        ):
            outcome, wanted = await _worked(feed, group, hook, work), set(work.wanted)
            if count > 1:
                burst = {str(uuid.uuid4()) for _ in range(_BURST)}
                wanted |= burst
                outcome = await _killed(feed, group, hook, store, burst, outcome)
            await group.end()
            hook.judge(wanted)
            return outcome
    finally:
        await feed.stop()
        await drop_database(store)


async def _worked(feed: Feed, group: Instances, hook: Hook, work: Work) -> Outcome:
    await _even(feed, group)
    before = await group.seen()
    begun = await feed.put(work.files)
    counted = await group.until(sum(before) + work.events)
    await hook.until(len(work.wanted))
    took = [now - then for now, then in zip(await group.seen(), before, strict=True)]
    return Outcome(max(counted, hook.last) - begun, min(took) / sum(took))


async def _killed(
    feed: Feed, group: Instances, hook: Hook, store: str, burst: set[str], outcome: Outcome
) -> Outcome:
    """Amid a burst of matches, half of which come when it is gone."""
    there = len(hook.ids)
    files = [_file("DeleteVpc", one) for one in burst]
    await feed.put(files[::2])
    await hook.until(there + 1)
    killed = await group.kill()
    await feed.put(files[1::2])
    taken = await committed(store, there + len(burst)) - killed
    await hook.until(there + len(burst))
    return replace(outcome, taken=taken, told=hook.last - killed)


async def _even(feed: Feed, group: Instances) -> None:
    """Until each has its share of what comes, or until it is clear that it will not have it: the figure then says so."""
    for _ in range(_EVENING):
        before = await group.seen()
        files = [_file("DescribeVpcs", str(uuid.uuid4())) for _ in range(20 * len(before))]
        await feed.put(files)
        await group.until(sum(before) + len(files))
        if min(now - then for now, then in zip(await group.seen(), before, strict=True)) >= 14:
            return


def _work(files: Sequence[bytes]) -> Work:
    events, wanted = 0, set[str]()
    for file in files:
        records: list[dict[str, Any]] = orjson.loads(zlib.decompress(file, wbits=31))["Records"]
        events += len(records)
        wanted.update(one["eventID"] for one in records if one["eventName"] in WANTED_NAMES)
    return Work(files, events, frozenset(wanted))


def _file(name: str, event: str) -> bytes:
    """A log file of one event."""
    told = {"eventVersion": "1.08", "eventName": name, "eventID": event}
    return zlib.compress(orjson.dumps({"Records": [told]}), 1, wbits=31)


@contextmanager
def _postgresql() -> Iterator[str]:
    """URL of a database whose user may create others. Raises Unavailable."""
    if named := os.environ.get("POSTGRES_URL"):
        yield named
        return
    try:
        with running_server(durable=True) as server:
            yield server.url
    except AbsentError as absent:
        raise Unavailable(str(absent)) from None
