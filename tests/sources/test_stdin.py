from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Iterator
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.errors import Reason, SourceError
from trailwarden.model import SystemClock
from trailwarden.sources import SourceState
from trailwarden.sources.stdin import StdinSource, payloads

LINES = b"".join(b'{"eventID":"%d"}\n' % number for number in range(100))


class Trickle(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    def __init__(self, content: bytes) -> None:
        self.content = io.BytesIO(content)

    def read(self, size: int = -1, /) -> bytes:
        return self.content.read(min(size, 7))


def stream(content: bytes, trickling: bool) -> BinaryIO:
    return Trickle(content) if trickling else io.BytesIO(content)  # type: ignore[return-value]  # has what is used


def drained(pieces: Iterator[bytes]) -> tuple[list[bytes], SourceError | None]:
    """The payloads, and the fault that came instead of more."""
    got = []
    try:
        for piece in pieces:
            got.append(piece)  # noqa: PERF402 - a list() would lose them when the fault comes
    except SourceError as fault:
        return got, fault
    return got, None


@pytest.mark.parametrize("trickling", [False, True])
@pytest.mark.parametrize(
    "content", [b"", b"x", b'{"Records":[]}', LINES, b"\x1f\x8b" + bytes(range(256)), b"[\n{},\n{}\n]"]
)
def test_what_is_below_a_portion_is_one_payload(content: bytes, trickling: bool) -> None:
    assert list(payloads(stream(content, trickling), 10_000)) == [content]


@pytest.mark.parametrize("trickling", [False, True])
def test_json_lines_are_cut_between_lines(trickling: bool) -> None:
    pieces = list(payloads(stream(LINES, trickling), 10_000, portion=100))
    assert len(pieces) > 10
    assert max(map(len, pieces)) <= 100
    assert b"\n".join(piece.strip(b"\n") for piece in pieces) == LINES.strip()


@pytest.mark.parametrize(
    "content",
    [
        b'{\n  "Records": [\n    {}\n  ]\n}' + b" " * 200,
        b'{"Records":[\n{"a":1},\n{"a":2}\n]}' + b" " * 200,
        b"[\n" + LINES.replace(b"}\n", b"},\n") + b"{}]",
        b"\x1f\x8b" + LINES,
        b"plain text\n" * 50,
    ],
)
def test_what_is_not_json_lines_is_one_payload_up_to_the_limit(content: bytes) -> None:
    assert list(payloads(io.BytesIO(content), len(content), portion=50)) == [content]
    got, fault = drained(payloads(io.BytesIO(content), len(content) - 1, portion=50))
    assert got == []
    assert fault is not None
    assert fault.reason is Reason.TOO_LARGE


def test_a_line_over_the_limit_is_passed_over_and_the_rest_is_read() -> None:
    content = LINES + b'{"long":"' + b"x" * 5000 + b'"}\n' + LINES
    got, fault = drained(payloads(io.BytesIO(content), 1000, portion=100))
    assert b"".join(got).count(b"eventID") == 200
    assert not any(b"xxx" in piece for piece in got)
    assert fault is not None
    assert fault.reason is Reason.TOO_LARGE
    assert "1 lines of more than 1000 bytes" in fault.detail


@given(
    lines=st.lists(st.integers(0, 10).map(lambda size: b"{%b}" % (b"x" * size)), min_size=1),
    portion=st.integers(1, 16),
    limit=st.integers(1, 16),
    newline_at_end=st.booleans(),
)
def test_every_line_within_the_limit_comes_whole_and_once(
    lines: list[bytes], portion: int, limit: int, newline_at_end: bool
) -> None:
    content = b"\n".join(lines) + b"\n" * newline_at_end
    got, fault = drained(payloads(io.BytesIO(content), limit, portion))
    assert all(len(piece) <= limit for piece in got)
    whole = [line for piece in got for line in piece.split(b"\n") if line]
    fits = [line for line in lines if len(line) <= limit]
    if fault is None:
        assert whole == lines
    else:
        assert fault.reason is Reason.TOO_LARGE
        assert whole in (
            [],
            fits,
        )  # [] where the first line does not end within a portion: then it is one document


async def test_a_stream_that_cannot_be_read_is_a_fault() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb", buffering=0) as pipe:
        os.close(reading)
        source = StdinSource(Broken(pipe.fileno()), 1000, SystemClock())  # type: ignore[arg-type]  # has what is used
        await source.open()
        (batch,) = await source.read(1)
        with pytest.raises(SourceError, match="standard input: cannot be read: Bad file descriptor"):
            batch.load()
        await batch.ack()
        assert await source.read(1) == ()
        assert source.status().problems == ["standard input: cannot be read: Bad file descriptor"]


class Broken(io.RawIOBase):
    """Reads from the wrong end of a pipe."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def read(self, size: int = -1, /) -> bytes:
        return os.read(self.descriptor, size)


async def test_as_a_source_each_payload_follows_the_ack_of_the_one_before() -> None:
    source = StdinSource(io.BytesIO(LINES), 10_000, SystemClock(), portion=1000)
    await source.open()
    pieces = []
    (batch,) = await source.read(5)
    while True:
        reading = asyncio.create_task(source.read(5))
        await asyncio.wait([reading], timeout=0.01)
        assert not reading.done()
        pieces.append(batch.load())
        await batch.ack()
        if not (batches := await reading):
            break
        (batch,) = batches
    assert b"".join(pieces).count(b"eventID") == 100
    assert len(pieces) > 1
    assert source.status().state is SourceState.FINISHED
    await source.close()
    assert await source.read(5) == ()


async def test_as_a_source_a_nacked_payload_comes_again() -> None:
    source = StdinSource(io.BytesIO(b"{}"), 1000, SystemClock(), retry_seconds=0.0)
    await source.open()
    for _ in range(3):
        (batch,) = await source.read(1)
        assert batch.load() == b"{}"
        await batch.nack("store is away")
        await batch.ack()  # too late: the first answer counts
    (batch,) = await source.read(1)
    await batch.ack()
    await batch.nack("too late")
    assert await source.read(1) == ()


async def test_as_a_source_a_cancelled_read_loses_nothing() -> None:
    reading_end, writing_end = os.pipe()
    with os.fdopen(reading_end, "rb") as pipe:
        source = StdinSource(pipe, 1000, SystemClock())
        await source.open()
        reading = asyncio.create_task(source.read(1))
        await asyncio.wait([reading], timeout=0.05)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        with os.fdopen(writing_end, "wb") as writer:
            writer.write(b"{}")
        (batch,) = await source.read(1)
        assert batch.load() == b"{}"
        await batch.ack()
        assert await source.read(1) == ()
