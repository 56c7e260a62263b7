"""A real server on a free port, a board to write on, and a client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest

from tests.health.test_model import FakeClock
from trailwarden.health import HealthServer, HealthSettings, StatusBoard, start
from trailwarden.telemetry import Known, Metrics


@dataclass
class Running:
    """What a test talks to, and what it moves."""

    server: HealthServer
    board: StatusBoard
    metrics: Metrics
    clock: FakeClock
    client: aiohttp.ClientSession

    async def get(
        self, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, aiohttp.ClientResponse, str]:
        """Status, response and text of one request."""
        async with self.client.request(method, self.server.url + path, headers=headers) as response:
            return response.status, response, await response.text()


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    clock = FakeClock()
    board = StatusBoard(clock, monotonic=clock.monotonic)
    metrics = Metrics(Known(("spool",), ("siem",)))
    server = await start(HealthSettings(port=0), board, metrics)
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as client:
        yield Running(server, board, metrics, clock, client)
    await server.close()
