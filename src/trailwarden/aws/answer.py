"""What comes of an HTTP request that we signed ourselves.

Next: `wire`, the short way to one; `plain`, the long way, and which of them is taken.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from trailwarden.errors import TrailwardenError

BEGINNING: Final = 8192
"""Bytes that are read of an answer that is no success."""

Admit = Callable[[int], Awaitable[None]]
"""Takes a number of bytes and returns when there is room for them."""


class ObjectTooLargeError(TrailwardenError):
    """An object has more bytes than the limit allows. size: as announced, in the answer."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes")
        self.size = size


@dataclass(frozen=True, slots=True)
class Answer:
    """headers: names in small letters; body: whole for a 200, otherwise at most BEGINNING bytes of it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def no_wait(_size: int) -> None:
    """There is always room."""
    return
