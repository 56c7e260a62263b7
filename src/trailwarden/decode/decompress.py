"""Payload bytes to content, within bounds. What it is compressed with is told by its first bytes, never by a name.

Keeps: the memory that a payload can take is known before it is taken (`Allowance`), and what cannot be read is said:
truncated is not corrupt, and a damaged second member does not cost the first.

Next: `trailwarden.decode.layout` for counting the events without parsing, `trailwarden.decode.split` for the events.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, cast

from trailwarden.decode import gzip_members, zstd_magic
from trailwarden.decode.allowance import Allowance
from trailwarden.decode.outcome import Content, Limits, Rejected
from trailwarden.errors import DecodeError, Reason

Codec = Callable[[bytes, Allowance], tuple[bytearray, Rejected | None]]


def _read_zstd(payload: bytes, allowance: Allowance) -> tuple[bytearray, Rejected | None]:
    from trailwarden.decode.zstd_frames import read_zstd  # noqa: PLC0415 - CloudTrail writes gzip

    return read_zstd(payload, allowance)


_CODECS: Final[tuple[tuple[tuple[bytes, ...], Codec], ...]] = (
    ((gzip_members.MAGIC,), gzip_members.read_gzip),
    (zstd_magic.MAGICS, _read_zstd),
)
MAGICS: Final = tuple(magic for magics, _codec in _CODECS for magic in magics)


def decompress(payload: bytes, limits: Limits) -> Content:
    """The content of a payload; of one that is not compressed, the payload itself.

    Compressed twice (Firehose does it) is opened twice, up to `limits.max_depth`; when something trails one layer, the
    next is left to `split`. Raises DecodeError: EMPTY, CORRUPT, TRUNCATED, TOO_LARGE, RATIO_EXCEEDED, TOO_DEEP.
    """
    allowance = Allowance.of(len(payload), limits)
    data, trailing, layers = payload, None, 0
    while trailing is None:
        codec = _codec(data)
        if codec is None:
            break
        if layers == limits.max_depth:
            raise DecodeError(Reason.TOO_DEEP, f"compressed more than {limits.max_depth} times over")
        content, trailing = codec(data, allowance)
        data = cast(bytes, content)  # see Content
        layers += 1
    if not data:
        raise DecodeError(
            Reason.EMPTY, "nothing in the payload" if not layers else "nothing in the compressed payload"
        )
    allowance.check(len(data))
    return Content(data, trailing, compressed=layers > 0)


def _codec(data: bytes) -> Codec | None:
    for magics, codec in _CODECS:
        if data.startswith(magics):
            return codec
    return None
