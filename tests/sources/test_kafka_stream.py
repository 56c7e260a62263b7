"""What is received is what came, however it was cut on the way, over every transport that asyncio has."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Iterator, Sequence
from random import Random
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from tests.peers.certificates import Certified, certified
from trailwarden.sources import kafka_stream
from trailwarden.sources.kafka_stream import LARGE, Collecting, Receiving, collect, memory

NOT_COMPILED = (
    "nothing was compiled: that takes x86-64 and a C compiler, and `make .venv/bin/.ready` once more"
)
SIZES = st.sampled_from([1, 4, 100, LARGE - 1, LARGE, LARGE + 1, 3 * LARGE])


@pytest.fixture(params=["compiled", "plain"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Memory that becomes bytes as it is, and memory that is copied."""
    if request.param == "compiled" and not kafka_stream.COMPILED:
        pytest.skip(NOT_COMPILED)
    monkeypatch.setattr(kafka_stream, "COMPILED", request.param == "compiled")
    return str(request.param)


class Transport(asyncio.Transport):
    """As far as a reader and a protocol know one."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        super().__init__()
        self._protocol: asyncio.BaseProtocol = asyncio.StreamReaderProtocol(reader)
        self._protocol.connection_made(self)
        self._reading = True

    def is_reading(self) -> bool:
        return self._reading

    def pause_reading(self) -> None:
        self._reading = False

    def resume_reading(self) -> None:
        self._reading = True

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def is_closing(self) -> bool:
        return False

    def deliver(self, piece: bytes) -> None:
        """Bytes of the peer."""
        protocol = self._protocol
        while piece and isinstance(protocol, asyncio.BufferedProtocol):
            buffer = memoryview(protocol.get_buffer(-1)).cast("B")
            size = min(len(buffer), len(piece))
            buffer[:size] = piece[:size]
            protocol.buffer_updated(size)
            piece = piece[size:]
        if piece:
            assert isinstance(protocol, asyncio.Protocol)
            protocol.data_received(piece)


def connected() -> tuple[asyncio.StreamReader, Transport]:
    reader = asyncio.StreamReader(limit=LARGE)
    return reader, Transport(reader)


def collecting() -> tuple[asyncio.StreamReader, Transport]:
    reader, transport = connected()
    collect(reader, transport)
    assert isinstance(reader, Collecting)
    return reader, transport


async def read_all(reads: Sequence[int], pieces: Sequence[int], late: int) -> None:
    """late: after how many pieces the reader becomes a collecting one."""
    whole = bytes(range(256)) * (sum(reads) // 256 + 1)
    reader, transport = connected()
    got: list[bytes] = []

    async def read() -> None:
        got.extend([await reader.readexactly(size) for size in reads])

    reading = asyncio.create_task(read())
    at = 0
    for number, size in enumerate([*pieces, sum(reads)]):
        if number == late:
            collect(reader, transport)
        piece = whole[at : min(at + size, sum(reads))]
        at += len(piece)
        transport.deliver(piece)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await reading
    assert b"".join(got) == whole[: sum(reads)]
    assert [len(one) for one in got] == list(reads)
    assert transport.is_reading() or len(reader._buffer) > LARGE  # type: ignore[attr-defined]


@given(st.lists(SIZES, min_size=1, max_size=6), st.lists(SIZES, max_size=12), st.integers(0, 3))
def test_what_was_sent_is_read(reads: list[int], pieces: list[int], late: int) -> None:
    asyncio.run(asyncio.wait_for(read_all(reads, pieces, late), 20))


@given(
    st.lists(st.sampled_from([5, LARGE, 2 * LARGE]), min_size=1, max_size=4),
    st.lists(SIZES, max_size=9),
    st.integers(0, 2),
)
def test_what_was_sent_is_read_where_nothing_was_compiled(
    reads: list[int], pieces: list[int], late: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(kafka_stream, "COMPILED", False)
        asyncio.run(asyncio.wait_for(read_all(reads, pieces, late), 20))


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    return certified(tmp_path_factory.mktemp("stream"), "127.0.0.1")


@pytest.fixture(params=["plain", "tls"])
def contexts(
    request: pytest.FixtureRequest, certificates: Certified
) -> Iterator[tuple[ssl.SSLContext | None, ssl.SSLContext | None]]:
    """Of the server and of the client."""
    if request.param == "plain":
        yield None, None
        return
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificates.certificate, certificates.key)
    yield server, ssl.create_default_context(cafile=str(certificates.authority))


Runner = Callable[[Coroutine[Any, Any, None]], None]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_answers_come_whole_over_a_connection(
    way: str, run: Runner, contexts: tuple[ssl.SSLContext | None, ssl.SSLContext | None]
) -> None:
    """Frames as a broker writes them, small and large, in pieces of any size; and an end in the middle of one."""
    random = Random(way)
    frames = [random.randbytes(random.choice([1, 700, LARGE, 300_000, 2_000_003])) for _ in range(40)]
    sent = b"".join(len(frame).to_bytes(4, "big") + frame for frame in frames)
    cut = (5_000_000).to_bytes(4, "big") + b"x" * 900_000

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        at = 0
        everything = sent + cut
        while at < len(everything):
            size = random.choice([1, 1000, 70_000, 500_000])
            writer.write(everything[at : at + size])
            at += size
            await writer.drain()
        writer.close()

    async def read() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=contexts[0])
        async with server:
            port = server.sockets[0].getsockname()[1]
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=contexts[1])
            got = []
            for number in range(len(frames)):
                if number > 3:
                    collect(
                        reader, writer.transport
                    )  # as before each request: at times it has more than was wanted
                got.append(await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big")))
            assert got == frames
            assert isinstance(writer.transport.get_protocol(), Receiving)
            size = int.from_bytes(await reader.readexactly(4), "big")
            with pytest.raises(asyncio.IncompleteReadError) as ended:
                await reader.readexactly(size)
            assert ended.value.partial == cut[4:]
            writer.close()

    async def within() -> None:
        await asyncio.wait_for(read(), 30)

    run(within())


async def test_a_connection_that_ends_within_an_answer_says_so_and_how_far_it_came() -> None:
    reader, transport = collecting()
    reading = asyncio.create_task(reader.readexactly(2 * LARGE))
    await asyncio.sleep(0)
    transport.deliver(b"x" * LARGE)
    protocol = transport.get_protocol()
    assert isinstance(protocol, Receiving)
    protocol.eof_received()
    with pytest.raises(asyncio.IncompleteReadError) as ended:
        await reading
    assert (ended.value.partial, ended.value.expected) == (b"x" * LARGE, 2 * LARGE)


async def test_a_fault_of_the_connection_is_raised() -> None:
    reader, transport = collecting()
    reading = asyncio.create_task(reader.readexactly(LARGE))
    await asyncio.sleep(0)
    protocol = transport.get_protocol()
    assert isinstance(protocol, Receiving)
    protocol.connection_lost(ConnectionResetError("gone"))
    with pytest.raises(ConnectionResetError):
        await reading


async def test_a_read_that_was_given_up_leaves_the_reader_as_any_other() -> None:
    reader, transport = collecting()
    reading = asyncio.create_task(reader.readexactly(LARGE))
    await asyncio.sleep(0)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    transport.deliver(b"abcd")
    assert await reader.readexactly(4) == b"abcd"


async def test_a_connection_that_stands_still_is_left_as_it_is() -> None:
    """What has more than was wanted, and what is closing."""
    reader, transport = connected()
    transport.pause_reading()
    collect(reader, transport)
    assert type(reader) is asyncio.StreamReader
    collect(None, transport)
    assert isinstance(transport.get_protocol(), asyncio.StreamReaderProtocol)


async def test_memory_is_not_reserved_on_the_word_of_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_stream, "MOST", 2 * LARGE)
    reader, transport = collecting()
    for size, reserved in ((2 * LARGE, True), (2 * LARGE + 1, False), (2**31 - 1, False)):
        reading = asyncio.create_task(reader.readexactly(size))
        await asyncio.sleep(0)
        assert isinstance(reader, Collecting)
        assert (reader.vacant() is not None) is reserved
        if size > 3 * LARGE:
            reading.cancel()
            continue
        transport.deliver(b"x" * size)
        assert await reading == b"x" * size


def test_memory_outlives_whoever_gave_it(way: str) -> None:
    """What a transport still has may be written to, though nobody wants it any more."""
    view, content = memory(LARGE)
    part = view[10:]
    del view, content
    part[:3] = b"abc"
    assert bytes(part[:3]) == b"abc"


@pytest.mark.skipif(not kafka_stream.COMPILED, reason=NOT_COMPILED)
@pytest.mark.parametrize(("size", "error"), [(-1, ValueError), (2**70, OverflowError), ("1", TypeError)])
def test_a_size_that_cannot_be_is_refused(size: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        memory(size)
