"""What a source hands over at once, and must be told about once.

Keeps: a batch starts unacked and stays so by default. Only `ack()` gives it up; everything else, a crash included,
leads to its being read again.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from trailwarden.errors import UnusableError
from trailwarden.model.origin import Origin


class Checkpoint(NamedTuple):
    """A position that we keep ourselves for a source that does not. Committed in the transaction of the batch's alerts.

    source: name of the source; key: what the position is of (a path, a shard); value: the position, opaque to the store.
    """

    source: str
    key: str
    value: str


class Batch(ABC):
    """Payload bytes as they came, where from, and how to answer for them.

    `load()` may do blocking I/O and is called in a worker thread, once; it raises SourceError where the bytes cannot
    be had. `key` names the unit in the inventory (unique within its source). `checkpoint` may depend on what load() read.
    """

    origin: Origin
    key: str
    received_at: datetime  # timezone-aware UTC: when it reached us
    size_hint: int  # bytes as announced (before load), for the in-flight limit

    @abstractmethod
    def load(self) -> bytes:
        """The payload, exactly as it came. Blocking; called in a worker thread."""

    @classmethod
    def load_ahead(cls, batches: Sequence[Batch]) -> None:
        """Before `load()` of each of these is called, one after the other: where reading several at once is cheaper, read them.
        Blocking; raises nothing, for what cannot be had `load()` tells.
        """
        del batches  # most have nothing to do here

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The position to commit along with this batch, where we keep it ourselves."""
        return None

    @property
    def lost(self) -> bool:
        """It is not ours any more (hidden for too long, its partition given away) and comes again to somebody: no answer
        has an effect.
        """
        return False

    def slim(self) -> None:
        """It may wait for its answer for long: hold no memory that it shares with what is done with. Does nothing by default."""
        return

    @abstractmethod
    async def ack(self) -> None:
        """All alerts of this batch are committed: give it up at the source. Idempotent.

        It may come long after those of its neighbours (`ack: delivered`).
        """

    @abstractmethod
    async def nack(self, reason: str) -> None:
        """It was not dealt with: have it come again. Idempotent; does nothing after ack()."""


class Run(Batch):
    """Several payloads in the order in which they came, acked together: messages of a partition, records of a shard.

    Each is a unit of its own, decoded by itself: a bad one costs no other. What came of one is told apart by its own origin,
    so that cutting the stream into other runs after a restart changes neither an alert nor a row of the quarantine. The
    stream keeps what it has, so a run has no row in the inventory.
    """

    @abstractmethod
    def payloads(self) -> Sequence[bytes | UnusableError]:
        """As `load()`, each by itself; the error stands in the place of one that will never be had. Raises SourceError."""

    @abstractmethod
    def origin_of(self, index: int) -> Origin:
        """The place of one payload. index: in payloads(), from 0. Its locator is the same however often it comes."""

    def load(self) -> bytes:
        """All of them, a line each. Raises SourceError, also for one that will never be had."""
        every = self.payloads()
        for payload in every:
            if isinstance(payload, UnusableError):
                raise payload
        return b"\n".join(payload for payload in every if isinstance(payload, bytes))
