"""Record batches: read as they were written, bounded whatever they say of themselves, and bad ones cost themselves alone."""

from __future__ import annotations

import struct
from typing import Any

import cramjam
import pytest
import zstandard
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.errors import DecodeError, Reason, UnusableError
from trailwarden.sources.kafka_codecs import decompressed
from trailwarden.sources.kafka_records import Raw, committed, is_sound, messages, raw_batches

MIB = 1024 * 1024
VALUES = st.lists(st.one_of(st.none(), st.binary(max_size=50)), min_size=1, max_size=20)


def batch(values: list[bytes | None], first: int = 0, codec: int = 0, **more: Any) -> bytes:
    """As a broker stores it."""
    settings: dict[str, Any] = {
        "is_transactional": False, "producer_id": -1, "producer_epoch": -1, "base_sequence": -1, "batch_size": 10**9
    }  # fmt: skip
    builder = DefaultRecordBatchBuilder(magic=2, compression_type=codec, **settings | more)
    for offset, value in enumerate(values):
        builder.append(offset, timestamp=1000 + offset, key=None, value=value, headers=[])
    built = bytes(builder.build())
    return struct.pack(">q", first) + built[8:]


def read(data: bytes, position: int = 0, largest: int = MIB, most: int = 64 * MIB) -> list[Any]:
    values: list[Any] = []
    for raw in committed(raw_batches(data), [], position):
        found = messages(raw, position, largest, most)
        values += [found] if isinstance(found, UnusableError) else found.values
    return values


@given(st.lists(VALUES, min_size=1, max_size=4), st.sampled_from([0, 1, 2, 3, 4]), st.data())
def test_what_was_written_is_read(groups: list[list[bytes | None]], codec: int, data: st.DataObject) -> None:
    log, offset = b"", 7
    for values in groups:
        log += batch(values, offset, codec)
        offset += len(values)
    raws = list(raw_batches(log))
    assert raws[0].first == 7
    assert raws[-1].next_offset == offset
    assert all(is_sound(raw) for raw in raws)
    every = [b"null" if value is None else value for values in groups for value in values]
    position = data.draw(st.integers(7, offset))
    assert read(log, position) == every[position - 7 :]
    cut = data.draw(st.integers(0, len(log)))
    whole = list(raw_batches(log[:cut]))
    assert whole == raws[: len(whole)]
    assert sum(len(raw.data) for raw in whole) <= cut


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for raw in raw_batches(data):
        messages(raw, 0, MIB, MIB)


@given(VALUES, st.sampled_from([0, 1, 2, 3, 4]), st.data())
def test_a_flipped_bit_is_seen(values: list[bytes | None], codec: int, data: st.DataObject) -> None:
    whole = bytearray(batch(values, codec=codec))
    at = data.draw(st.integers(21, len(whole) - 1))
    whole[at] ^= 1 << data.draw(st.integers(0, 7))
    (raw,) = raw_batches(bytes(whole))
    assert not is_sound(raw)
    messages(raw, 0, MIB, MIB)  # whatever it says, it is read or refused


@pytest.mark.parametrize("codec", [1, 2, 3, 4])
def test_a_bomb_is_refused_before_it_takes_the_memory(codec: int) -> None:
    (raw,) = raw_batches(batch([bytes(20 * MIB)], codec=codec))
    assert len(raw.data) < MIB
    found = messages(raw, 0, 100 * MIB, 4 * MIB)
    assert isinstance(found, UnusableError)
    assert found.reason is Reason.TOO_LARGE
    assert found.payload == raw.data


def test_a_message_beyond_the_limit_costs_itself() -> None:
    a, b, c = read(batch([b"a", b"b" * 101, b"c"]), largest=100)
    assert (a, c) == (b"a", b"c")
    assert isinstance(b, UnusableError)
    assert (b.reason, b.payload) == (Reason.TOO_LARGE, b"b" * 101)


