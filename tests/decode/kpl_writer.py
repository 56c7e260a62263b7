"""Packs records as the Kinesis Producer Library does, for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def sealed(message: bytes) -> bytes:
    """With magic and MD5 around."""
    return b"\xf3\x89\x9a\xc2" + message + hashlib.md5(message).digest()


def aggregate(records: Sequence[bytes]) -> bytes:
    """All in one blob, each with a partition key, an explicit hash key and a tag."""
    message = field(1, b"partition") + field(2, b"12345")
    for data in records:
        inner = (
            varint(1 << 3)
            + varint(0)
            + varint(2 << 3)
            + varint(0)
            + field(3, data)
            + field(4, field(1, b"tag"))
        )
        message += field(3, inner)
    return sealed(message)
