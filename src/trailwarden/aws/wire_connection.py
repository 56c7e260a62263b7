"""One connection that takes a request and gives its answer, if that has the one shape that S3 and SQS use: HTTP/1.1, a final
status, a Content-Length.

Keeps: a body is given whole or not at all; what was not asked for, or does not have that shape, ends the connection. After the
head nothing more is read until there is room for the body. A peer that is silent for the time-out, or that sends less than
`LEAST_RATE` over the time-out from its first byte on, is given up: no answer holds its place for ever.

Rules: RFC 9112, sections 4 and 6. A head with a Transfer-Encoding, or with two lengths, is not of that shape.

Next: `wire`, which keeps connections and gives each the next request.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

HEAD_BYTES: Final = 64 * 1024
LEAST_RATE: Final = 4 * 1024
"""Bytes a second: what each of a hundred connections has on a line of 3 Mbit/s."""
_STATUS: Final = re.compile(rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [^\r\n]*)?")
_HEADERS: Final = re.compile(rb"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*(?:\r\n|\Z))+")


class UnusualError(Exception):
    """An answer of another shape."""


@dataclass(frozen=True, slots=True)
class Head:
    """length: of the body in bytes; closes: the peer takes no other request after this one."""

    status: int
    headers: Mapping[str, str]
    length: int
    closes: bool


def parsed(head: bytes) -> Head:
    """head: without the empty line at its end. Raises UnusualError."""
    first, _, rest = head.partition(b"\r\n")
    status = _STATUS.fullmatch(first)
    if status is None:
        raise UnusualError("no final status of HTTP/1.1")
    if _HEADERS.fullmatch(rest) is None or rest.endswith(b"\r\n"):
        raise UnusualError("a line of the head that is no header")
    headers: dict[str, str] = {}
    for line in rest.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(":")
        name = name.lower()
        if name in headers and name in ("content-length", "transfer-encoding"):
            raise UnusualError(f"two headers {name}")
        headers[name] = value.strip(" \t")
    length = headers.get("content-length", "")
    if "transfer-encoding" in headers or not (length.isascii() and length.isdecimal()) or len(length) > 18:
        raise UnusualError("a body without a plain length")
    return Head(
        int(status[1]),
        headers,
        0 if status[1] in (b"204", b"304") else int(length),
        "close" in headers.get("connection", "").lower(),
    )


class Connection(asyncio.Protocol):
    """To be asked one thing at a time. used: whether it has answered before; heard: whether anything came since it was asked."""

    def __init__(self) -> None:
        self.used = self.heard = False
        self.idle_since = 0.0
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._pieces: list[bytes] = []
        self._held = 0
        self._head: Head | None = None
        self._failed: BaseException | None = None
        self._timeout = 0.0
        self._last = 0.0
        self._counted: tuple[float, int] | None = None
        """Since when the bytes are counted, and how many were there then; None before the first byte."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether it can be asked."""
        return self._failed is None and self._transport is not None and not self._transport.is_closing()

    async def head(self, request: bytes, timeout: float) -> Head:  # noqa: ASYNC109 - of silence, and of too little
        """Send it, and wait for the beginning of its answer. Raises OSError, TimeoutError, UnusualError."""
        self.heard, self._head, self._timeout, self._counted = False, None, timeout, None
        self._alive().write(request)
        await self._wait()
        assert self._head is not None
        return self._head

    async def body(self) -> bytes:
        """All of it. Raises OSError, TimeoutError."""
        head = self._head
        assert head is not None
        if self._held < head.length:
            self._alive().resume_reading()
            self._counted = self._loop.time(), self._held  # not while there was no room for it
            await self._wait()
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._held = [], 0
        self.used, self.idle_since = True, self._loop.time()
        if head.closes or len(body) > head.length:
            self.close()
        return body[: head.length]

    def close(self) -> None:
        """At once. Idempotent."""
        self._fail(ConnectionAbortedError("closed"))
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionResetError("the connection ended before the answer was whole"))

    def data_received(self, data: bytes) -> None:
        self.heard = True
        if self._waiter is None:
            self.close()  # nobody asked
            return
        self._last = self._loop.time()
        if self._counted is None:
            self._counted = self._last, 0
        self._pieces.append(data)
        self._held += len(data)
        if self._head is None:
            self._begin()
        elif self._held >= self._head.length:
            self._done()

    def _begin(self) -> None:
        """Look whether the head is there."""
        if len(self._pieces) > 1:
            self._pieces = [b"".join(self._pieces)]
        whole = self._pieces[0]
        end = whole.find(b"\r\n\r\n")
        if end < 0:
            if len(whole) > HEAD_BYTES:
                self._fail(UnusualError("a head of more than 64 KiB"))
            return
        try:
            self._head = parsed(whole[:end])
        except UnusualError as fault:
            self._fail(fault)
            return
        self._pieces = [whole[end + 4 :]]
        self._held = len(self._pieces[0])
        if self._held < self._head.length:
            assert self._transport is not None
            self._transport.pause_reading()
        self._done()

    def _alive(self) -> asyncio.Transport:
        """uvloop's transport takes a call after its end for a mistake, and not for an error of the connection."""
        if self._failed is not None:
            raise self._failed
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("the connection has ended")
        return self._transport

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        self._last = self._loop.time()
        self._timer = self._loop.call_later(self._timeout, self._look)
        try:
            await self._waiter
        finally:
            self._timer.cancel()
            self._waiter = None

    def _look(self) -> None:
        """Whether it has been silent, or all too slow, for too long."""
        now, until = self._loop.time(), self._last + self._timeout
        if until <= now:
            self._fail(TimeoutError(f"no byte within {self._timeout:g} s"))
            return
        if self._counted is not None:
            since, had = self._counted
            if since + self._timeout <= now:
                if self._held - had < LEAST_RATE * self._timeout:
                    self._fail(TimeoutError(f"only {self._held - had} bytes within {now - since:g} s"))
                    return
                self._counted = since, had = now, self._held
            until = min(until, since + self._timeout)
        self._timer = self._loop.call_later(until - now, self._look)

    def _done(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, why: BaseException) -> None:
        if self._failed is None:
            self._failed = why
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self._failed)
