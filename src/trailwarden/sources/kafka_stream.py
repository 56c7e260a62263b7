"""The bytes of a connection to a broker: a large answer is collected in pieces and joined once.

Keeps: what is read is what came, in its order, and what came behind it is still there.

asyncio's reader appends each piece to one buffer, which is moved as it grows, and stops the connection at every 128 KiB to have
somebody look whether it is enough. An answer has some mebibytes.

Next: `kafka_fetch`, which has connections collect.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

LARGE: Final = 64 * 1024
"""Bytes of a read that is worth collecting."""


class Collecting(asyncio.StreamReader):
    """A reader that a connection has made already becomes one of these (`collect`), so that nothing is set up here."""

    _missing = 0
    """Bytes of the read that is under way."""
    _pieces: list[bytes]

    def feed_data(self, data: bytes) -> None:  # type: ignore[override] # asyncio's own says less of it
        """Called by the transport."""
        if self._missing <= 0:
            super().feed_data(data)
            return
        self._pieces.append(data)
        self._missing -= len(data)
        if self._missing <= 0:
            self._wakeup_waiter()

    async def readexactly(self, n: int) -> bytes:
        """Raises IncompleteReadError, and what else the connection met."""
        if n < LARGE or len(self._buffer) >= n or self._eof or self._exception is not None:
            return await super().readexactly(n)
        self._pieces = [bytes(self._buffer)]
        self._missing = n - len(self._buffer)
        self._buffer.clear()
        try:
            while self._missing > 0:
                if self._exception is not None:
                    raise self._exception
                if self._eof:
                    raise asyncio.IncompleteReadError(b"".join(self._pieces), n)
                await self._wait_for_data("readexactly")
            return self._whole(-self._missing)
        finally:
            self._missing, self._pieces = 0, []

    def _whole(self, surplus: int) -> bytes:
        if surplus:
            last = self._pieces[-1]
            self._pieces[-1] = last[:-surplus]
            self._buffer.extend(last[-surplus:])
        return b"".join(self._pieces)

    # Of asyncio's own class, in every Python since 3.7; mypy does not know of them.
    _buffer: bytearray
    _eof: bool
    _exception: BaseException | None
    _wakeup_waiter: Any
    _wait_for_data: Any


def collect(reader: asyncio.StreamReader | None) -> None:
    """From the next read on. What is under way with another reader, or with one of another kind, goes on as it is."""
    if type(reader) is asyncio.StreamReader:
        reader.__class__ = Collecting
