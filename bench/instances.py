"""Instances of the whole service as processes on one feed and one database, and the webhook that all of them call.

Keeps: a match has one alert and no more than one id, and none comes that was not asked for; else there is no figure.

Next: `bench.scale_out`; `tests.e2e.service`, which starts a process.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
from aiohttp import web
from tests.e2e.service import Service, running

from bench import ours
from bench.matching import Disagreement

_LIMIT: Final = 120.0
_LOOK: Final = 0.05


class Hook:
    """Which alerts came for which events. last: when the last one did."""

    def __init__(self) -> None:
        self.ids: dict[str, set[str]] = defaultdict(set)
        self.last = 0.0
        self._changed = asyncio.Event()

    async def receive(self, request: web.Request) -> web.Response:
        """One call."""
        told: dict[str, Any] = json.loads(await request.read())
        event, before = told["data"]["event"]["id"], len(self.ids)
        self.ids[event].add(request.headers["webhook-id"])
        if len(self.ids) > before:
            self.last = time.monotonic()
        self._changed.set()
        return web.Response(status=204)

    async def until(self, number: int) -> None:
        """Until alerts of so many events are there. Raises Disagreement."""
        try:
            async with asyncio.timeout(_LIMIT):
                while len(self.ids) < number:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise Disagreement(f"{number - len(self.ids)} of {number} alerts are missing") from None

    def judge(self, wanted: set[str]) -> None:
        """Raise Disagreement unless these events have an alert each, under one id, and no others have."""
        missing, others = wanted - self.ids.keys(), self.ids.keys() - wanted
        doubled = [event for event, ids in self.ids.items() if len(ids) > 1]
        if missing or others or doubled:
            raise Disagreement(
                f"of {len(wanted)} alerts {len(missing)} are missing, {len(doubled)} came under two ids, "
                f"and {len(others)} were not wanted"
            )


async def committed(store: str, number: int) -> float:
    """Until the outbox holds so many alerts; returns when that was. Raises Disagreement."""
    connection = await asyncpg.connect(store)
    try:
        ends = time.monotonic() + _LIMIT
        while (found := await connection.fetchval("SELECT count(*) FROM trailwarden.alerts")) < number:
            if time.monotonic() > ends:
                raise Disagreement(f"{found} alerts were committed of {number}")
            await asyncio.sleep(_LOOK)
        return time.monotonic()
    finally:
        await connection.close()


@asynccontextmanager
async def hooked() -> AsyncIterator[tuple[Hook, str]]:
    """A webhook, and its address."""
    hook, app = Hook(), web.Application()
    app.router.add_post("/hook", hook.receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield hook, f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


class Instances:
    """Those that run on one feed."""

    def __init__(self, services: Sequence[Service]) -> None:
        self.services = list(services)

    async def seen(self) -> list[int]:
        """Events, of each."""
        return [int(await one.metric("events_seen_total")) for one in self.services]

    async def until(self, total: int) -> float:
        """Until all of them together have seen so many; returns when that was. Raises Disagreement."""
        ends = time.monotonic() + _LIMIT
        while (found := sum(await self.seen())) < total:
            if time.monotonic() > ends:
                raise Disagreement(f"the instances saw {found} events of {total}")
            await asyncio.sleep(_LOOK)
        return time.monotonic()

    async def kill(self) -> float:
        """One of them is gone; returns when it was."""
        lost = self.services.pop(0).process
        lost.kill()
        killed = time.monotonic()
        await lost.wait()
        return killed

    async def end(self) -> None:
        """Raise Disagreement where one does not end well."""
        codes = [await one.end() for one in self.services]
        if any(codes):
            raise Disagreement(f"the instances ended with {codes}")


@asynccontextmanager
async def instances(
    number: int, sections: dict[str, Any], hook: str, store: str, folder: Path
) -> AsyncIterator[Instances]:
    """So many, started. store: URL of a database that they share."""
    async with AsyncExitStack() as stack:
        configs = [ours.sharing(sections, hook, store, folder / str(one)) for one in range(number)]
        yield Instances([await stack.enter_async_context(running(config)) for config in configs])
