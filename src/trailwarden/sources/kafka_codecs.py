"""What a producer compressed, within bounds. Source: the record batch format of Kafka's protocol guide, attributes 0 to 2.

Keeps: no more memory is taken than allowed, whatever the compressed bytes say of themselves.

Next: `kafka_records`, which reads what comes out.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final, cast

import cramjam

from trailwarden.decode.allowance import Allowance
from trailwarden.decode.gzip_members import read_gzip
from trailwarden.decode.zstd_frames import read_zstd
from trailwarden.errors import DecodeError, Reason

_LZ4_DENSEST: Final = 256
"""Bytes out of one byte in, at the most: a match of 255 bytes is one byte more."""
_NO_ROOM: Final = "failed to write whole buffer"
_XERIAL: Final = b"\x82SNAPPY\x00"
_XERIAL_HEAD: Final = 16


def decompressed(codec: int, data: bytes | memoryview, most: int) -> bytes | bytearray:
    """codec: as in the attributes, not 0. most: bytes. Raises DecodeError: TOO_LARGE, CORRUPT, TRUNCATED, UNSUPPORTED.

    What comes back is a buffer; the type is a promise to read it alone.
    """
    read = _CODECS.get(codec)
    if read is None:
        raise DecodeError(Reason.UNSUPPORTED, f"compressed with codec {codec}, which is not known here")
    try:
        return read(bytes(data), most)
    except cramjam.DecompressionError as fault:
        raise DecodeError(Reason.CORRUPT, f"cannot be decompressed: {fault}") from None


def _too_large(most: int) -> DecodeError:
    return DecodeError(Reason.TOO_LARGE, f"more than {most} bytes after decompression")


def _gzip(data: bytes, most: int) -> bytes | bytearray:
    content, trailing = read_gzip(data, Allowance(most, most))
    if trailing is not None:
        raise DecodeError(trailing.reason, trailing.detail)
    return content


def _zstd(data: bytes, most: int) -> bytes | bytearray:
    content, trailing = read_zstd(data, Allowance(most, most))
    if trailing is not None:
        raise DecodeError(trailing.reason, trailing.detail)
    return content


def _lz4(data: bytes, most: int) -> bytes | bytearray:
    if len(data) * _LZ4_DENSEST <= most:
        return cast(bytes, cramjam.lz4.decompress(data))
    room = bytearray(most)  # of which only what is written to becomes memory
    try:
        size = cramjam.lz4.decompress_into(data, room)
    except cramjam.DecompressionError as fault:
        if _NO_ROOM in str(fault):
            raise _too_large(most) from None
        raise
    return cast(bytes, memoryview(room)[:size])


def _snappy(data: bytes, most: int) -> bytes | bytearray:
    """One raw block, or blocks in the framing of xerial's library, which Java producers use. Each tells its size first."""
    if not data.startswith(_XERIAL):
        return _snappy_block(data, most)
    content = bytearray()
    position = _XERIAL_HEAD
    while position < len(data):
        try:
            (size,) = struct.unpack_from(">I", data, position)
        except struct.error:
            raise DecodeError(Reason.TRUNCATED, "snappy blocks that stop early") from None
        position += 4 + size
        if position > len(data):
            raise DecodeError(Reason.TRUNCATED, "snappy blocks that stop early")
        content += _snappy_block(data[position - size : position], most - len(content))
    return content


def _snappy_block(block: bytes, most: int) -> bytes:
    if cramjam.snappy.decompress_raw_len(block) > most:
        raise _too_large(most)
    return cast(bytes, cramjam.snappy.decompress_raw(block))


_CODECS: Final[dict[int, Callable[[bytes, int], bytes | bytearray]]] = {
    1: _gzip,
    2: _snappy,
    3: _lz4,
    4: _zstd,
}
