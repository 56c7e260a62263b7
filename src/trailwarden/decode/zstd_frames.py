"""Zstandard (RFC 8878): frame by frame, within bounds.

Keeps: where a frame ends is read from its block headers before anything is decompressed, so that a payload which stops
early is told from one that is damaged, and no memory is taken for what a header merely claims.

Next: `trailwarden.decode.decompress`, which chooses by the first bytes.
"""

from __future__ import annotations

from typing import Final

import zstandard

from trailwarden.decode.allowance import Allowance
from trailwarden.decode.outcome import Rejected
from trailwarden.decode.zstd_magic import FRAME, SKIPPABLE
from trailwarden.errors import DecodeError, Reason

_LARGEST_WINDOW: Final = 128 * 1024 * 1024  # what the zstd command reads without being told to
_PIECE: Final = 1024 * 1024
_RLE_BLOCK: Final = 1
_RESERVED_BLOCK: Final = 3


def read_zstd(payload: bytes, allowance: Allowance) -> tuple[bytearray, Rejected | None]:
    """The content of all frames, and what follows the last whole one if that is not one.

    Raises DecodeError (CORRUPT, TRUNCATED, TOO_LARGE, RATIO_EXCEEDED) when not even the first frame is whole.
    """
    content = bytearray()
    position = 0
    while position < len(payload):
        whole = len(content)
        try:
            end = _skippable_end(payload, position)
            if end is None:
                end = _frame_end(payload, position)
                _frame(payload[position:end], content, allowance)
        except DecodeError as fault:
            if position == 0:
                raise
            del content[whole:]
            return content, Rejected(bytes(payload[position:]), fault.reason, fault.detail, None)
        position = end
    return content, None


def _skippable_end(payload: bytes, position: int) -> int | None:
    """The offset behind a skippable frame; None when there is none (RFC 8878, 3.1.2)."""
    if int.from_bytes(payload[position : position + 4], "little") not in SKIPPABLE:
        return None
    end = position + 8 + int.from_bytes(payload[position + 4 : position + 8], "little")
    if end > len(payload):
        raise _truncated()
    return end


def _frame_end(payload: bytes, position: int) -> int:
    """The offset behind the frame, by its block headers (RFC 8878, 3.1.1.2: last, type, size in three bytes)."""
    if payload[position : position + 4] != FRAME:
        raise DecodeError(Reason.TRAILING_DATA, f"{len(payload) - position} bytes after the last zstd frame")
    head = payload[position : position + 18]
    try:
        checksum = 4 if zstandard.get_frame_parameters(head).has_checksum else 0
        position += zstandard.frame_header_size(head)
    except zstandard.ZstdError:
        if len(head) < 18:  # the longest header there is
            raise _truncated() from None
        raise DecodeError(Reason.CORRUPT, "zstd: the frame header is damaged") from None
    last = False
    while not last:
        header = payload[position : position + 3]
        if len(header) < 3:
            raise _truncated()
        bits = int.from_bytes(header, "little")
        last, kind, size = bool(bits & 1), bits >> 1 & 3, bits >> 3
        if kind == _RESERVED_BLOCK:
            raise DecodeError(Reason.CORRUPT, "zstd: a block of a reserved type")
        position += 3 + (1 if kind == _RLE_BLOCK else size)
    if position + checksum > len(payload):
        raise _truncated()
    return position + checksum


def _frame(frame: bytes, content: bytearray, allowance: Allowance) -> None:
    """Append one frame's content."""
    claimed = zstandard.frame_content_size(frame)
    if claimed > 0:
        allowance.check(len(content) + claimed)
    decoder = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW)
    try:
        with decoder.stream_reader(frame) as reader:
            while piece := reader.read(max(1, min(_PIECE, allowance.most - len(content) + 1))):
                content += piece
                allowance.check(len(content))
    except zstandard.ZstdError as fault:
        words = str(fault).rsplit(": ", maxsplit=1)[-1]
        if "memory" in words:
            raise DecodeError(
                Reason.TOO_LARGE, f"zstd: a window of more than {_LARGEST_WINDOW} bytes"
            ) from None
        raise DecodeError(Reason.CORRUPT, f"zstd: {words}") from None


def _truncated() -> DecodeError:
    return DecodeError(Reason.TRUNCATED, "zstd: the payload ends inside a frame")
