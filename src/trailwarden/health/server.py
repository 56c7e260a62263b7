"""The HTTP server of health: it listens at once, and loads its library when the first connection comes.

Keeps: an address that cannot be had is said before any work begins. Who asks first waits in the queue of the socket for the
tenth of a second that the loading takes; a run that nobody asks does without.

Next: `connections`, for how a request is taken, and its bounds; `answers`, for what each path says.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import structlog

from trailwarden.errors import ConfigError
from trailwarden.health.model import HealthState
from trailwarden.health.settings import HealthSettings
from trailwarden.telemetry import Metrics

if TYPE_CHECKING:
    from aiohttp import web

_Made: TypeAlias = "tuple[web.Server, Callable[[], asyncio.Protocol]]"

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
    """A server that listens. url: where it is, with the port that was really bound."""

    def __init__(
        self, settings: HealthSettings, sockets: list[socket.socket], make: Callable[[Any], _Made]
    ) -> None:
        """make: given the module with the connections, the server and what makes its connections."""
        self.url = _url(settings.host, sockets[0])
        self._sockets = sockets
        self._make = make
        self._http: web.Server | None = None
        self._listening: list[asyncio.Server] = []
        self._answering: asyncio.Task[None] | None = None
        loop = asyncio.get_running_loop()
        for one in sockets:
            loop.add_reader(one, self._begin)

    async def close(self) -> None:
        """Take no more connections, and end the ones that there are. Idempotent."""
        self._unwatch()
        if self._answering is not None:
            self._answering.cancel()
            await asyncio.wait([self._answering])
        for listening in self._listening:
            listening.close()
        if self._http is not None:
            self._http.pre_shutdown()
            await self._http.shutdown(_CLOSE_SECONDS)
        for listening in self._listening:
            await listening.wait_closed()
        for one in self._sockets:
            one.close()

    def _begin(self) -> None:
        """Somebody is there."""
        self._unwatch()
        self._answering = asyncio.create_task(self._answer())
        self._answering.add_done_callback(_told)

    async def _answer(self) -> None:
        connections = await asyncio.to_thread(import_module, "trailwarden.health.connections")
        self._http, connection = self._make(connections)
        loop = asyncio.get_running_loop()
        for one in self._sockets:
            self._listening.append(await loop.create_server(connection, sock=one, backlog=MAX_CONNECTIONS))

    def _unwatch(self) -> None:
        loop = asyncio.get_running_loop()
        for one in self._sockets:
            if one.fileno() >= 0:
                loop.remove_reader(one)


async def start(
    settings: HealthSettings,
    board: HealthState,
    metrics: Metrics,
    *,
    connection_seconds: float = CONNECTION_SECONDS,
    max_connections: int = MAX_CONNECTIONS,
) -> HealthServer:
    """Listen. Raises ConfigError, in one line with the mend, where the address cannot be bound."""

    def make(connections: Any) -> _Made:
        made: _Made = connections.make_server(board, metrics, connection_seconds, max_connections)
        return made

    try:
        sockets = await _bound(settings, max_connections)
    except OSError as fault:
        raise ConfigError(_bind_fault(settings, fault)) from fault
    server = HealthServer(settings, sockets, make)
    log.info("health_listening", url=server.url)
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
