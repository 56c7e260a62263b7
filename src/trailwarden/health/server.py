"""The HTTP server of health: bound at once, answering as soon as its library is loaded.

Keeps: an address that cannot be had is said before any work begins. Who asks before the server can answer waits in the queue
of the socket.

Next: `connections`, for how a request is taken, and its bounds; `answers`, for what each path says.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from importlib import import_module
from typing import TYPE_CHECKING, Final

import structlog

from trailwarden.errors import ConfigError
from trailwarden.health.model import HealthState
from trailwarden.health.settings import HealthSettings
from trailwarden.telemetry import Metrics

if TYPE_CHECKING:
    from aiohttp import web

log = structlog.get_logger(__name__)

CONNECTION_SECONDS: Final = 10.0
MAX_CONNECTIONS: Final = 64
_CLOSE_SECONDS: Final = 1.0

_BIND_FAULTS: Final = {
    errno.EADDRINUSE: "is in use already: stop the other program, or choose another port with http.port (0: any)",
    errno.EACCES: "may not be bound: ports below 1024 are for root; choose another one with http.port",
    errno.EADDRNOTAVAIL: "is no address of this machine: set http.host to one that is, or to 127.0.0.1",
}


class HealthServer:
    """A server that is bound. url: where it is, with the port that was really bound; answering: done once it answers."""

    def __init__(
        self, settings: HealthSettings, sockets: list[socket.socket], board: HealthState, metrics: Metrics
    ) -> None:
        self.url = _url(settings.host, sockets[0])
        self._sockets = sockets
        self._board = board
        self._metrics = metrics
        self._listening: list[asyncio.Server] = []
        self._http: web.Server | None = None
        self.answering: asyncio.Task[None] | None = None

    async def answer(self, seconds: float, most: int) -> None:
        """Load the library, in a thread beside the work, and take connections."""
        name = "trailwarden.health.connections"
        connections = await asyncio.to_thread(import_module, name)
        self._http, connection = connections.make_server(self._board, self._metrics, seconds, most)
        loop = asyncio.get_running_loop()
        for one in self._sockets:
            self._listening.append(await loop.create_server(connection, sock=one, backlog=most))
        log.info("health_listening", url=self.url)

    async def close(self) -> None:
        """Take no more connections, and end the ones that there are. Idempotent."""
        if self.answering is not None:
            self.answering.cancel()
            await asyncio.wait([self.answering])
        for listening in self._listening:
            listening.close()
        if self._http is not None:
            self._http.pre_shutdown()
            await self._http.shutdown(_CLOSE_SECONDS)
        for listening in self._listening:
            await listening.wait_closed()
        for one in self._sockets:
            one.close()


async def start(
    settings: HealthSettings,
    board: HealthState,
    metrics: Metrics,
    *,
    connection_seconds: float = CONNECTION_SECONDS,
    max_connections: int = MAX_CONNECTIONS,
) -> HealthServer:
    """Bind, and begin to answer. Raises ConfigError, in one line with the mend, where the address cannot be bound."""
    try:
        sockets = await _bound(settings, max_connections)
    except OSError as fault:
        raise ConfigError(_bind_fault(settings, fault)) from fault
    server = HealthServer(settings, sockets, board, metrics)
    server.answering = asyncio.create_task(server.answer(connection_seconds, max_connections))
    server.answering.add_done_callback(_told)
    return server


async def _bound(settings: HealthSettings, backlog: int) -> list[socket.socket]:
    """A socket for each address of the host, all of one port where a port is named."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(
        settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    sockets: list[socket.socket] = []
    try:
        for family, *_kind, address in dict.fromkeys(found):
            sockets.append(socket.create_server(address, family=family, backlog=backlog))
            sockets[-1].setblocking(False)
    except OSError:
        for one in sockets:
            one.close()
        raise
    return sockets


def _told(answering: asyncio.Task[None]) -> None:
    """A server that cannot answer is a bug; the probes will notice, and the log says why."""
    fault = None if answering.cancelled() else answering.exception()
    if fault is not None:
        log.error("health_cannot_answer", exc_info=fault)


def _bind_fault(settings: HealthSettings, fault: OSError) -> str:
    reason = _BIND_FAULTS.get(fault.errno or 0, "cannot be listened on; set http.host and http.port")
    return f"http: {settings.host}:{settings.port} {reason}"


def _url(host: str, listening: socket.socket) -> str:
    """With the host as configured, which is what a person will look for."""
    port = listening.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
