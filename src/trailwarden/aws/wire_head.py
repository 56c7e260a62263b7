"""The head of an answer, if it has the one shape that S3 and SQS use: HTTP/1.1, a final status, a Content-Length. Pure.

Keeps: where a body ends is certain, or the head is not taken.

Rules: RFC 9112, sections 4 and 6. A head with a Transfer-Encoding, or with two lengths, is not of that shape.

Next: `wire_connection`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

HEAD_BYTES: Final = 64 * 1024
_HEAD: Final = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [^\r\n]*)?(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n]*)+"
)
_FRAMING: Final = re.compile(rb"\r\n(content-length|transfer-encoding|connection):([^\r\n]*)", re.IGNORECASE)
_LENGTH: Final = re.compile(rb"[ \t]*([0-9]{1,18})[ \t]*")


class UnusualError(Exception):
    """An answer of another shape."""


class Head(NamedTuple):
    """raw: its bytes, without the empty line at the end; length: of the body in bytes; closes: the peer takes no other request
    after this one.
    """

    status: int
    raw: bytes
    length: int
    closes: bool

    @property
    def headers(self) -> Mapping[str, str]:
        """Names in small letters."""
        headers: dict[str, str] = {}
        for line in self.raw.decode("latin-1").split("\r\n")[1:]:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip(" \t")
        return headers


def parsed(head: bytes) -> Head:
    """head: without the empty line at its end. Raises UnusualError."""
    found = _HEAD.fullmatch(head)
    if found is None:
        raise UnusualError("no head of HTTP/1.1 with a final status")
    length: bytes | None = None
    closes = False
    for name, value in _FRAMING.findall(head):
        if len(name) == 10:  # Connection
            closes = closes or b"close" in value.lower()
            continue
        plain = _LENGTH.fullmatch(value) if len(name) == 14 else None  # Content-Length
        if plain is None or length is not None:
            raise UnusualError("a body without one plain length")
        length = plain[1]
    if length is None:
        raise UnusualError("a body without a length")
    status = int(found[1])
    return Head(status, head, 0 if status in (204, 304) else int(length), closes)
