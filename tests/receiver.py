"""A real webhook receiver on the loopback that can be told to misbehave."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()

Behaviour = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(status: int, body: bytes = b"", **headers: str) -> Behaviour:
    """A plain answer; header names are written with underscores."""

    async def behave(writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}", "connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return behave


async def reset(writer: asyncio.StreamWriter) -> None:
    """Half an answer, then the connection is torn."""
    writer.write(b"HTTP/1.1 20")
    await writer.drain()
    writer.transport.abort()


async def garbage(writer: asyncio.StreamWriter) -> None:
    """Not HTTP."""
    writer.write(b"\x00\xff SMTP ready, perhaps\r\n" * 20)
    await writer.drain()


async def hang(writer: asyncio.StreamWriter) -> None:
    """No answer at all, until the other side gives up."""
    await writer.wait_closed()


async def endless(writer: asyncio.StreamWriter) -> None:
    """An answer without end."""
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()


@dataclass
class Receiver:
    """What came, and what is answered: the next of `script`, or 204 when there is none left."""

    url: str = ""
    script: deque[Behaviour] = field(default_factory=deque)
    always: Behaviour | None = None
    ids: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    refused: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    connections: set[asyncio.Task[None]] = field(default_factory=set)

    async def until(self, count: int) -> None:
        """Until so many requests have come."""
        async with asyncio.timeout(30), self.changed:
            await self.changed.wait_for(lambda: len(self.ids) >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, one request."""
        task = asyncio.current_task()
        assert task is not None
        self.connections.add(task)
        try:
            await self._request(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.connections.discard(task)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        try:
            Webhook(SECRET).verify(body, headers)
        except WebhookVerificationError:
            self.refused += 1
        async with self.changed:
            self.ids.append(headers.get("webhook-id", ""))
            self.bodies.append(body)
            self.headers.append(headers)
            self.changed.notify_all()
        behave = self.script.popleft() if self.script else self.always or answer(204)
        await behave(writer)


@contextlib.asynccontextmanager
async def receiving(*script: Behaviour, always: Behaviour | None = None) -> AsyncIterator[Receiver]:
    """A receiver that serves within the block."""
    receiver = Receiver(script=deque(script), always=always)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    receiver.url = f"http://{host}:{port}/hook"
    try:
        yield receiver
    finally:
        server.close()
        for task in list(receiver.connections):
            task.cancel()
        await asyncio.gather(*receiver.connections, return_exceptions=True)
