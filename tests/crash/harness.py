"""Starts the service, kills it, starts it again; then asks the receiver what came."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import random
import secrets
import signal
import sys
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from aiohttp import web
from standardwebhooks.webhooks import Webhook

from tests.crash.companion import Companion
from tests.crash.corpus import Corpus
from tests.crash.feeds import Feed
from tests.crash.kinds import FEEDS
from tests.crash.stores import STATES, State

SETTLE_SECONDS = 300.0
FILES_PER_ROUND = 25
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "crash",
    "AWS_SECRET_ACCESS_KEY": "crash",
    "AWS_EC2_METADATA_DISABLED": "true",
}
_READING: set[asyncio.Task[bytes]] = set()


@dataclass
class Receiver:
    """A webhook that notes every (eventID, webhook-id), and fails now and then, after or before noting."""

    secret: str
    random: random.Random
    ids: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Serve; returns the URL."""
        app = web.Application()
        app.router.add_post("/hook", self._receive)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}/hook"

    async def stop(self) -> None:
        """Stop serving."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        Webhook(self.secret).verify(body, dict(request.headers))
        luck = self.random.random()
        if luck < 0.03:
            return web.Response(status=503, headers={"retry-after": "0"})
        event_id = json.loads(body)["data"]["original"]["eventID"]
        async with self.changed:
            self.ids[event_id].add(request.headers["webhook-id"])
            self.changed.notify_all()
        return web.Response(status=500 if luck < 0.05 else 204)


@dataclass(frozen=True)
class Verdict:
    """What the rounds came to."""

    rounds: int
    expected: int
    missing: frozenset[str]
    unexpected: frozenset[str]
    doubled: frozenset[str]
    left: int
    """Messages in the queue."""

    @property
    def good(self) -> bool:
        """Every alert arrived, none under two ids, nothing else, and the queue is empty."""
        return not (self.missing or self.unexpected or self.doubled or self.left)


async def crash_rounds(
    folder: Path,
    rounds: int,
    seed: int,
    say: Callable[[str], None] = lambda _line: None,
    kind: str = "files",
    files: int = FILES_PER_ROUND,
    store: str = "sqlite",
) -> Verdict:
    """Kill the service `rounds` times while files arrive, then let it finish. kind: of the source; files: new ones a round;
    store: of STATES.
    """
    chance = random.Random(seed)
    feed = FEEDS[kind](folder)
    state = STATES[store](folder)
    await state.start()
    await feed.start()
    corpus = Corpus(feed, seed)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    receiver = Receiver(secret, chance)
    url = await receiver.start()
    config = _config(folder, feed, state, url, secret)
    companion = Companion(partial(_start, _second(folder, config)), chance)
    try:
        for number in range(1, rounds + 1):
            corpus.add_files(files)
            if feed.shared:
                await companion.come_or_go()
            await _killed_run(config, chance, receiver, state.instances, len(corpus.expected))
            await state.killed()
            say(f"round {number}: {len(receiver.ids)} of {len(corpus.expected)} alerts have arrived")
        await state.calm()
        if feed.shared:
            await companion.come()  # what it has committed it must deliver
        await _finishing_run(config, receiver, corpus.expected, feed)
        await companion.go(signal.SIGTERM)
    finally:
        await companion.go(signal.SIGKILL)
        await receiver.stop()
        await feed.stop()
        await state.stop()
    arrived = set(receiver.ids)
    return Verdict(
        rounds=rounds,
        expected=len(corpus.expected),
        missing=frozenset(corpus.expected - arrived),
        unexpected=frozenset(arrived - corpus.expected),
        doubled=frozenset(event for event, ids in receiver.ids.items() if len(ids) > 1),
        left=feed.left(),
    )


def _config(folder: Path, feed: Feed, state: State, url: str, secret: str) -> Path:
    config = folder / "crash.yaml"
    hook = {"kind": "webhook", "name": "hook", "url": url, "secret": secret, "timeout": "1s"}
    document = {
        "sources": [feed.source() | ({"ack": state.ack} if state.ack else {})],
        "rules": {"packs": ["cis-vpc"]},
        "sinks": [hook | {"retry_base": "50ms", "retry_cap": "500ms"}],
        "pipeline": {"group_batches": 4},
        "store": state.settings(),
        "http": {"port": 0},
        "log": {"level": "info"},
        **feed.more(),
    }
    config.write_text(json.dumps(document))  # JSON is YAML
    return config


def _second(folder: Path, config: Path) -> Path:
    """The same for another instance, with a store of its own."""
    document = json.loads(config.read_text())
    document["store"] = {"url": f"sqlite:///{folder / 'second.db'}"}
    second = folder / "second.yaml"
    second.write_text(json.dumps(document))
    return second


async def _start(config: Path, stderr: int = asyncio.subprocess.DEVNULL) -> asyncio.subprocess.Process:
    command = str(Path(sys.executable).with_name("trailwarden"))
    return await asyncio.create_subprocess_exec(
        command, "run", "--config", str(config), stderr=stderr, env={**os.environ, **CREDENTIALS}
    )


async def _log_line(service: asyncio.subprocess.Process, wanted: bytes) -> None:
    """Wait for a line of the log, and go on reading it so that it never fills up."""
    assert service.stderr is not None
    async for line in service.stderr:
        if wanted in line:
            break
    _READING.add(asyncio.create_task(service.stderr.read()))


async def _killed_run(
    config: Path, chance: random.Random, receiver: Receiver, instances: int, expected: int
) -> None:
    """One life: killed while it starts, while it works, or while it is idle, as chance will have it; of several, one by one.

    expected: alerts in all; the first is killed after any number of those that are still to come, so that kills are spread over
    what passes, not over what begins.
    """
    most = expected - len(receiver.ids)
    services = [await _start(config) for _ in range(instances)]
    try:
        for service in services:
            if chance.random() < 0.8:
                await _something_new(receiver, chance.randint(1, max(1, most)), expected)
                most = 1
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(service.wait(), chance.uniform(0.0, 0.6))
            assert service.returncode is None, f"it ended by itself with exit code {service.returncode}"
            service.send_signal(signal.SIGKILL)
    finally:
        for service in services:
            if service.returncode is None:
                service.send_signal(signal.SIGKILL)
            await service.wait()


async def _something_new(receiver: Receiver, number: int, expected: int) -> None:
    """So many more alerts, or all; for some time at the most: some wait for the claims of those that were killed to end."""
    wanted = min(len(receiver.ids) + number, expected)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(15.0), receiver.changed:
            await receiver.changed.wait_for(lambda: len(receiver.ids) >= wanted)


async def _finishing_run(config: Path, receiver: Receiver, expected: set[str], feed: Feed) -> None:
    """The last life: until everything has come, then a drain by SIGTERM, which must end well."""
    service = await _start(config, stderr=asyncio.subprocess.PIPE)
    try:
        await _log_line(service, b'"started"')
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS), receiver.changed:
                await receiver.changed.wait_for(lambda: expected <= set(receiver.ids))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_SECONDS):
                while feed.left():  # noqa: ASYNC110 - what is hidden comes when its time is over
                    await asyncio.sleep(0.1)
        service.terminate()
        assert await asyncio.wait_for(service.wait(), 40) == 0
    finally:
        if service.returncode is None:
            service.kill()
            await service.wait()
