"""Answers to a queue, in the background: deletes, gives back, and keeps hidden what is worked on.

Keeps: an answer that fails is tried again while the message is ours; after that it comes again, which is harmless. A message
that could not be kept hidden in time is lost to us, and whoever works on it is told.

Next: `sqs_messages`, the bookkeeping; `sqs_queue`, the calls.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from trailwarden.aws import Aws, AwsError
from trailwarden.sources.sqs_messages import Message, Messages
from trailwarden.sources.sqs_queue import BATCH, Refused, SqsQueue

log = structlog.get_logger(__name__)

_GATHER: Final = 0.1
"""Seconds that a batch of answers waits to become full."""
_RETRY: Final = 1.0
_AT_ONCE: Final = 4
"""Batch calls under way at once."""
_Answer = tuple[Message, int | None]
"""None: delete it; otherwise the seconds after which it may come again."""


class Answers:
    """The answering half of a consumer."""

    def __init__(
        self,
        queue: SqsQueue,
        messages: Messages,
        aws: Aws,
        clock: Callable[[], float],
        lost: Callable[[Sequence[Message]], None],
        removed: Callable[[], None],
    ) -> None:
        """clock: seconds, cannot be set; lost: called with messages that are not ours any more, after they are marked;
        removed: called after some were answered for.
        """
        self._queue = queue
        self._messages = messages
        self._aws = aws
        self._clock = clock
        self._lost = lost
        self._removed = removed
        self._waiting: deque[_Answer] = deque()
        self._some = asyncio.Event()
        self._calls = asyncio.Semaphore(_AT_ONCE)
        self._sending: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._loops = [asyncio.create_task(self._answer()), asyncio.create_task(self._keep())]

    def delete(self, message: Message) -> None:
        """It is dealt with."""
        self._add(message, None)

    def give_back(self, message: Message, seconds: int) -> None:
        """It may come again after so many seconds."""
        self._add(message, seconds)

    async def close(self, grace: float) -> None:
        """Send what waits, give the rest back at once; within `grace` seconds."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        for message in self._messages:
            if not message.settled:
                self._add(message, 0)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while self._waiting:
                    await self._flush()
                if self._sending:
                    await asyncio.wait(list(self._sending))
        for call in list(self._sending):
            call.cancel()

    def _add(self, message: Message, seconds: int | None) -> None:
        message.settled = True
        self._waiting.append((message, seconds))
        self._some.set()

    async def _answer(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            if len(self._waiting) < BATCH:
                await asyncio.sleep(_GATHER)
            full = max(1, len(self._waiting) // BATCH)
            for _ in range(full):
                if self._waiting:
                    await self._flush()
            if self._waiting:
                self._some.set()

    async def _flush(self) -> None:
        """One batch on its way: of the kind that has waited longest."""
        deleting = self._waiting[0][1] is None
        batch: list[_Answer] = []
        rest: deque[_Answer] = deque()
        while self._waiting and len(batch) < BATCH:
            answer = self._waiting.popleft()
            if answer[0].lost:
                continue
            (batch if (answer[1] is None) is deleting else rest).append(answer)
        self._waiting.extendleft(reversed(rest))
        if not batch:
            return
        await self._calls.acquire()
        call = asyncio.create_task(self._send(batch, deleting))
        self._sending.add(call)
        call.add_done_callback(self._sent)

    def _sent(self, call: asyncio.Task[None]) -> None:
        self._sending.discard(call)
        self._calls.release()

    async def _send(self, batch: list[_Answer], deleting: bool) -> None:
        by_receipt = {message.received.receipt: (message, seconds) for message, seconds in batch}
        while by_receipt:
            receipts = list(by_receipt)
            try:
                if deleting:
                    refused = await self._queue.delete(receipts)
                else:
                    refused = await self._queue.hide(
                        receipts, [seconds or 0 for _, seconds in by_receipt.values()]
                    )
            except AwsError as fault:
                await self._failed(fault, "sqs_answer_failed")
                refused = [Refused(receipt, "", gone=False) for receipt in receipts]
            again = {one.receipt: by_receipt[one.receipt] for one in refused if not one.gone}
            for receipt, (message, _) in by_receipt.items():
                if receipt not in again:
                    self._messages.remove(message)
            self._removed()
            by_receipt = {key: answer for key, answer in again.items() if not answer[0].lost}
            if by_receipt:
                await asyncio.sleep(_RETRY)

    async def _keep(self) -> None:
        """The heartbeat: extends at half of the time, so that one failed call may be tried again."""
        pause = max(0.2, min(self._messages.visibility / 8, 15))
        while True:
            await asyncio.sleep(pause)
            try:
                await self.keep_hidden()
            except Exception:
                log.exception("sqs_heartbeat_failed")

    async def keep_hidden(self) -> None:
        """One round of the heartbeat."""
        over = self._messages.expire(self._clock())
        if over:
            log.warning(
                "sqs_messages_lost", number=len(over), detail="not kept hidden in time; they come again"
            )
            self._lost(over)
        due = self._messages.due(self._clock())
        for start in range(0, len(due), BATCH):
            await self._extend(due[start : start + BATCH])

    async def _extend(self, batch: Sequence[Message]) -> None:
        asked = self._clock()
        by_receipt = {message.received.receipt: message for message in batch}
        try:
            refused = await self._queue.hide(
                list(by_receipt), [self._messages.extension(message, asked) for message in batch]
            )
        except AwsError as fault:
            await self._failed(fault, "sqs_heartbeat_refused")
            return
        failed = {one.receipt for one in refused}
        self._messages.extended((m for receipt, m in by_receipt.items() if receipt not in failed), asked)
        gone = self._messages.lose([by_receipt[one.receipt] for one in refused if one.gone])
        if gone:
            log.warning("sqs_messages_lost", number=len(gone), detail="the queue says that they are not ours")
            self._lost(gone)

    async def _failed(self, fault: AwsError, event: str) -> None:
        failure = fault.failure
        log.warning(event, fault=failure.fault.value, error=failure.detail)
        if failure.credentials:
            await self._aws.renew()