def test_an_unknown_codec_and_an_old_format_are_told() -> None:
    whole = bytearray(batch([b"a"]))
    whole[22] = 6
    (found,) = read(bytes(whole))
    assert (found.reason, "codec 6" in found.detail) == (Reason.UNSUPPORTED, True)
    whole[16] = 1
    (found,) = read(bytes(whole))
    assert (found.reason, "magic 1" in found.detail) == (Reason.UNSUPPORTED, True)


@pytest.mark.parametrize("codec", [1, 2, 3, 4])
@pytest.mark.parametrize("data", [b"", b"x", b"\x82SNAPPY\x00" + bytes(8) + b"\x00\x00\x00\x09abc"])
def test_what_is_not_compressed_so_is_refused(codec: int, data: bytes) -> None:
    if codec in (1, 4) and not data:
        assert bytes(decompressed(codec, data, MIB)) == b""  # nothing compressed at all
        return
    with pytest.raises(DecodeError) as refused:
        decompressed(codec, data, MIB)
    assert refused.value.reason in (Reason.CORRUPT, Reason.TRUNCATED, Reason.TRAILING_DATA)


def test_snappy_in_blocks_of_javas_framing() -> None:
    blocks = [bytes(cramjam.snappy.compress_raw(part)) for part in (b"a" * 100, b"b" * 50)]
    framed = b"\x82SNAPPY\x00" + struct.pack(">ii", 1, 1)
    framed += b"".join(struct.pack(">i", len(block)) + block for block in blocks)
    assert bytes(decompressed(2, framed, MIB)) == b"a" * 100 + b"b" * 50
    with pytest.raises(DecodeError, match="more than"):
        decompressed(2, framed, 120)


def test_large_lz4_and_zstd_without_their_size_are_read_within_the_limit() -> None:
    data = bytes(range(256)) * 4096 * 8
    frame = bytes(cramjam.lz4.compress(data))
    assert bytes(decompressed(3, frame, 9 * MIB)) == data
    assert bytes(decompressed(3, frame + frame, 17 * MIB)) in (data, data + data)
    with pytest.raises(DecodeError, match="more than"):
        decompressed(3, frame, 2 * MIB)
    streamed = zstandard.ZstdCompressor(write_content_size=False).compress(data)
    assert bytes(decompressed(4, streamed, 9 * MIB)) == data


def test_messages_of_aborted_transactions_are_left_out() -> None:
    def of(producer: int, first: int, control: int | None = None) -> Raw:
        if control is None:
            data = batch([b"x"], first, is_transactional=True, producer_id=producer)
        else:
            data = bytearray(batch([b""], first, is_transactional=True, producer_id=producer))
            builder = DefaultRecordBatchBuilder(2, 0, True, producer, 0, 0, 10**6)
            builder.append(0, timestamp=1, key=struct.pack(">hh", 0, control), value=b"", headers=[])
            data = bytearray(builder.build())
            data[22] |= 0x20
            data[17:21] = struct.pack(">I", calc_crc32c(data[21:]))
            data = struct.pack(">q", first) + bytes(data[8:])
        (raw,) = raw_batches(bytes(data))
        return raw

    log = [of(1, 0), of(2, 1), of(1, 2, control=0), of(1, 3), of(2, 4, control=1), of(1, 5, control=1)]
    assert [raw.first for raw in committed(log, [(1, 0)], 0)] == [1, 3]
    assert [raw.first for raw in committed(log, [], 0)] == [0, 1, 3]
    assert [raw.first for raw in committed(log, [], 2)] == [3]


@pytest.mark.parametrize(
    ("at", "value"),
    [(22, b"\x20"), (22, b"\x10"), (23, struct.pack(">i", -9)), (57, bytes(4))],
    ids=["control", "transaction", "last offset", "count"],
)
def test_a_damaged_head_leaves_no_message_out(at: int, value: bytes) -> None:
    damaged = bytearray(batch([b"a", b"b"], 10))
    damaged[at : at + len(value)] = value
    damaged[43:51] = struct.pack(">q", 7)  # the producer of an aborted transaction
    log = bytes(damaged) + batch([b"c"], 12)
    assert [raw.first for raw in committed(raw_batches(log), [(7, 0)], 10)] == [10, 12]
