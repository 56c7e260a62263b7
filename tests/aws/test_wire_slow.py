"""Peers that are slow: who drips is given up, who is steady is waited for."""

from __future__ import annotations

import asyncio

import pytest

from tests.aws.wire_peer import OK, Peer, Turn, Writer, ask, says, wired


def drips(beginning: bytes, piece: bytes, every: float) -> Turn:
    """Never silent for long, and never done."""

    async def turn(writer: Writer) -> None:
        writer.write(beginning)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every)

    return turn


@pytest.mark.parametrize(
    "turn",
    [
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x", 0.02),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100_000, b"x", 0.02),
        drips(b"HTTP/1.1 403 No\r\nContent-Length: 10000\r\n\r\n", b"x", 0.02),
        drips(b"HTTP/1.1 200 OK\r\nX: ", b"x", 0.02),
    ],
    ids=["a body", "a body after much of it", "a refusal", "a head"],
)
async def test_a_peer_that_drips_is_given_up(turn: Turn) -> None:
    async with wired(Peer(turn, says(OK)), read_timeout=0.2, connections=1) as wire:
        with pytest.raises(TimeoutError, match="bytes within"):
            await ask(wire, limit=1_000_000)
        assert await ask(wire) is not None


async def test_a_peer_that_is_slow_and_steady_is_waited_for() -> None:
    body = b"x" * 60_000

    async def steady(writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 4000):
            writer.write(body[start : start + 4000])
            await writer.drain()
            await asyncio.sleep(0.1)

    async with wired(Peer(steady), read_timeout=1.0) as wire:  # all of it takes longer
        answer = await ask(wire, limit=len(body))
    assert answer is not None
    assert answer.body == body
