"""A peer that does with each request as it was told, and a wire to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from trailwarden.aws.answer import Answer, no_wait
from trailwarden.aws.wire import Wire
from trailwarden.aws.wire_connection import Connection
from trailwarden.aws.wire_head import Head

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
Turn = Callable[[Writer], Awaitable[None]]
REQUEST = b"GET /k HTTP/1.1\r\nHost: h\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Peer:
    """turns: what it does with the requests, in order; the last one repeats. connections: how many were made."""

    def __init__(self, *turns: Turn) -> None:
        self.turns = list(turns)
        self.connections = self.requests = 0
        self._serving: set[asyncio.Task[None]] = set()

    async def stop(self) -> None:
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def serve(self, reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self.connections += 1
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.requests += 1
                turn = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
                await turn(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class Nobody:
    """Asks, and does not care. told: what it was told, in order; reads: whether a body may come at once."""

    def __init__(self, reads: bool = True) -> None:
        self.told: list[object] = []
        self.over = asyncio.Event()
        self.reads = reads
        self.connection: Connection | None = None

    def request(self) -> bytes | None:
        return REQUEST

    def headed(self, connection: Connection, head: Head) -> bool:
        self.connection = connection
        self.told.append(head.length)
        return self.reads

    def whole(self, _head: Head, body: bytes) -> None:
        self.told.append(body)
        self.over.set()

    def failed(self, why: Exception) -> None:
        self.told.append(type(why))
        self.over.set()


def says(*pieces: bytes, then_closes: bool = False) -> Turn:
    async def turn(writer: Writer) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)
        if then_closes:
            writer.close()
            await writer.wait_closed()

    return turn


@asynccontextmanager
async def wired(peer: Peer, read_timeout: float = 5.0, connections: int = 4) -> AsyncIterator[Wire]:
    server = await asyncio.start_server(peer.serve, "127.0.0.1", 0)
    wire = Wire("127.0.0.1", server.sockets[0].getsockname()[1], None, 5.0, read_timeout, connections)
    try:
        yield wire
    finally:
        wire.close()
        server.close()
        await peer.stop()


async def ask(wire: Wire, limit: int = 100) -> Answer | None:
    return await wire.ask(REQUEST, limit, no_wait)
