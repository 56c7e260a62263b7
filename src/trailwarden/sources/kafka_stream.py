"""The bytes of a connection to a broker: a large answer is received into the memory in which it stays.

Keeps: what is read is what came, in its order, and what came behind it is still there.

asyncio's reader appends each piece to one buffer, which is moved as it grows, copies the answer out of it, and stops the
connection at every 128 KiB to have somebody look whether it is enough. An answer has some mebibytes, and all of that would be
done in the loop.

Next: `kafka_fetch`, which has connections receive like this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

try:
    from trailwarden.sources import _kafka_records
except ImportError:  # no compiler at installation, or another processor
    COMPILED = False
else:
    COMPILED = True

LARGE: Final = 64 * 1024
"""Bytes of a read that gets memory of its own."""
MOST: Final = 256 * 1024 * 1024
"""Bytes that are reserved because a broker says that so many will come. What it says is more is given room as it comes."""

Memory = tuple[memoryview, Callable[[], bytes]]
"""To be written into, and what gives its content when that is done."""


def memory(size: int) -> Memory:
    """Of so many bytes."""
    if COMPILED:
        room = _kafka_records.room(size)
        return memoryview(room), room.content
    plain = bytearray(size)
    return memoryview(plain), lambda: bytes(plain)


class Collecting(asyncio.StreamReader):
    """A reader that a connection has made already becomes one of these (`collect`), so that nothing is set up here."""

    _room: memoryview | None = None
    """Of the large read that is under way."""
    _had = 0
    """Bytes of it that are there."""

    async def readexactly(self, n: int) -> bytes:
        """Raises IncompleteReadError, and what else the connection met."""
        if not LARGE <= n <= MOST or len(self._buffer) >= n or self._eof or self._exception is not None:
            return await super().readexactly(n)
        room, content = memory(n)
        self._room, self._had = room, 0
        early = bytes(self._buffer)
        self._buffer.clear()
        self.feed_data(early)
        try:
            while self._had < n:
                if self._exception is not None:
                    raise self._exception
                if self._eof:
                    raise asyncio.IncompleteReadError(content()[: self._had], n)
                await self._wait_for_data("readexactly")
            return content()
        finally:
            self._room = None

    def vacant(self) -> memoryview | None:
        """Where the transport may write what comes next; None while no large read is under way."""
        if self._room is None or self._had == len(self._room):
            return None
        return self._room[self._had :]

    def filled(self, size: int) -> None:
        """The transport has written so many bytes there."""
        self._had += size
        if self._room is not None and self._had == len(self._room):
            self._wakeup_waiter()

    def feed_data(self, data: bytes) -> None:  # type: ignore[override] # asyncio's own says less of it
        """From elsewhere: what belongs to the large read goes there, the rest waits for the next one."""
        vacant = self.vacant()
        if vacant is not None:
            size = min(len(data), len(vacant))
            vacant[:size] = data[:size]
            self.filled(size)
            data = data[size:]
        if data:
            super().feed_data(data)

    # Of asyncio's own class, in every Python since 3.7; mypy does not know of them.
    _buffer: bytearray
    _eof: bool
    _exception: BaseException | None
    _wakeup_waiter: Any
    _wait_for_data: Any


class Receiving(asyncio.BufferedProtocol):
    """Between a transport and the protocol that it had, which gets all but the bytes."""

    def __init__(self, reader: Collecting, inner: asyncio.Protocol) -> None:
        self._reader = reader
        self._inner = inner
        self._between = memoryview(bytearray(LARGE))
        self._in_place = False

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the transport writes what comes next."""
        del sizehint
        vacant = self._reader.vacant()
        self._in_place = vacant is not None
        return self._between if vacant is None else vacant

    def buffer_updated(self, nbytes: int) -> None:
        """So many bytes came."""
        if self._in_place:
            self._reader.filled(nbytes)
        else:
            self._reader.feed_data(bytes(self._between[:nbytes]))

    def eof_received(self) -> bool | None:
        """Nothing more comes."""
        return self._inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """The transport has enough to send."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """It takes more."""
        self._inner.resume_writing()


def collect(reader: asyncio.StreamReader | None, transport: asyncio.Transport) -> None:
    """From now on. A reader of another kind goes on as it is, and so does one that has more than it wanted."""
    if type(reader) is not asyncio.StreamReader or not transport.is_reading():
        return
    inner = transport.get_protocol()
    if not isinstance(inner, asyncio.Protocol):
        return
    reader.__class__ = Collecting
    assert isinstance(reader, Collecting)
    transport.pause_reading()  # how a transport reads depends on the protocol that it has when it begins
    transport.set_protocol(Receiving(reader, inner))
    transport.resume_reading()
