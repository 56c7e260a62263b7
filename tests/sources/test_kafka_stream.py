"""What is collected is what came, however it was cut on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.sources.kafka_stream import LARGE, Collecting, collect

SIZES = st.sampled_from([1, 4, 100, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE])


class Transport(asyncio.Transport):
    """As far as a reader knows one."""

    def __init__(self) -> None:
        super().__init__()
        self.paused = False

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


def collecting() -> tuple[asyncio.StreamReader, Transport]:
    reader, transport = asyncio.StreamReader(limit=LARGE), Transport()
    reader.set_transport(transport)
    return reader, transport


async def read_all(reads: Sequence[int], pieces: Sequence[int], late: int) -> None:
    """late: after how many pieces the reader becomes a collecting one."""
    whole = bytes(range(256)) * (sum(reads) // 256 + 1)
    reader, transport = collecting()
    got: list[bytes] = []

    async def read() -> None:
        got.extend([await reader.readexactly(size) for size in reads])

    reading = asyncio.create_task(read())
    at = 0
    for number, size in enumerate([*pieces, sum(reads)]):
        if number == late:
            collect(reader)
        piece = whole[at : min(at + size, sum(reads))]
        at += len(piece)
        if piece:
            reader.feed_data(piece)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await reading
    assert b"".join(got) == whole[: sum(reads)]
    assert [len(one) for one in got] == list(reads)
    assert not transport.paused or len(reader._buffer) > LARGE  # type: ignore[attr-defined]


@given(st.lists(SIZES, min_size=1, max_size=6), st.lists(SIZES, max_size=12), st.integers(0, 3))
def test_what_was_sent_is_read(reads: list[int], pieces: list[int], late: int) -> None:
    asyncio.run(asyncio.wait_for(read_all(reads, pieces, late), 20))


async def test_a_connection_that_ends_within_an_answer_says_so_and_how_far_it_came() -> None:
    reader, _ = collecting()
    collect(reader)
    assert isinstance(reader, Collecting)
    reading = asyncio.create_task(reader.readexactly(2 * LARGE))
    await asyncio.sleep(0)
    reader.feed_data(b"x" * LARGE)
    reader.feed_eof()
    with pytest.raises(asyncio.IncompleteReadError) as ended:
        await reading
    assert (ended.value.partial, ended.value.expected) == (b"x" * LARGE, 2 * LARGE)


async def test_a_fault_of_the_connection_is_raised() -> None:
    reader, _ = collecting()
    collect(reader)
    reading = asyncio.create_task(reader.readexactly(LARGE))
    await asyncio.sleep(0)
    reader.set_exception(ConnectionResetError("gone"))
    with pytest.raises(ConnectionResetError):
        await reading


async def test_a_read_that_was_given_up_leaves_the_reader_as_any_other() -> None:
    reader, _ = collecting()
    collect(reader)
    reading = asyncio.create_task(reader.readexactly(LARGE))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    reader.feed_data(b"abcd")
    assert await reader.readexactly(4) == b"abcd"
    collect(None)
