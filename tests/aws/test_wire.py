"""Requests over kept connections: whole answers or none, room before bodies, and nothing that was not asked for."""

from __future__ import annotations

import asyncio

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from tests.aws.wire_peer import OK, REQUEST, Nobody, Peer, Writer, ask, says, wired
from trailwarden.aws.answer import ObjectTooLargeError
from trailwarden.aws.wire import Wire
from trailwarden.aws.wire_connection import Connection
from trailwarden.aws.wire_head import Head, UnusualError, parsed


async def test_one_connection_serves_one_request_after_the_other() -> None:
    peer = Peer(says(OK))
    async with wired(peer) as wire:
        for _ in range(3):
            answer = await ask(wire)
            assert answer is not None
            assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"ok", "2")
    assert (peer.connections, peer.requests) == (1, 3)


async def test_side_by_side_no_more_connections_than_allowed() -> None:
    peer = Peer(says(OK))
    async with wired(peer, connections=2) as wire:
        answers = await asyncio.gather(*(ask(wire) for _ in range(10)))
    assert all(one is not None and one.body == b"ok" for one in answers)
    assert peer.connections == 2


async def test_an_answer_in_pieces_is_put_together() -> None:
    async with wired(Peer(says(*(bytes([one]) for one in OK)))) as wire:
        answer = await ask(wire)
    assert answer is not None
    assert answer.body == b"ok"


async def test_a_kept_connection_that_was_closed_is_replaced() -> None:
    peer = Peer(says(OK, then_closes=True), says(OK))
    async with wired(peer) as wire:
        for _ in range(2):
            assert await ask(wire) is not None
    assert peer.connections == 2


async def test_a_kept_connection_that_closes_on_the_request_is_replaced_once() -> None:
    peer = Peer(says(OK), says(then_closes=True), says(OK))
    async with wired(peer) as wire:
        assert await ask(wire) is not None
        assert await ask(wire) is not None
    assert (peer.connections, peer.requests) == (2, 3)


async def test_a_new_connection_that_closes_is_a_failure() -> None:
    peer = Peer(says(then_closes=True))
    async with wired(peer) as wire:
        with pytest.raises(ConnectionError):
            await ask(wire)
    assert peer.requests == 1


async def test_a_kept_connection_that_breaks_within_the_answer_is_a_failure() -> None:
    peer = Peer(says(OK), says(OK[:-1], then_closes=True))
    async with wired(peer) as wire:
        await ask(wire)
        with pytest.raises(ConnectionError):
            await ask(wire)


@pytest.mark.parametrize("closing", [b"Connection: close\r\n", b"connection: Close\r\n"])
async def test_a_connection_that_will_close_is_not_kept(closing: bytes) -> None:
    peer = Peer(says(OK.replace(b"Content", closing + b"Content")))
    async with wired(peer) as wire:
        await ask(wire)
        await ask(wire)
    assert peer.connections == 2


async def test_what_nobody_asked_for_is_no_answer_to_the_next_request() -> None:
    peer = Peer(says(OK + b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"), says(OK))
    async with wired(peer) as wire:
        for _ in range(2):
            answer = await ask(wire)
            assert answer is not None
            assert answer.body == b"ok"
    assert peer.connections == 2


async def test_the_body_is_read_when_there_is_room() -> None:
    body = b"x" * 32_000_000  # more than lies in the buffers between the two
    stood_still, room = asyncio.Event(), asyncio.Event()

    async def large(writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        drained = asyncio.ensure_future(writer.drain())
        await asyncio.wait([drained], timeout=0.3)
        if not drained.done():
            stood_still.set()
        room.set()
        await drained

    async def admit(size: int) -> None:
        assert size == len(body)
        await room.wait()

    async with wired(Peer(large)) as wire:
        answer = await wire.ask(REQUEST, len(body), admit)
    assert stood_still.is_set()
    assert answer is not None
    assert answer.body == body


async def test_a_connection_that_ends_while_its_body_waits_for_room_is_a_failure() -> None:
    gone = asyncio.Event()

    async def cut(writer: Writer) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await writer.drain()
        writer.transport.abort()
        gone.set()

    async def admit(_size: int) -> None:
        await gone.wait()
        await asyncio.sleep(0.05)

    async with wired(Peer(cut)) as wire:
        with pytest.raises(ConnectionError):
            await wire.ask(REQUEST, 100, admit)


def test_a_connection_that_was_closed_is_an_error_of_the_network_on_every_loop() -> None:
    async def asked_after_the_end() -> None:
        async with wired(Peer(says(OK))) as wire:
            await ask(wire)
            (connection,) = wire._idle
            connection.close()
            with pytest.raises(ConnectionError):
                connection.ask(REQUEST, 1.0, Nobody())

    asyncio.run(asked_after_the_end())
    uvloop.run(asked_after_the_end())


async def test_what_is_too_large_is_not_read() -> None:
    async with wired(Peer(says(b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n"))) as wire:
        with pytest.raises(ObjectTooLargeError):
            await ask(wire, limit=100)


async def test_silence_is_a_failure_and_its_connection_is_not_used_again() -> None:
    peer = Peer(says(OK[:-1]), says(OK))
    async with wired(peer, read_timeout=0.2) as wire:
        with pytest.raises(TimeoutError):
            await ask(wire)
        answer = await ask(wire)
    assert answer is not None
    assert peer.connections == 2


async def test_a_request_that_is_cancelled_leaves_no_answer_for_the_next() -> None:
    peer = Peer(says(), says(OK))
    async with wired(peer) as wire:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(wire), 0.2)
        answer = await ask(wire)
    assert answer is not None
    assert peer.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n folded\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 500 Oh\r\nContent-Length: 9999999\r\n\r\n",
        b"nothing of the kind\r\n\r\n",
        b"x" * 70_000,
    ],
)
async def test_what_is_unusual_is_left_to_the_long_way(answer: bytes) -> None:
    async with wired(Peer(says(answer))) as wire:
        assert await ask(wire) is None


async def test_a_refusal_comes_with_its_beginning() -> None:
    body = b"<Error>" + b"x" * 20_000
    async with wired(Peer(says(b"HTTP/1.1 403 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body))) as wire:
        answer = await ask(wire, limit=10)
    assert answer is not None
    assert (answer.status, answer.body) == (403, body[:8192])


async def test_a_peer_that_is_not_there_is_a_failure() -> None:
    async with wired(Peer(says(OK))) as wire:
        pass
    with pytest.raises(OSError):  # noqa: PT011 - of several kinds
        await ask(wire)


def test_a_connection_is_none_before_it_is_made() -> None:
    async def made() -> bool:
        return Connection(Wire("127.0.0.1", 1, None, 1.0, 1.0, 1)).open

    assert not asyncio.run(made())


@given(
    st.binary(max_size=300)
    | st.binary(max_size=100).map(lambda more: OK.partition(b"\r\n\r\n")[0] + b"\r\n" + more)
)
def test_any_head_is_understood_or_unusual(head: bytes) -> None:
    try:
        found = parsed(head)
    except UnusualError:
        return
    assert isinstance(found, Head)
    assert found.length >= 0
    assert head.startswith(b"HTTP/1.1 ")
