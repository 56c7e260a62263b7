"""Answers to a queue, in the background: deletes, gives back, and keeps hidden what is worked on.

Keeps: an answer that fails is tried again while the message is ours, and not a moment longer; then it comes again, which is
harmless. A message that could not be kept hidden in time is lost to us, and whoever works on it is told.

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
from trailwarden.sources.problems import Problems
from trailwarden.sources.sqs_messages import Message, Messages
from trailwarden.sources.sqs_queue import BATCH, SqsQueue

log = structlog.get_logger(__name__)

_GATHER: Final = 0.05
"""Seconds that a batch of answers waits to become full, while messages are worked on."""
_RETRY: Final = 1.0
_AT_ONCE: Final = 4
"""Batch calls under way at once."""
_PROBLEM: Final = "answers"
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
        problems: Problems,
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
        self._problems = problems
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
                while self._waiting or self._sending:
                    if self._waiting:
                        await self._flush()
                    else:
                        await asyncio.wait(self._sending, return_when=asyncio.FIRST_COMPLETED)
        calls = list(self._sending)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)

    def _add(self, message: Message, seconds: int | None) -> None:
        message.settled = True
        self._waiting.append((message, seconds))
        self._some.set()

    async def _answer(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            if len(self._waiting) < BATCH and self._open():
                await asyncio.sleep(_GATHER)
            full = max(1, len(self._waiting) // BATCH)
            for _ in range(full):
                if self._waiting:
                    await self._flush()
            if self._waiting:
                self._some.set()

    def _open(self) -> bool:
        """Whether there are messages that may yet be answered for."""
        return any(not message.settled for message in self._messages)

    async def _flush(self) -> None:
        """One batch on its way: of the kind that has waited longest."""
        await self._calls.acquire()  # before anything is taken: who is cancelled here loses no answer
        batch = self._next()
        if not batch:
            self._calls.release()
            return
        call = asyncio.create_task(self._send(batch))
        self._sending.add(call)
        call.add_done_callback(self._sending.discard)

    def _next(self) -> list[_Answer]:
        """Answers of one kind. What may be somebody else's by now is not answered for: the heartbeat will tell."""
        now = self._clock()
        batch: list[_Answer] = []
        rest: deque[_Answer] = deque()
        while self._waiting and len(batch) < BATCH:
            answer = self._waiting.popleft()
            if self._messages.ours(answer[0], now):
                alike = not batch or (answer[1] is None) is (batch[0][1] is None)
                (batch if alike else rest).append(answer)
        self._waiting.extendleft(reversed(rest))
        return batch

    async def _send(self, batch: list[_Answer]) -> None:
        try:
            again = await self._tried(batch)
        finally:
            self._calls.release()
        open_yet = {message for message, _ in again}
        for message, _ in batch:
            if message not in open_yet:
                self._messages.remove(message)
        self._removed()
        if again:
            await asyncio.sleep(
                _RETRY
            )  # without a call's place: what the queue refuses holds up nothing else
            self._waiting.extend(again)
            self._some.set()

    async def _tried(self, batch: list[_Answer]) -> list[_Answer]:
        """One call. Returns the answers that are to be tried again."""
        receipts = [message.received.receipt for message, _ in batch]
        try:
            if batch[0][1] is None:
                refused = await self._queue.delete(receipts)
            else:
                refused = await self._queue.hide(receipts, [seconds or 0 for _, seconds in batch])
        except AwsError as fault:
            await self._failed(fault, "sqs_answer_failed")
            return batch
        except Exception as fault:  # a bug: told, and no reason to forget what was to be said
            log.exception("sqs_answer_failed")
            self._problem(f"{type(fault).__name__}; the log has the details")
            return batch
        codes = {one.receipt: one.code for one in refused if not one.gone}
        if codes:
            self._problem(next(iter(codes.values())))
        else:
            self._problems.clear(_PROBLEM)
        return [answer for answer in batch if answer[0].received.receipt in codes]

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
        # A call that hangs must not keep what is over from being noticed.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(1.0, self._messages.visibility / 4)):
                for start in range(0, len(due), BATCH * _AT_ONCE):
                    some = due[start : start + BATCH * _AT_ONCE]
                    calls = (self._extend(some[at : at + BATCH]) for at in range(0, len(some), BATCH))
                    await asyncio.gather(*calls)

    async def _extend(self, due: Sequence[Message]) -> None:
        asked = self._clock()
        batch = [one for one in due if self._messages.ours(one, asked) and not one.settled]
        if not batch:
            return
        by_receipt = {message.received.receipt: message for message in batch}
        try:
            refused = await self._queue.hide(
                list(by_receipt), [self._messages.extension(message, asked) for message in batch]
            )
        except AwsError as fault:
            await self._failed(fault, "sqs_heartbeat_refused")
            return
        failed = {one.receipt for one in refused}
        if all(one.gone for one in refused):
            self._problems.clear(_PROBLEM)
        self._messages.extended((m for receipt, m in by_receipt.items() if receipt not in failed), asked)
        gone = self._messages.lose([by_receipt[one.receipt] for one in refused if one.gone])
        if gone:
            log.warning("sqs_messages_lost", number=len(gone), detail="the queue says that they are not ours")
            self._lost(gone)

    def _problem(self, detail: str) -> None:
        self._problems.note(_PROBLEM, f"the queue does not take what it is told: {detail}")

    async def _failed(self, fault: AwsError, event: str) -> None:
        failure = fault.failure
        log.warning(event, fault=failure.fault.value, error=failure.detail)
        self._problem(failure.detail)
        if failure.credentials:
            await self._aws.renew()
