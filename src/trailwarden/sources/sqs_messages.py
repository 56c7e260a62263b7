"""Messages of a queue while they are worked on: what is open of each, and until when each is ours. Pure: the time comes in.

Keeps: a message is deleted when all that it announces is done, never before; one that may be somebody else's by now is
neither deleted nor extended, and what it announces is not worked on any further.

Rules: Amazon SQS developer guide, "visibility timeout": extensions count from the call, and from the first receive no
message stays hidden for more than 12 hours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from trailwarden.sources.sqs_queue import Received

_CAP: Final = 12 * 3600 - 600
"""Seconds that a message can be kept hidden, with a margin."""


@dataclass(slots=True, eq=False)
class Message:
    """One message in flight. Times are seconds of a clock that cannot be set.

    since: when its receive was asked for; until: hidden up to then; open: announced objects that were not answered for;
    failed: the first reason of one that failed, "" for none; lost: it may be somebody else's by now; settled:
    the queue is being answered.
    """

    received: Received
    since: float
    until: float
    open: int = 0
    failed: str = ""
    lost: bool = False
    settled: bool = False

    def answered(self, reason: str | None) -> bool:
        """One object less, and whether it was the last one."""
        self.open -= 1
        if reason is not None and not self.failed:
            self.failed = reason or "failed"
        return self.open == 0


@dataclass(slots=True)
class Messages:
    """All messages in flight. visibility: seconds that each call hides them for."""

    visibility: int
    _held: dict[str, Message] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Message]:
        return iter(list(self._held.values()))

    def add(self, received: Received, asked: float) -> Message:
        """A message that came with a receive that was asked for at that time."""
        message = Message(received, asked, asked + self.visibility)
        self._held[received.receipt] = message
        return message

    def remove(self, message: Message) -> None:
        """It was deleted, given back or lost."""
        self._held.pop(message.received.receipt, None)

    def expire(self, now: float) -> list[Message]:
        """Take out and mark as lost what is not ours any more."""
        over = [one for one in self._held.values() if not self.ours(one, now)]
        return self.lose(over)

    def lose(self, messages: Iterable[Message]) -> list[Message]:
        """Take out and mark as lost; what was taken out before is left alone."""
        lost = [one for one in messages if self._held.get(one.received.receipt) is one]
        for message in lost:
            message.lost = True
            self.remove(message)
        return lost

    def ours(self, message: Message, now: float) -> bool:
        """Whether it is certain that nobody else has it."""
        return not message.lost and now < min(message.until, message.since + _CAP)

    def due(self, now: float) -> list[Message]:
        """To be extended: worked on, half of their time is over, and there is more to be had."""
        return [
            one
            for one in self._held.values()
            if not one.settled
            and self.ours(one, now)
            and one.until - now <= self.visibility / 2
            and now + self.extension(one, now) > one.until
        ]

    def extension(self, message: Message, now: float) -> int:
        """Seconds from now on to ask for, whole ones, within the cap."""
        return max(1, int(min(self.visibility, message.since + 12 * 3600 - 60 - now)))

    def extended(self, messages: Iterable[Message], asked: float) -> None:
        """They are hidden anew since a call that was made at that time. One that was lost meanwhile stays lost."""
        for message in messages:
            if self.ours(message, asked):
                message.until = asked + self.extension(message, asked)
