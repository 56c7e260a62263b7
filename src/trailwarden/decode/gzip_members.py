"""gzip (RFC 1952): one member at full speed, everything else member by member within bounds.

Keeps: nothing behind the first member is overlooked, and no memory is taken on the word of a footer. libdeflate reads one
member and says neither where it ended nor that anything follows. So its result counts only with a proof: it has
checked that the member ends with a footer whose size is that of the result, and when those four bytes stand nowhere but at
the very end of the payload, that is where the member ends.

Next: `trailwarden.decode.decompress`, which chooses by the first bytes.
"""

from __future__ import annotations

import zlib
from typing import Final

import deflate
import stringzilla

from trailwarden.decode.allowance import Allowance
from trailwarden.decode.outcome import Rejected
from trailwarden.errors import DecodeError, Reason

MAGIC: Final = b"\x1f\x8b"
_SHORTEST: Final = 18  # header of 10 bytes, footer of 8
_DENSEST: Final = 1032  # deflate cannot do better: 258 bytes a code, two codes of one bit each
_PIECE: Final = 1024 * 1024
_FIRST_WINDOW: Final = 4096
_GZIP: Final = 31  # window bits, and "gzip only"


def read_gzip(payload: bytes, allowance: Allowance) -> tuple[bytearray, Rejected | None]:
    """The content of all members, and what follows the last whole one if that is not one.

    Raises DecodeError (CORRUPT, TRUNCATED, TOO_LARGE, RATIO_EXCEEDED) when not even the first member is whole.
    """
    content = _single_member(payload, allowance)
    return (content, None) if content is not None else _members(payload, allowance)


def _single_member(payload: bytes, allowance: Allowance) -> bytearray | None:
    """The content when the payload is exactly one sound member; None when that is not certain."""
    footer = payload[-4:]
    size = int.from_bytes(footer, "little")
    if size == 0 or len(payload) < _SHORTEST or size > len(payload) * _DENSEST or not allowance.covers(size):
        return None
    if stringzilla.find(payload, footer, _SHORTEST - 4) != len(payload) - 4:
        return None
    try:
        content: bytearray = deflate.gzip_decompress(payload, size)
    except (deflate.DeflateError, ValueError):
        return None
    return content if len(content) == size else None


def _members(payload: bytes, allowance: Allowance) -> tuple[bytearray, Rejected | None]:
    """Member by member with zlib, which tells where each ends and what is wrong with it."""
    content = bytearray()
    position = 0
    while position < len(payload):
        whole = len(content)
        try:
            if position and payload[position : position + len(MAGIC)] != MAGIC:
                raise DecodeError(
                    Reason.TRAILING_DATA, f"{len(payload) - position} bytes after the last gzip member"
                )
            position = _member(payload, position, content, allowance)
        except DecodeError as fault:
            if position == 0:
                raise
            del content[whole:]
            return content, Rejected(bytes(payload[position:]), fault.reason, fault.detail, None)
    return content, None


def _member(payload: bytes, position: int, content: bytearray, allowance: Allowance) -> int:
    """Append one member's content; return the offset behind it. The input goes in by growing windows, so that a file of
    many small members is not copied whole for each.
    """
    decoder = zlib.decompressobj(_GZIP)
    window = _FIRST_WINDOW
    view = memoryview(payload)
    while not decoder.eof:
        pending: bytes | memoryview = decoder.unconsumed_tail
        if not pending:
            pending = view[position : position + window]
            position += len(pending)
            window = min(window * 2, _PIECE)
        room = allowance.most - len(content)
        try:
            piece = decoder.decompress(pending, min(room + 1, _PIECE))
        except zlib.error as fault:
            raise DecodeError(Reason.CORRUPT, f"gzip: {_plain(fault)}") from None
        content += piece
        allowance.check(len(content))
        if not piece and not pending:
            raise DecodeError(Reason.TRUNCATED, "gzip: the payload ends inside a member")
    return position - len(decoder.unused_data)


def _plain(fault: zlib.error) -> str:
    """zlib's words without its numbers: `Error -3 while decompressing data: incorrect data check` is the last part."""
    return str(fault).rsplit(": ", maxsplit=1)[-1]
