"""Requests to one host over connections that are kept: a third of what a client for all of HTTP spends on one.

Keeps: a request is sent a second time only where a kept connection turned out to be closed before anything came; what is asked
for here may be asked for twice. Who asks has its turn in order. TLS is verified by the context that is given.

Next: `wire_connection`; `plain`, which knows the long way for whatever is unusual.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import Final

from trailwarden.aws.answer import BEGINNING, Admit, Answer, ObjectTooLargeError, no_wait
from trailwarden.aws.wire_connection import Asker, Connection
from trailwarden.aws.wire_head import Head, UnusualError

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
        self._connections = connections
        self._waiting: deque[Asker] = deque()
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._connecting: set[asyncio.Task[None]] = set()

    async def ask(self, request: bytes, limit: int, admit: Admit) -> Answer | None:
        """None where the answer is unusual. limit: bytes of a success; admit: awaited with its size before its body is read.

        Raises OSError, TimeoutError, ObjectTooLargeError, and what admit raises.
        """
        asked = _Asked(request, limit if admit is no_wait else -1)
        self.start(asked)
        try:
            head, body = await asked.answer
            if body is None:
                if head.length > limit:
                    raise ObjectTooLargeError(head.length)
                await admit(head.length)
                head, body = await asked.rest()
        except UnusualError:
            return None
        finally:
            if not asked.over:
                self.leave(asked)
        assert body is not None
        return Answer(head.status, head.headers, body if head.status == 200 else body[:BEGINNING])

    def start(self, asker: Asker) -> None:
        """It has its turn as soon as a connection is free."""
        self._waiting.append(asker)
        self._serve()

    def leave(self, asker: Asker) -> None:
        """It does not want an answer any more; no matter if it had one. It may be told that it failed."""
        for connection in self._busy:
            if connection.asker is asker:
                connection.close()
                return
        if asker in self._waiting:
            self._waiting.remove(asker)

    def close(self) -> None:
        """At once. Idempotent."""
        waiting, self._waiting = self._waiting, deque()
        for task in self._connecting:
            task.cancel()
        self._connecting.clear()
        for connection in [*self._idle, *self._busy]:
            connection.close()
        self._idle.clear()
        for asker in waiting:
            asker.failed(ConnectionAbortedError("closed"))

    def answered(self, connection: Connection) -> None:
        if connection.open:
            self._give(connection)
        else:
            self._busy.discard(connection)
            self._serve()

    def broken(self, connection: Connection, asker: Asker | None, why: Exception) -> None:
        self._busy.discard(connection)
        ended = isinstance(why, ConnectionError) and not isinstance(
            why, ConnectionAbortedError
        )  # ours: close()
        if asker is not None and ended and connection.used and not connection.heard:
            self._waiting.appendleft(asker)
            asker = None
        self._serve()
        if asker is not None:
            asker.failed(why)

    def _serve(self) -> None:
        """Give those that wait what there is, and make as many connections as that leaves to be made."""
        while self._waiting and (connection := self._kept()) is not None:
            self._give(connection)
        allowed = self._connections - len(self._busy) - len(self._connecting)
        for _ in range(min(len(self._waiting) - len(self._connecting), allowed)):
            self._connecting.add(asyncio.create_task(self._connect()))

    def _give(self, connection: Connection) -> None:
        """The next one that waits gets it; without one it rests."""
        while self._waiting:
            asker = self._waiting.popleft()
            request = asker.request()
            if request is not None:
                self._busy.add(connection)
                try:
                    connection.ask(request, self._read_timeout, asker)
                except ConnectionError:  # it has ended in this moment
                    self._busy.discard(connection)
                    self._waiting.appendleft(asker)
                    asyncio.get_running_loop().call_soon(self._serve)
                return
        self._busy.discard(connection)
        self._idle.append(connection)

    def _kept(self) -> Connection | None:
        """One that rests, the last one that was used first."""
        while self._idle:
            connection = self._idle.pop()
            if connection.open and connection.rests() < _IDLE:
                return connection
            connection.close()
        return None

    async def _connect(self) -> None:
        """For the one that has waited longest: what hinders it is told to that one."""
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, connection = await asyncio.get_running_loop().create_connection(
                    lambda: Connection(self), self._host, self._port, ssl=self._tls
                )
        except Exception as fault:  # noqa: BLE001 - whatever it is, who asks raises it
            self._connected()
            asker = self._waiting.popleft() if self._waiting else None
            self._serve()
            if asker is not None:
                asker.failed(fault)
        else:
            self._connected()
            self._give(connection)

    def _connected(self) -> None:
        """Or not: this task is not about to make a connection any more."""
        self._connecting.discard(asyncio.current_task())


class _Asked:
    """One who awaits the answer. answer: the head, and the body unless it waits for room; over: nothing comes any more."""

    def __init__(self, request: bytes, at_once: int) -> None:
        """at_once: bytes of a body that does not have to wait for room."""
        self.answer: asyncio.Future[tuple[Head, bytes | None]] = asyncio.get_running_loop().create_future()
        self.over = False
        self._request = request
        self._at_once = at_once
        self._connection: Connection | None = None
        self._fault: Exception | None = None

    async def rest(self) -> tuple[Head, bytes | None]:
        """The answer, now that there is room for its body."""
        if self._fault is not None:
            raise self._fault
        self.answer = asyncio.get_running_loop().create_future()
        assert self._connection is not None
        self._connection.go_on()
        return await self.answer

    def request(self) -> bytes | None:
        return self._request

    def headed(self, connection: Connection, head: Head) -> bool:
        if head.status != 200 or head.length <= self._at_once:
            return True
        self._connection = connection
        if not self.answer.done():
            self.answer.set_result((head, None))
        return False

    def whole(self, head: Head, body: bytes) -> None:
        self.over = True
        if not self.answer.done():
            self.answer.set_result((head, body))

    def failed(self, why: Exception) -> None:
        self.over, self._fault = True, why
        if not self.answer.done():
            self.answer.set_exception(why)
