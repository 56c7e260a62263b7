"""Who asks without waiting is called back: in turn, once, and with the next request under way before it gets its answer."""

from __future__ import annotations

import asyncio

import pytest

from tests.aws.wire_peer import OK, REQUEST, Nobody, Peer, Writer, ask, says, wired
from trailwarden.aws.wire import Wire
from trailwarden.aws.wire_connection import Asker, Connection
from trailwarden.aws.wire_head import Head

LATER = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"


class Noting(Nobody):
    """Its number, when it sends and when it gets its answer, in a list that several share."""

    def __init__(self, number: int, told: list[tuple[str, int]]) -> None:
        super().__init__()
        self.number, self.all = number, told

    def request(self) -> bytes | None:
        self.all.append(("sends", self.number))
        return super().request()

    def whole(self, head: Head, body: bytes) -> None:
        self.all.append(("gets", self.number))
        super().whole(head, body)


async def over(*askers: Nobody) -> None:
    async with asyncio.timeout(10):
        for one in askers:
            await one.over.wait()


async def test_the_next_request_is_under_way_before_the_answer_is_given() -> None:
    told: list[tuple[str, int]] = []
    askers = [Noting(number, told) for number in range(3)]
    async with wired(Peer(says(OK)), connections=1) as wire:
        for one in askers:
            wire.start(one)
        await over(*askers)
    assert told == [("sends", 0), ("sends", 1), ("gets", 0), ("sends", 2), ("gets", 1), ("gets", 2)]


async def test_who_does_not_want_it_any_more_is_passed_over() -> None:
    class Gone(Nobody):
        def request(self) -> bytes | None:
            return None

    peer, gone, last = Peer(says(OK)), Gone(), Nobody()
    async with wired(peer, connections=1) as wire:
        for one in (gone, last):
            wire.start(one)
        await over(last)
    assert (peer.requests, gone.told, last.told) == (1, [], [2, b"ok"])


async def test_who_leaves_the_queue_is_not_asked_for() -> None:
    peer, first, second, third = Peer(says(OK)), Nobody(), Nobody(), Nobody()
    async with wired(peer, connections=1) as wire:
        for one in (first, second, third):
            wire.start(one)
        wire.leave(second)
        await over(first, third)
    assert (peer.requests, second.told) == (2, [])


async def test_who_leaves_while_it_is_answered_leaves_nothing_for_the_next() -> None:
    asked = asyncio.Event()

    async def silent(_writer: Writer) -> None:
        asked.set()

    first, second = Nobody(), Nobody()
    async with wired(Peer(silent, says(OK)), connections=1) as wire:
        wire.start(first)
        wire.start(second)
        await asked.wait()
        wire.leave(first)
        await over(second)
    assert (first.told, second.told) == ([ConnectionAbortedError], [2, b"ok"])


async def test_a_wire_that_closes_tells_everybody() -> None:
    asked = asyncio.Event()

    async def silent(_writer: Writer) -> None:
        asked.set()

    askers = [Nobody() for _ in range(3)]
    async with wired(Peer(silent), connections=1) as wire:
        for one in askers:
            wire.start(one)
        await asked.wait()
    await over(*askers)
    assert [one.told for one in askers] == [[ConnectionAbortedError]] * 3


async def test_a_wire_that_closes_while_it_connects_tells_everybody() -> None:
    async with wired(Peer(says(OK))) as wire:
        asker = Nobody()
        wire.start(asker)
    await over(asker)
    assert asker.told == [ConnectionAbortedError]


async def test_a_peer_that_is_not_there_fails_each_one_and_holds_up_none() -> None:
    async with wired(Peer(says(OK)), connections=1) as wire:
        pass
    askers = [Nobody() for _ in range(3)]
    for one in askers:
        wire.start(one)
    await over(*askers)
    assert all(len(one.told) == 1 and issubclass(one.told[0], OSError) for one in askers)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", [b"body", b"bo"], ids=["that is there already", "of which a part is there"])
async def test_a_body_waits_for_room_as_long_as_it_takes(body: bytes) -> None:
    rest = asyncio.Event()

    async def later(writer: Writer) -> None:
        writer.write(LATER + body)
        await rest.wait()
        writer.write(b"body"[len(body) :])

    asker = Nobody(reads=False)
    async with wired(Peer(later), read_timeout=0.1) as wire:
        wire.start(asker)
        async with asyncio.timeout(5):
            while asker.connection is None:  # noqa: ASYNC110 - a callback tells
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.3)  # longer than a peer may be silent
        assert asker.told == [4]
        rest.set()
        asker.connection.go_on()
        asker.connection.go_on()
        await over(asker)
    assert asker.told == [4, b"body"]


async def test_who_closes_the_connection_at_the_head_is_told_and_the_next_one_is_served() -> None:
    class Refuses(Nobody):
        def headed(self, connection: Connection, head: Head) -> bool:
            connection.close()
            return super().headed(connection, head)

    first, second = Refuses(), Nobody()
    async with wired(Peer(says(OK)), connections=1) as wire:
        wire.start(first)
        wire.start(second)
        await over(first, second)
    assert (first.told, second.told) == ([ConnectionAbortedError, 2], [2, b"ok"])


async def test_those_that_wait_and_those_that_do_not_share_the_connections() -> None:
    peer = Peer(says(OK))
    askers: list[Asker] = [Nobody() for _ in range(5)]
    async with wired(peer, connections=2) as wire:
        for one in askers:
            wire.start(one)
        answers = await asyncio.gather(*(ask(wire) for _ in range(5)))
    assert all(one is not None for one in answers)
    assert (peer.connections, peer.requests) == (2, 10)


async def test_a_connection_that_ends_between_two_requests_costs_another_one() -> None:
    peer = Peer(says(OK), says(OK))
    async with wired(peer, connections=1) as wire:
        assert await ask(wire) is not None
        (kept,) = wire._idle
        assert kept._transport is not None
        kept._transport.close()  # as when the peer has closed it, and the loop does not know yet
        assert await ask(wire) is not None
    assert (peer.connections, peer.requests) == (2, 2)


@pytest.mark.parametrize(("seconds", "connections"), [(9.0, 1), (11.0, 2)])
async def test_a_connection_that_has_rested_for_long_is_not_used(seconds: float, connections: int) -> None:
    peer = Peer(says(OK))
    async with wired(peer, connections=1) as wire:
        assert await ask(wire) is not None
        wire._idle[0]._last -= seconds
        assert await ask(wire) is not None
    assert peer.connections == connections


def test_a_wire_is_made_without_a_loop() -> None:
    Wire("127.0.0.1", 1, None, 1.0, 1.0, 1)
    assert REQUEST
