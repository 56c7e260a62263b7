"""The connections of health's HTTP server: one request each, a few seconds each, GET and HEAD alone.

Keeps: bounded. A connection ends when its request is answered, and after its time whatever it does; beyond a number of
connections a new one is closed at once. So nobody who is slow, or many, takes the service's memory.

Apart from `server` because aiohttp takes long to load: the service works meanwhile. Next: `answers`, for what each path says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web

from trailwarden.health.answers import METHODS, PATHS, Answer, Asked, not_allowed, not_found
from trailwarden.health.model import HealthState
from trailwarden.telemetry import Metrics

MAX_LINE_BYTES: Final = 2048
MAX_HEADER_BYTES: Final = 8192

_ALWAYS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Server": "trailwarden",
}


def make_server(
    board: HealthState, metrics: Metrics, seconds: float, most: int
) -> tuple[web.Server, Callable[[], asyncio.Protocol]]:
    """The server, and what makes its connections. seconds: that one may take; most: that there may be."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return _response(_answer(request, board, metrics))

    http = web.Server(handle)
    loop = asyncio.get_running_loop()
    return http, lambda: _Connection(http, loop, seconds, most)


class _Connection(web.RequestHandler):
    """aiohttp's connection, with an end. Its own limits begin after the first request's headers."""

    __slots__ = ("_deadline", "_max_connections", "_seconds", "_server")

    def __init__(
        self, server: web.Server, loop: asyncio.AbstractEventLoop, seconds: float, max_connections: int
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # None switches it off; the annotation does not know
            lingering_time=0,
            max_line_size=MAX_LINE_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            read_bufsize=MAX_HEADER_BYTES,
        )
        self._server = server
        self._seconds = seconds
        self._max_connections = max_connections
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if len(self._server.connections) > self._max_connections:
            transport.close()
        self._deadline = asyncio.get_running_loop().call_later(self._seconds, self.force_close)

    def connection_lost(self, exc: BaseException | None) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)


def _answer(request: web.BaseRequest, board: HealthState, metrics: Metrics) -> Answer:
    answer = PATHS.get(request.rel_url.path)
    if answer is None:
        return not_found()
    if request.method not in METHODS:
        return not_allowed()
    accept = request.headers.get("Accept", "")
    return answer(Asked(board, metrics, "verbose" in request.rel_url.query, accept))


def _response(answer: Answer) -> web.Response:
    headers = {**_ALWAYS, **answer.headers, "Content-Type": answer.content_type}
    response = web.Response(status=answer.status, body=answer.body, headers=headers)
    response.force_close()
    return response
