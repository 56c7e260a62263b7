"""A GET that nobody waits for: by the short way alone, from callback to callback. Nearly all objects are read so.

Keeps: whatever does not go as it nearly always goes is not decided here: it is told with what was answered, if anything was,
and takes the long way, `ObjectReader.read`.

Next: `objects`; `trailwarden.sources.s3_fetch`, which asks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from trailwarden.aws.answer import BEGINNING, Answer
from trailwarden.aws.wire_connection import Connection
from trailwarden.aws.wire_head import Head

if TYPE_CHECKING:
    from trailwarden.aws.objects import ObjectPlace, ObjectReader


class QuickGet(ABC):
    """One object. Begun by `ObjectReader.quickly`. Of `got` and `not_got` one is called, once."""

    __slots__ = ("_reader", "at", "connection", "limit")

    def __init__(self, reader: ObjectReader, at: ObjectPlace, limit: int) -> None:
        """limit: bytes."""
        self.at = at
        self.limit = limit
        self.connection: Connection | None = None
        """On which the body comes."""
        self._reader = reader

    @abstractmethod
    def admit(self, size: int) -> bool:
        """Whether there is room for so many bytes. If not, they wait for `connection.go_on()`."""

    @abstractmethod
    def got(self, body: bytes) -> None:
        """The whole object."""

    @abstractmethod
    def not_got(self, answer: Answer | None) -> None:
        """It takes the long way. answer: a refusal; None where nothing usable was answered, or nothing was asked."""

    def request(self) -> bytes | None:
        try:
            made = self._reader.request(self.at)
        except ValueError:
            made = None  # the long way raises it
        if made is None:
            self.not_got(None)
        return made

    def headed(self, connection: Connection, head: Head) -> bool:
        if head.status != 200:
            return True
        if head.length > self.limit:
            connection.close()
            return False
        self.connection = connection
        return self.admit(head.length)

    def whole(self, head: Head, body: bytes) -> None:
        if head.status == 200:
            self.got(body)
        else:
            self.not_got(Answer(head.status, head.headers, body[:BEGINNING]))

    def failed(self, _why: Exception) -> None:
        self.not_got(None)
