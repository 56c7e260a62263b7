"""Source `stdin`: what is piped in, until it ends. Nothing is watched and nothing can be read twice, so it is no source
for the service; `trailwarden scan -` reads it.

Keeps: memory is bounded whatever comes. JSON Lines pass in portions, cut between lines; anything else is one document
and is read whole up to the limit. What is over the limit is a fault, and what follows it is read all the same.

Next: `trailwarden.decode`, which takes each payload for what it is.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from trailwarden.errors import Reason, SourceError
from trailwarden.model import Batch, Clock, Origin
from trailwarden.sources.base import SourceState, SourceStatus

PORTION: Final = 16 * 1024 * 1024
"""Bytes from which on JSON Lines are cut."""
_RETRY_SECONDS: Final = 1.0
_LINES: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{[^\n]*\}[ \t\r]*\n")
"""A first line that is an object by itself, as in JSON Lines; that of an indented document ends sooner than its object."""


def payloads(stream: BinaryIO, max_bytes: int, portion: int = PORTION) -> Iterator[bytes]:
    """What a stream holds, in payloads of at most `max_bytes`; an empty one for an empty stream.

    Raises SourceError: TOO_LARGE for a document beyond the limit, or for such lines once all others were handed over;
    UNREADABLE where the stream cannot be read.
    """
    portion = min(portion, max_bytes)
    try:
        head = bytearray()
        _fill(stream, head, portion)
        if len(head) == portion and _LINES.match(head):
            yield from _lines(stream, head, max_bytes, portion)
            return
        _fill(stream, head, max_bytes + 1)
    except OSError as fault:
        raise SourceError(Reason.UNREADABLE, f"standard input: cannot be read: {fault.strerror}") from fault
    if len(head) > max_bytes:
        raise SourceError(
            Reason.TOO_LARGE,
            f"standard input: more than {max_bytes} bytes, and not JSON Lines; split it, or name it as a file",
        )
    yield bytes(head)


def _lines(stream: BinaryIO, buffer: bytearray, max_bytes: int, portion: int) -> Iterator[bytes]:
    """Whole lines, about a portion of them at a time, without the line end of the last."""
    skipped = 0
    target = portion
    while True:
        _fill(stream, buffer, target)
        if len(buffer) < target:
            break
        end = buffer.rfind(b"\n")
        if end >= 0:
            yield bytes(buffer[:end])
            del buffer[: end + 1]
            target = portion
        elif len(buffer) > max_bytes:
            skipped += 1
            buffer = _after_line(stream, portion)
            target = portion
        else:
            target = min(target + portion, max_bytes + 1)
    if buffer:
        yield bytes(buffer)
    if skipped:
        raise SourceError(
            Reason.TOO_LARGE,
            f"standard input: {skipped} lines of more than {max_bytes} bytes were passed over",
        )


def _fill(stream: BinaryIO, buffer: bytearray, target: int) -> None:
    """Read until the buffer holds `target` bytes; fewer only at the end of the stream."""
    while len(buffer) < target and (data := stream.read(target - len(buffer))):
        buffer += data


def _after_line(stream: BinaryIO, portion: int) -> bytearray:
    """Pass over the rest of a line. What was read beyond it: less than a portion."""
    while data := stream.read(portion):
        end = data.find(b"\n")
        if end >= 0:
            return bytearray(data[end + 1 :])
    return bytearray()


class _Payload(Batch):
    """One payload, or the fault in its place. It is kept until its ack, because it cannot be read again."""

    def __init__(self, origin: Origin, number: int, clock: Clock, content: bytes | SourceError) -> None:
        self.origin = origin
        self.key = str(number)
        self.received_at = clock.now()
        self.size_hint = len(content) if isinstance(content, bytes) else 0
        self.acked = False
        self.answered = asyncio.Event()
        self.content = content

    def load(self) -> bytes:
        if isinstance(self.content, SourceError):
            raise self.content
        return self.content

    async def ack(self) -> None:
        self.acked = self.acked or not self.answered.is_set()
        self.answered.set()

    async def nack(self, reason: str) -> None:
        del reason  # who gives it knows it; there is nothing here that it could change
        self.answered.set()


class StdinSource:
    """One payload at a time: the next follows the ack of the one before. A nacked one comes again."""

    kind = "stdin"

    def __init__(
        self,
        stream: BinaryIO,
        max_bytes: int,
        clock: Clock,
        name: str = "stdin",
        portion: int = PORTION,
        retry_seconds: float = _RETRY_SECONDS,
    ) -> None:
        self.name = name
        self._payloads = payloads(stream, max_bytes, portion)
        self._origin = Origin(name, self.kind, "-")
        self._clock = clock
        self._retry_seconds = retry_seconds
        self._pulling: asyncio.Task[bytes | SourceError | None] | None = None
        self._current: _Payload | None = None
        self._count = 0
        self._closed = False
        self._status = SourceStatus()

    async def open(self) -> None:
        self._status.state = SourceState.RUNNING

    async def read(self, limit: int) -> Sequence[Batch]:
        """One batch (limit: at least 1), or none at the end. A fault of the stream is the fault of its last batch."""
        del limit
        if self._current is not None:
            await self._current.answered.wait()
            if not self._current.acked:
                await asyncio.sleep(self._retry_seconds)
                return self._handed_out(self._current.content)
            self._current = None
        if self._closed:
            return ()
        if self._pulling is None:
            self._pulling = asyncio.create_task(asyncio.to_thread(self._pull))
        await asyncio.wait([self._pulling])
        content = self._pulling.result()
        self._pulling = None
        if content is None:
            self._status.state = SourceState.FINISHED
            return ()
        self._count += 1
        return self._handed_out(content)

    def status(self) -> SourceStatus:
        return SourceStatus(
            self._status.state,
            self._status.last_success,
            f"{self._count} payloads",
            list(self._status.problems),
        )

    async def close(self) -> None:
        """The stream is its owner's to close."""
        self._closed = True

    def _handed_out(self, content: bytes | SourceError) -> list[Batch]:
        self._current = _Payload(self._origin, self._count, self._clock, content)
        return [self._current]

    def _pull(self) -> bytes | SourceError | None:
        try:
            content = next(self._payloads, None)
        except SourceError as fault:
            self._status.problems.append(fault.detail)
            return fault
        self._status.last_success = self._clock.now()
        return content
