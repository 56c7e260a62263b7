"""gzip: whole, in members, damaged, lying, and in layers."""

from __future__ import annotations

import gzip
import struct
import tracemalloc
import zlib

import pytest

from tests.decode.taking import LIMITS, log_file
from trailwarden.decode import Limits, decompress
from trailwarden.errors import DecodeError, Reason

TEXT = log_file(*(f"Describe{number}" for number in range(200)))
MEMBER = gzip.compress(TEXT)
SECOND = gzip.compress(b"second" * 300)
MIB = 1024 * 1024


def with_size(member: bytes, size: int) -> bytes:
    return member[:-4] + struct.pack("<I", size)


def failure(payload: bytes, limits: Limits = LIMITS) -> Reason:
    with pytest.raises(DecodeError) as caught:
        decompress(payload, limits)
    assert caught.value.detail
    return caught.value.reason


def test_what_is_not_compressed_stays_as_it_is() -> None:
    content = decompress(TEXT, LIMITS)
    assert content.data is TEXT
    assert (content.compressed, content.trailing) == (False, None)


@pytest.mark.parametrize(
    "parts",
    [
        [TEXT],
        [TEXT, b"second"],
        [b"x", TEXT],  # the last size is larger than the first content
        [TEXT, TEXT],  # and the same
        [b"a" * 77, b"b" * 77],
        [TEXT, b""],  # a last size of 0
        [b"", TEXT],
        [b"tiny"] * 500,
    ],
    ids=range(8),
)
def test_all_members_are_read(parts: list[bytes]) -> None:
    content = decompress(b"".join(gzip.compress(part) for part in parts), LIMITS)
    assert content.data == b"".join(parts)
    assert (content.compressed, content.trailing) == (True, None)


def test_a_header_with_a_name_an_extra_field_and_a_comment_is_read() -> None:
    body = MEMBER[10:]
    header = b"\x1f\x8b\x08\x1c" + MEMBER[4:10] + b"\x03\x00xyz" + b"name.json\0" + b"comment\0"
    assert decompress(header + body, LIMITS).data == TEXT


@pytest.mark.parametrize(
    "trailing",
    [b"\0", b"\0" * 512, b"x", b"\x1f", b"not gzip at all", struct.pack("<I", len(TEXT)), MEMBER[-8:]],
    ids=repr,
)
def test_what_trails_and_is_no_member_is_handed_out(trailing: bytes) -> None:
    content = decompress(MEMBER + trailing, LIMITS)
    assert content.data == TEXT
    assert content.trailing is not None
    assert (content.trailing.raw, content.trailing.reason) == (trailing, Reason.TRAILING_DATA)


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        (SECOND[:-1], Reason.TRUNCATED),
        (SECOND[:12], Reason.TRUNCATED),
        (SECOND[:-8] + b"\0\0\0\0" + SECOND[-4:], Reason.CORRUPT),
        (b"\x1f\x8b\x09" + SECOND[3:], Reason.CORRUPT),
        (gzip.compress(b"a" * 9 * MIB), Reason.TOO_LARGE),
    ],
    ids=["cut", "cut early", "checksum", "method", "too large"],
)
def test_a_bad_second_member_does_not_cost_the_first(second: bytes, reason: Reason) -> None:
    content = decompress(MEMBER + second, Limits(max_output_bytes=8 * MIB))
    assert content.data == TEXT
    assert content.trailing is not None
    assert (content.trailing.raw, content.trailing.reason) == (second, reason)


@pytest.mark.parametrize("cut", [*range(2, 30), len(MEMBER) // 2, *range(len(MEMBER) - 12, len(MEMBER))])
def test_one_that_stops_early_is_truncated(cut: int) -> None:
    assert failure(MEMBER[:cut]) is Reason.TRUNCATED


@pytest.mark.parametrize(
    "payload",
    [
        MEMBER[:-8] + b"\0\0\0\0" + MEMBER[-4:],
        MEMBER[:20] + b"\xff" * 40 + MEMBER[60:],
        b"\x1f\x8b\x07" + MEMBER[3:],
        *(with_size(MEMBER, size) for size in (0, 1, len(TEXT) - 1, len(TEXT) + 1, 100 * MIB, 2**32 - 1)),
    ],
    ids=range(9),
)
def test_one_that_is_damaged_or_lies_about_its_size_is_corrupt(payload: bytes) -> None:
    assert failure(payload) is Reason.CORRUPT


@pytest.mark.parametrize(
    "payload", [b"", gzip.compress(b""), gzip.compress(gzip.compress(b""))], ids=range(3)
)
def test_nothing_is_said_to_be_nothing(payload: bytes) -> None:
    assert failure(payload) is Reason.EMPTY


def test_layers_are_peeled_up_to_the_limit() -> None:
    layers = TEXT
    for _ in range(3):
        layers = gzip.compress(layers)
    assert decompress(layers, LIMITS._replace(max_depth=3)).data == TEXT
    assert failure(layers, LIMITS._replace(max_depth=2)) is Reason.TOO_DEEP


def test_a_layer_with_something_behind_it_keeps_it_apart() -> None:
    inner = gzip.compress(TEXT)
    content = decompress(gzip.compress(inner) + b"junk", LIMITS)
    assert content.data == inner
    assert content.trailing is not None
    assert content.trailing.raw == b"junk"


def test_the_size_limit_is_exact() -> None:
    assert decompress(MEMBER, Limits(max_output_bytes=len(TEXT))).data == TEXT
    assert failure(MEMBER, Limits(max_output_bytes=len(TEXT) - 1)) is Reason.TOO_LARGE
    assert failure(TEXT, Limits(max_output_bytes=len(TEXT) - 1)) is Reason.TOO_LARGE
    assert failure(MEMBER + SECOND[:0] + gzip.compress(b""), Limits(max_output_bytes=9)) is Reason.TOO_LARGE


def test_the_ratio_is_asked_only_of_what_is_large() -> None:
    strict = Limits(max_ratio=10)
    assert decompress(gzip.compress(b"a" * MIB), strict).data == b"a" * MIB
    assert failure(gzip.compress(b"a" * (MIB + 1)), strict) is Reason.RATIO_EXCEEDED


BOMB = gzip.compress(b"\0" * 64 * MIB)


@pytest.mark.parametrize(
    "payload",
    [BOMB, with_size(BOMB, 5), BOMB + BOMB, gzip.compress(BOMB), gzip.compress(gzip.compress(BOMB))],
    ids=["plain", "with a lie", "two members", "nested", "nested twice"],
)
def test_a_bomb_takes_no_more_memory_than_the_limit(payload: bytes) -> None:
    limits = Limits(max_output_bytes=4 * MIB)
    tracemalloc.start()
    try:
        assert failure(payload, limits) in {Reason.TOO_LARGE, Reason.RATIO_EXCEEDED}
        assert tracemalloc.get_traced_memory()[1] < 4 * limits.max_output_bytes
    finally:
        tracemalloc.stop()


def test_a_claim_that_deflate_cannot_keep_takes_no_memory() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    liar = with_size(packer.compress(b"abc") + packer.flush(), 200 * MIB)
    tracemalloc.start()
    try:
        assert failure(liar) is Reason.CORRUPT
        assert tracemalloc.get_traced_memory()[1] < 4 * MIB
    finally:
        tracemalloc.stop()
