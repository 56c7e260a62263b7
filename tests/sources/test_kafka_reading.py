"""The compiled reading of record batches says what the way in Python says of each, whatever they hold."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import cramjam
import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.errors import Reason, SourceError, UnusableError
from trailwarden.model.payloads import Joined, Lent, size_of
from trailwarden.sources import kafka_reading
from trailwarden.sources.kafka_reading import Messages
from trailwarden.sources.kafka_records import Raw, raw_batches
from trailwarden.sources.kafka_run import KafkaRun, Reading

MIB = 1024 * 1024
VALUE = st.one_of(
    st.none(), st.binary(max_size=40), st.builds(bytes, st.sampled_from([63, 64, 200, 20_000, 70_000]))
)
HEADERS = st.lists(st.tuples(st.text(max_size=3), st.one_of(st.none(), st.binary(max_size=3))), max_size=2)
RECORD = st.tuples(VALUE, st.one_of(st.none(), st.binary(max_size=9)), HEADERS)


def batch(records: Sequence[tuple[Any, Any, Any]], first: int = 0, codec: int = 0) -> bytes:
    """As a broker stores it."""
    builder = DefaultRecordBatchBuilder(2, codec, False, -1, -1, -1, 10**9)
    for offset, (value, key, headers) in enumerate(records):
        builder.append(offset, timestamp=1000 + 7 * offset, key=key, value=value, headers=headers)
    return struct.pack(">q", first) + bytes(builder.build())[8:]


def sealed(data: bytes) -> bytes:
    """With the checksum that belongs to it."""
    return data[:17] + struct.pack(">I", calc_crc32c(data[21:])) + data[21:]


def run_of(raws: Sequence[Raw], position: int = 0, largest: int = MIB, most: int = MIB) -> KafkaRun:
    reading = Reading("bus", "kafka", largest, most)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return KafkaRun("t", 3, position, raws, now, reading, frozenset(), lambda *_: None, lambda: False)


def account(run: KafkaRun) -> tuple[list[Any], list[Any]]:
    try:
        payloads = run.payloads()
    except (
        SourceError
    ) as fault:  # a changed head may make another length of the batch, and thus a wrong checksum
        return [fault.reason, run.damaged], []
    values = [(one.reason, one.payload) if isinstance(one, UnusableError) else one for one in payloads]
    assert [payloads[index] for index in range(len(payloads))] == list(payloads)
    assert size_of(payloads) == sum(len(one) for one in payloads if isinstance(one, bytes))
    return values, [run.origin_of(index) for index in range(len(values))]


def agreed(log: bytes, position: int = 0, largest: int = MIB, most: int = MIB) -> list[Any]:
    """What both ways say."""
    raws = list(raw_batches(log))
    said = account(run_of(raws, position, largest, most))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kafka_reading, "_codecs", frozenset)
        assert account(run_of(raws, position, largest, most)) == said
    return said[0]


@given(st.lists(st.lists(RECORD, min_size=1, max_size=8), min_size=1, max_size=5), st.data())
def test_both_ways_read_the_same(groups: list[list[Any]], data: st.DataObject) -> None:
    log, offset = b"", 5
    for records in groups:
        log += batch(records, offset, data.draw(st.sampled_from([0, 3, 3, 1, 2, 4])))
        offset += len(records)
    position = data.draw(st.integers(0, offset - 1))
    largest = data.draw(st.sampled_from([MIB, 20_000, 63]))
    agreed(log, position, largest, data.draw(st.sampled_from([MIB, 50_000, 300])))


@given(st.lists(RECORD, min_size=1, max_size=5), st.sampled_from([0, 3]), st.data())
def test_both_ways_say_the_same_of_what_is_damaged(
    records: list[Any], codec: int, data: st.DataObject
) -> None:
    whole = bytearray(batch(records, 0, codec))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(21, len(whole) - 1))
        whole[at] ^= 1 << data.draw(st.integers(0, 7))
    log = batch([(b"before", None, [])]) + sealed(bytes(whole)) + batch([(b"behind", None, [])], 90)
    agreed(log, largest=100_000)


def test_attributes_that_are_no_single_byte_are_read_as_aiokafka_reads_them() -> None:
    whole = bytearray(batch([(None, None, [])], 0, 0))
    whole[62] ^= 0x80  # behind the head of 61 bytes and the record's length
    agreed(sealed(bytes(whole)) + batch([(b"behind", None, [])], 90))


def test_what_lies_side_by_side_stays_so_and_large_ones_stand_alone() -> None:
    log = batch([(b"a", None, []), (b"b\n", b"key", []), (None, None, []), (bytes(20_000), None, [])], 0, 3)
    log += batch([(b"c", None, [("h", b"v")]), (b"", None, [])], 4)
    payloads = run_of(list(raw_batches(log))).payloads()
    assert list(payloads) == [b"a", b"b\n", b"null", bytes(20_000), b"c", b""]
    assert payloads[1:3] == [b"b\n", b"null"]
    assert payloads[-1] == b""
    parts = getattr(payloads, "parts", [])
    assert [len(part) for part in parts] == [3, 1, 2]
    assert [type(part) for part in parts] == [Joined, Lent, Joined]
    assert parts[0].text == b"a\nb\n\nnull"
    with pytest.raises(IndexError):
        payloads[6]


@pytest.mark.parametrize("settings", [{}, {"block_linked": True}, {"content_checksum": True}, {"level": 1}])
def test_frames_of_every_kind_are_read(settings: dict[str, Any]) -> None:
    plain = batch([(bytes([number]) * 90_000, None, []) for number in range(20)])
    options = {"level": 9, "content_checksum": False, "block_linked": False} | settings
    compressor = cramjam.lz4.Compressor(**options)
    compressor.compress(plain[61:])
    frame = bytes(compressor.finish())
    for content, whole in ((frame, True), (frame + frame, False), (frame[:-4], False), (b"", False)):
        head = plain[:8] + struct.pack(">i", 49 + len(content)) + plain[12:21] + b"\x00\x03" + plain[23:61]
        raws = list(raw_batches(sealed(head + content)))
        read = Messages(0, MIB, 4 * MIB)
        assert read.plain(raws, 0) == whole
        agreed(sealed(head + content), most=4 * MIB)


def test_a_frame_that_grows_too_large_is_left() -> None:
    log = batch([(bytes(900_000), None, [])], 0, 3)
    raws = list(raw_batches(log))
    assert Messages(0, MIB, 900_000).plain(raws, 0) == 0
    assert Messages(0, MIB, 901_000).plain(raws, 0) == 1
    assert Messages(0, 899_999, MIB).plain(raws, 0) == 0
    assert agreed(log, most=900_000)[0][0] is Reason.TOO_LARGE


def test_a_large_payload_stays_what_it_is_as_long_as_somebody_has_it() -> None:
    """It is shown where it was decompressed, and that memory is written to again by later calls."""
    kept: list[memoryview] = []
    for number in range(1, 30):
        text = bytes([number]) * (16_384 + number)
        parts = run_of(list(raw_batches(batch([(text, None, []), (b"x", None, [])], 0, 3)))).payloads().parts
        assert [part[0] for part in parts] == [text, b"x"]
        if number % 3:
            kept.append(parts[0].view)
        assert all(one.readonly and {*one} == {one[0]} for one in kept)
    assert [view[0] for view in kept] == [number for number in range(1, 30) if number % 3]


def test_what_becomes_larger_than_was_thought_is_read() -> None:
    """Among others, so that what was read before it is moved."""
    records = [(bytes([number]) * 300_000, None, []) for number in range(1, 13)]
    log = b"".join(batch([one], number, 3) for number, one in enumerate(records))
    assert agreed(log) == [one[0] for one in records]


def test_many_batches_are_read_in_several_calls() -> None:
    log = b"".join(batch([(b"%d" % number, None, [])], number, 3) for number in range(200))
    run = run_of(list(raw_batches(log)))
    assert list(run.payloads()) == [b"%d" % number for number in range(200)]
    assert run.origin_of(150).details["offset"] == 150


@pytest.mark.parametrize("waits", [KafkaRun.slim, lambda run: run._answer("not now")], ids=["held", "nacked"])
def test_what_may_wait_for_long_keeps_its_bytes_and_not_the_answer(waits: Callable[[KafkaRun], None]) -> None:
    log = batch([(b"a", None, [])]) + batch([(b"b", None, [])], 1)
    run = run_of(list(raw_batches(log))[1:]).handed_out()
    waits(run)
    assert [type(one.data) for one in run._batches] == [bytes]
    assert list(run.payloads()) == [b"b"]


def test_arguments_out_of_range_are_refused() -> None:
    compiled = pytest.importorskip("trailwarden.sources._kafka_records")
    assert compiled.read([], 1, 1) == (0, [], b"", b"", b"")
    with pytest.raises(ValueError, match="out of its range"):
        compiled.read([b""] * 257, 1, 1)
    with pytest.raises(ValueError, match="out of its range"):
        compiled.read([], -1, 1)
    with pytest.raises(TypeError):
        compiled.read([1], 1, 1)
    assert compiled.library("/nowhere.so") is False
    kafka_reading._codecs.cache_clear()
    assert 3 in kafka_reading._codecs()
    assert array("q", [1]).itemsize == 8
