"""One connection that takes a request and gives its answer, if that has the one shape that S3 and SQS use: HTTP/1.1, a final
status, a Content-Length.

Keeps: a body is given whole or not at all; what was not asked for, or does not have that shape, ends the connection. After the
head nothing more is read until there is room for the body. A peer that is silent for the time-out, or that sends less than
`LEAST_RATE` over the time-out from its first byte on, is given up: no answer holds its place for ever.

Nobody awaits anything here: who asks is called back, since a future, a task and a timer for each answer cost as much as
all the rest of it.

Next: `wire_head`, the head of an answer; `wire`, which keeps connections and gives each the next request.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol, cast

from trailwarden.aws.answer import BEGINNING
from trailwarden.aws.wire_head import HEAD_BYTES, Head, UnusualError, parsed

LEAST_RATE: Final = 4 * 1024
"""Bytes a second: what each of a hundred connections has on a line of 3 Mbit/s."""
_REFUSAL: Final = 16 * BEGINNING
"""Bytes of an answer that is no success; more is unusual."""


class Asker(Protocol):
    """Who asks for one thing. Called by the loop, so that nothing may be raised; of `whole` and `failed` one is called, once."""

    def request(self) -> bytes | None:
        """What is to be sent, now that its turn has come; None: nothing. Called again where a kept connection had ended."""
        ...

    def headed(self, connection: Connection, head: Head) -> bool:
        """The answer begins: whether its body may come at once. If not, it waits for `connection.go_on()`."""
        ...

    def whole(self, head: Head, body: bytes) -> None:
        """The answer, whatever its status is."""
        ...

    def failed(self, why: Exception) -> None:
        """There is none: OSError, TimeoutError, UnusualError."""
        ...


class Pool(Protocol):
    """Who owns connections."""

    def answered(self, connection: Connection) -> None:
        """It has nobody who asks any more. Called before that one gets its answer, so that the next request is under way."""
        ...

    def broken(self, connection: Connection, asker: Asker | None, why: Exception) -> None:
        """It has ended, and so far has not told who asked."""
        ...


class Connection(asyncio.Protocol):
    """To be asked one thing at a time. used: whether it has answered before; heard: whether anything came since it was asked;
    asker: who waits for an answer.
    """

    def __init__(self, pool: Pool) -> None:
        self.used = self.heard = False
        self.asker: Asker | None = None
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._pieces: list[bytes] = []
        self._held = 0
        self._head: Head | None = None
        self._going = False
        self._failed: Exception | None = None
        self._timeout = 0.0
        self._last = self._loop.time()
        """When something came, or was asked."""
        self._since: float | None = None
        """Since when the bytes are counted; None before the first byte."""
        self._had = 0
        """How many were there then."""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def open(self) -> bool:
        """Whether it can be asked."""
        return self._failed is None and self._transport is not None and not self._transport.is_closing()

    def rests(self) -> float:
        """Seconds since it was made, or answered."""
        return self._loop.time() - self._last

    def ask(self, request: bytes, timeout: float, asker: Asker) -> None:
        """Send it. timeout: seconds of silence, and of too little. Raises ConnectionError where it has ended."""
        if self._failed is not None or not self.open or self._transport is None:
            raise ConnectionResetError("the connection has ended")
        self.asker, self.heard, self._head, self._timeout = asker, False, None, timeout
        self._since, self._last = None, self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(timeout, self._look)
        self._transport.write(request)

    def go_on(self) -> None:
        """There is room for the body."""
        if self.asker is None or self._head is None or self._going:
            return
        self._going, self._last = True, self._loop.time()
        self._since, self._had = self._last, self._held  # not while there was no room for it
        if self._held >= self._head.length:
            self._done(self._head)
        elif self._transport is not None and self.open:
            self._transport.resume_reading()

    def close(self) -> None:
        """At once. Idempotent."""
        self._fail(ConnectionAbortedError("closed"))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none by inheritance

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionResetError("the connection ended before the answer was whole"))

    def data_received(self, data: bytes) -> None:
        if self.asker is None:
            self.close()  # nobody asked
            return
        self.heard, self._last = True, self._loop.time()
        if self._since is None:
            self._since, self._had = self._last, 0
        if self._head is None:
            self._begin(b"".join((*self._pieces, data)) if self._pieces else data, self.asker)
            return
        self._pieces.append(data)
        self._held += len(data)
        if self._going and self._held >= self._head.length:
            self._done(self._head)

    def _begin(self, data: bytes, asker: Asker) -> None:
        """Look whether the head is there. data: all that came."""
        end = data.find(b"\r\n\r\n")
        if end < 0:
            self._pieces, self._held = [data], len(data)
            if len(data) > HEAD_BYTES:
                self._fail(UnusualError("a head of more than 64 KiB"))
            return
        try:
            head = parsed(data[:end])
            if head.status != 200 and head.length > _REFUSAL:
                raise UnusualError("a long answer that is no success")
        except UnusualError as fault:
            self._fail(fault)
            return
        body = data[end + 4 :]
        self._head, self._pieces, self._held, self._going = head, [body], len(body), False
        going = asker.headed(self, head)
        if self.asker is not asker or self._going:
            return  # it has closed the connection, or gone on
        if going:
            self._going = True
            if self._held >= head.length:
                self._done(head)
        elif self._held < head.length and self._transport is not None and self.open:
            self._transport.pause_reading()

    def _done(self, head: Head) -> None:
        asker, self.asker = self.asker, None
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces, self._held = [], 0
        self.used = True
        surplus = len(body) > head.length
        if surplus or head.closes:
            self.close()
        self._pool.answered(self)
        assert asker is not None
        asker.whole(head, body[: head.length] if surplus else body)

    def _look(self) -> None:
        """Whether it has been silent, or all too slow, for too long."""
        self._timer = None
        if self.asker is None:
            return  # the next one who asks sets it again
        now = self._loop.time()
        if self._head is not None and not self._going:  # it is not the peer that is waited for
            self._last = now
        until = self._last + self._timeout
        if until <= now:
            self._fail(TimeoutError(f"no byte within {self._timeout:g} s"))
            return
        if self._since is not None and (self._head is None or self._going):
            if self._since + self._timeout <= now:
                if self._held - self._had < LEAST_RATE * self._timeout:
                    self._fail(
                        TimeoutError(f"only {self._held - self._had} bytes within {now - self._since:g} s")
                    )
                    return
                self._since, self._had = now, self._held
            until = min(until, self._since + self._timeout)
        self._timer = self._loop.call_later(until - now, self._look)

    def _fail(self, why: Exception) -> None:
        if self._failed is not None:
            return
        self._failed = why
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()
        asker, self.asker = self.asker, None
        self._pieces = []
        self._pool.broken(self, asker, why)
