"""S3 objects as batches, and what becomes of one that was not read. Pure.

Keeps: an object that may become readable is never given up: the message stays until it is read, or until the queue itself
moves it on. What is given up leaves its place and the reason in the quarantine.

Next: `trailwarden.sources.s3_sqs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from trailwarden.aws import AwsFailure, Fault
from trailwarden.errors import Reason, UnusableError
from trailwarden.model import Batch, Origin

_LONGEST: Final = 900
"""Seconds that a message is put back for, at the most."""


class Policy(Enum):
    """What to do about an object that was not read."""

    HOLD = "hold"  # keep the message and try again: the fault is not the object's
    BACK = "back"  # put the message back: its time may come
    QUARANTINE = "quarantine"  # it was tried often enough


@dataclass(frozen=True, slots=True)
class Ruling:
    """policy and, for the quarantine, the reason."""

    policy: Policy
    reason: Reason


_TRANSIENT: Final = frozenset({Fault.NETWORK, Fault.THROTTLED})


def ruling(failure: AwsFailure, receives: int, limit: int) -> Ruling:
    """What to do after a failed read. receives: of the message, this one included; limit: the last one to try."""
    if failure.credentials or failure.fault in _TRANSIENT:
        return Ruling(Policy.HOLD, Reason.UNREADABLE)
    archived = failure.code == "InvalidObjectState"  # comes with 403, and no permission would help
    if not archived and (failure.fault is Fault.DENIED or failure.code.startswith("KMS.")):
        # Somebody has to mend a permission; then it is read. To quarantine it would be to lose it.
        return Ruling(Policy.BACK, Reason.UNAUTHORIZED)
    reason = Reason.ARCHIVED if archived else Reason.UNREADABLE
    if failure.fault is Fault.NOT_FOUND:
        reason = Reason.MISSING
    return Ruling(Policy.QUARANTINE if receives >= limit else Policy.BACK, reason)


def put_back_for(receives: int, first: float) -> int:
    """Whole seconds that a message stays away after it failed. first: the first time; doubled each time."""
    return int(min(_LONGEST, first * (1 << min(receives - 1, 20))))


def object_key(bucket: str, key: str, etag: str | None) -> str:
    """The name of an object in the inventory. Written anew it has another ETag and is another one."""
    mark = f"#{etag.strip(chr(34))}" if etag else ""
    return f"s3://{bucket}/{key}{mark}"


class ObjectBatch(Batch):
    """A payload that is there already, or the reason why there will never be one."""

    def __init__(
        self,
        origin: Origin,
        key: str,
        received_at: datetime,
        payload: bytes | UnusableError,
        answered: Callable[[ObjectBatch, str | None], None],
        lost: Callable[[], bool] = lambda: False,
    ) -> None:
        """answered: called once, with None for an ack and the reason for a nack; lost: whether it is not ours any more."""
        self._lost = lost
        self.origin = origin
        self.key = key
        self.received_at = received_at
        self.size_hint = len(payload) if isinstance(payload, bytes) else len(payload.payload)
        self._payload = payload
        self._answered: Callable[[ObjectBatch, str | None], None] | None = answered

    def load(self) -> bytes:
        """At once. Raises UnusableError."""
        if isinstance(self._payload, bytes):
            return self._payload
        raise self._payload

    @property
    def lost(self) -> bool:
        return self._lost()

    async def ack(self) -> None:
        self._answer(None)

    async def nack(self, reason: str) -> None:
        self._answer(reason)

    def _answer(self, reason: str | None) -> None:
        answered, self._answered = self._answered, None
        if answered is not None:
            self._payload = b""
            answered(self, reason)
