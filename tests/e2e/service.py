"""Starts the real command with a configuration, and asks it over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.receiver import SECRET

COMMAND = str(Path(sys.executable).with_name("trailwarden"))


def configured(folder: Path, url: str | None = None, **more: Any) -> Path:
    """A configuration over folder/spool; one webhook sink when there is a url."""
    (folder / "spool").mkdir(exist_ok=True)
    document: dict[str, Any] = {
        "sources": [
            {
                "kind": "files",
                "name": "spool",
                "path": str(folder / "spool"),
                "settle": "0s",
                "poll_interval": "50ms",
            }
        ],
        "sinks": [],
        "store": {"url": f"sqlite:///{folder / 'state.db'}", "busy_timeout": "200ms"},
        "http": {"port": 0},
        "log": {"format": "json", "level": "info"},
        **more,
    }
    if url is not None:
        hook = {
            "kind": "webhook",
            "name": "hook",
            "url": url,
            "secret": SECRET,
            "retry_base": "20ms",
            "retry_cap": "100ms",
        }
        document["sinks"] = [{**hook, "timeout": "1s"}]
    config = folder / "config.yaml"
    config.write_text(json.dumps(document))
    return config


async def command(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@dataclass
class Service:
    """A running service."""

    process: asyncio.subprocess.Process
    url: str
    log: list[dict[str, Any]]
    http: aiohttp.ClientSession

    async def get(self, path: str) -> tuple[int, str]:
        """Status and body."""
        async with self.http.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def until(self, path: str, reached: Callable[[int, str], bool]) -> str:
        """Ask until it is so. (A state of another process can only be asked for.)"""
        async with asyncio.timeout(30):
            while True:
                status, body = await self.get(path)
                if reached(status, body):
                    return body
                await asyncio.sleep(0.05)

    async def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        _, body = await self.get("/metrics")
        values = re.findall(rf"^trailwarden_{name}(?:{{[^}}]*}})? (\S+)$", body, re.MULTILINE)
        return sum(map(float, values))

    async def end(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return await asyncio.wait_for(self.process.wait(), 30)


@contextlib.asynccontextmanager
async def running(config: Path) -> AsyncIterator[Service]:
    """The service, listening; killed at the end when it still runs."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, "run", "--config", str(config), stderr=asyncio.subprocess.PIPE
    )
    log: list[dict[str, Any]] = []
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def read() -> None:
        assert process.stderr is not None
        async for line in process.stderr:
            entry = json.loads(line)
            log.append(entry)
            if entry["event"] == "started" and not listening.done():
                listening.set_result(entry["health"])
        if not listening.done():
            listening.set_exception(RuntimeError(f"it never started: {log}"))

    reading = asyncio.create_task(read())
    try:
        url = await asyncio.wait_for(listening, 30)
        async with aiohttp.ClientSession() as http:
            yield Service(process, url.rstrip("/"), log, http)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reading
