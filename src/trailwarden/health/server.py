"""The HTTP server of health: one request a connection, a few seconds each, GET and HEAD alone.

Keeps: bounded. A connection ends when its request is answered, and after `CONNECTION_SECONDS` whatever it does; beyond
`MAX_CONNECTIONS` a new one is closed at once. So nobody who is slow, or many, takes the service's memory.

Next: `answers`, for what each path says.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Final

import structlog
from aiohttp import web

from trailwarden.errors import ConfigError
from trailwarden.health.answers import METHODS, PATHS, Answer, Asked, not_allowed, not_found
from trailwarden.health.model import HealthState
from trailwarden.health.settings import HealthSettings
from trailwarden.telemetry import Metrics

log = structlog.get_logger(__name__)

CONNECTION_SECONDS: Final = 10.0
MAX_CONNECTIONS: Final = 64
MAX_LINE_BYTES: Final = 2048
MAX_HEADER_BYTES: Final = 8192
_CLOSE_SECONDS: Final = 1.0

_ALWAYS: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Server": "trailwarden",
}

_BIND_FAULTS: Final = {
    errno.EADDRINUSE: "is in use already: stop the other program, or choose another port with http.port (0: any)",
    errno.EACCES: "may not be bound: ports below 1024 are for root; choose another one with http.port",
    errno.EADDRNOTAVAIL: "is no address of this machine: set http.host to one that is, or to 127.0.0.1",
}


class HealthServer:
    """A running server. url: where it is, with the port that was really bound."""

    def __init__(self, url: str, listening: asyncio.Server, http: web.Server) -> None:
        self.url = url
        self._listening = listening
        self._http = http

    async def close(self) -> None:
        """Take no more connections, and end the ones that there are. Idempotent."""
        self._listening.close()
        self._http.pre_shutdown()
        await self._http.shutdown(_CLOSE_SECONDS)
        await self._listening.wait_closed()


async def start(
    settings: HealthSettings,
    board: HealthState,
    metrics: Metrics,
    *,
    connection_seconds: float = CONNECTION_SECONDS,
    max_connections: int = MAX_CONNECTIONS,
) -> HealthServer:
    """Listen. Raises ConfigError, in one line with the mend, where the address cannot be bound."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return _response(_answer(request, board, metrics))

    http = web.Server(handle)
    loop = asyncio.get_running_loop()

    def connection() -> asyncio.Protocol:
        return _Connection(http, loop, connection_seconds, max_connections)

    try:
        listening = await loop.create_server(
            connection, settings.host, settings.port, backlog=max_connections
        )
    except OSError as fault:
        raise ConfigError(_bind_fault(settings, fault)) from fault
    url = _url(settings.host, listening.sockets[0])
    log.info("health_listening", url=url)
    return HealthServer(url, listening, http)


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


def _bind_fault(settings: HealthSettings, fault: OSError) -> str:
    reason = _BIND_FAULTS.get(fault.errno or 0, "cannot be listened on; set http.host and http.port")
    return f"http: {settings.host}:{settings.port} {reason}"


def _url(host: str, listening: socket.socket) -> str:
    """With the host as configured, which is what a person will look for."""
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
