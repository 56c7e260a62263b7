"""Zstandard: whole, in frames, damaged, lying."""

from __future__ import annotations

import tracemalloc

import pytest
import zstandard

from tests.decode.taking import LIMITS, log_file
from tests.decode.test_decompress import MIB, failure
from trailwarden.decode import Limits, decompress
from trailwarden.errors import Reason

TEXT = log_file(*(f"Describe{number}" for number in range(300)))
WITH_ALL = zstandard.ZstdCompressor(level=3, write_checksum=True)
WITHOUT_SIZE = zstandard.ZstdCompressor(level=9, write_content_size=False, write_checksum=False)
FRAME = WITH_ALL.compress(TEXT)
SKIPPABLE = b"\x5a\x2a\x4d\x18\x05\x00\x00\x00-five"


@pytest.mark.parametrize(
    ("payload", "content"),
    [
        (FRAME, TEXT),
        (WITHOUT_SIZE.compress(TEXT), TEXT),
        (FRAME + WITHOUT_SIZE.compress(b"more") + FRAME, TEXT + b"more" + TEXT),
        (SKIPPABLE + FRAME + SKIPPABLE, TEXT),
        (FRAME + WITH_ALL.compress(b""), TEXT),
        (WITH_ALL.compress(b"a" * MIB), b"a" * MIB),  # blocks of one repeated byte
        (WITH_ALL.compress(FRAME), TEXT),
    ],
    ids=range(7),
)
def test_all_frames_are_read(payload: bytes, content: bytes) -> None:
    read = decompress(payload, LIMITS)
    assert (read.data, read.trailing, read.compressed) == (content, None, True)


def test_what_trails_and_is_no_frame_is_handed_out() -> None:
    content = decompress(FRAME + b"junk", LIMITS)
    assert content.data == TEXT
    assert content.trailing is not None
    assert (content.trailing.raw, content.trailing.reason) == (b"junk", Reason.TRAILING_DATA)


def test_a_bad_second_frame_does_not_cost_the_first() -> None:
    content = decompress(FRAME + FRAME[:-9], LIMITS)
    assert content.data == TEXT
    assert content.trailing is not None
    assert (content.trailing.raw, content.trailing.reason) == (FRAME[:-9], Reason.TRUNCATED)


@pytest.mark.parametrize("cut", [4, 5, 6, 9, 12, len(FRAME) // 2, len(FRAME) - 1])
def test_one_that_stops_early_is_truncated(cut: int) -> None:
    assert failure(FRAME[:cut]) is Reason.TRUNCATED


def test_one_that_is_damaged_is_corrupt() -> None:
    assert failure(FRAME[:-1] + bytes([FRAME[-1] ^ 1])) is Reason.CORRUPT
    assert failure(b"\x28\xb5\x2f\xfd\x08" + b"\xff" * 40) is Reason.CORRUPT


def test_limits_hold_whatever_the_header_claims() -> None:
    limits = Limits(max_output_bytes=2 * MIB)
    honest = WITH_ALL.compress(b"\0" * 40 * MIB)
    silent = WITHOUT_SIZE.compress(b"\0" * 40 * MIB)
    # One segment, a size of eight bytes: 2**62 claimed, one raw block of three bytes there.
    liar = b"\x28\xb5\x2f\xfd" + bytes([0b11100000]) + (2**62).to_bytes(8, "little") + b"\x19\x00\x00abc"
    tracemalloc.start()
    try:
        assert failure(honest, limits) in {Reason.TOO_LARGE, Reason.RATIO_EXCEEDED}
        assert failure(silent, limits) in {Reason.TOO_LARGE, Reason.RATIO_EXCEEDED}
        assert failure(liar, limits) is Reason.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 5 * limits.max_output_bytes
    finally:
        tracemalloc.stop()


def test_a_window_that_is_too_large_is_refused() -> None:
    # No single segment, no size, a window of 2 GiB: exponent 21, mantissa 0.
    frame = b"\x28\xb5\x2f\xfd\x00" + bytes([21 << 3]) + b"\x19\x00\x00abc"
    assert failure(frame) is Reason.TOO_LARGE


def test_nothing_is_said_to_be_nothing() -> None:
    assert failure(WITH_ALL.compress(b"")) is Reason.EMPTY
    assert failure(SKIPPABLE) is Reason.EMPTY
