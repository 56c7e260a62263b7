"""Requests to one host over connections that are kept: a third of what a client for all of HTTP spends on one.

Keeps: a request is sent a second time only where a kept connection turned out to be closed before anything came; what is asked
for here may be asked for twice. TLS is verified by the context that is given.

Next: `wire_connection`; `plain`, which knows the long way for whatever is unusual.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Final

from trailwarden.aws.answer import BEGINNING, Admit, Answer, ObjectTooLargeError
from trailwarden.aws.wire_connection import Connection, Head, UnusualError

_IDLE: Final = 10.0
"""Seconds after which a connection is not used again: servers close those that rest."""


class Wire:
    """To one host. Made without I/O; to be closed."""

    def __init__(
        self,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        connect_timeout: float,
        read_timeout: float,
        connections: int,
    ) -> None:
        """connections: at most so many at once; read_timeout: seconds without new bytes, or with too few."""
        self._host = host
        self._port = port
        self._tls = tls
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._turns = asyncio.Semaphore(connections)
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()

    async def ask(self, request: bytes, limit: int, admit: Admit) -> Answer | None:
        """None where the answer is unusual. limit: bytes of a success; admit: awaited with its size before its body is read.

        Raises OSError, TimeoutError, ObjectTooLargeError, and what admit raises.
        """
        async with self._turns:
            while True:
                connection = self._kept() or await self._connect()
                self._busy.add(connection)
                try:
                    return await self._asked(connection, request, limit, admit)
                except UnusualError:
                    return None
                except ConnectionError:
                    if not connection.used or connection.heard:
                        raise
                finally:
                    self._busy.discard(connection)
                    if connection.open and connection.idle_since:
                        self._idle.append(connection)
                    else:
                        connection.close()

    def close(self) -> None:
        """At once. Idempotent."""
        for connection in [*self._idle, *self._busy]:
            connection.close()
        self._idle.clear()

    async def _asked(self, connection: Connection, request: bytes, limit: int, admit: Admit) -> Answer:
        connection.idle_since = 0.0  # until the answer is whole it cannot be kept
        head = await connection.head(request, self._read_timeout)
        if head.status != 200:
            return await self._refused(connection, head)
        if head.length > limit:
            raise ObjectTooLargeError(head.length)
        await admit(head.length)
        return Answer(head.status, head.headers, await connection.body())

    async def _refused(self, connection: Connection, head: Head) -> Answer:
        if head.length > 16 * BEGINNING:
            raise UnusualError("a long answer that is no success")
        return Answer(head.status, head.headers, (await connection.body())[:BEGINNING])

    def _kept(self) -> Connection | None:
        """One that rests, the last one that was used first."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.open and now - connection.idle_since < _IDLE:
                return connection
            connection.close()
        return None

    async def _connect(self) -> Connection:
        async with asyncio.timeout(self._connect_timeout):
            _, connection = await asyncio.get_running_loop().create_connection(
                Connection, self._host, self._port, ssl=self._tls
            )
        return connection
