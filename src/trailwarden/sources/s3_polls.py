"""Polling a queue: several receives under way at once, patience after failures, and when the queue counts as empty.

Keeps: what was received is handed on whole, or the exception is raised to whoever reads. No more is received than there is
room for. Polls do not wait for what is done with their messages; what came meanwhile is handed on together.

Next: `s3_sqs`, which works on what comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Final

from trailwarden.aws import Aws, AwsError
from trailwarden.model import Clock
from trailwarden.sources.change import Change
from trailwarden.sources.problems import Problems
from trailwarden.sources.s3_sqs_settings import S3SqsSettings
from trailwarden.sources.sqs_messages import Message, Messages
from trailwarden.sources.sqs_queue import BATCH, Received, SqsQueue

_RETRY: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between tries of a poll that failed; the last one repeats."""
_EMPTY_POLLS: Final = 3
"""Empty polls after which a queue counts as empty, when nothing is awaited: a short one asks some of the servers only."""
_LAST_CALL: Final = 0.5
"""Seconds that a poll under way may take when polling ends: what a cancelled one was about to bring stays hidden for long."""


class Polls:
    """The receiving half of a consumer.

    limit: receives after which what fails is given up; give_up_at: the same for what was nacked;
    fault: why the queue cannot be read, "" where it can; last_success: of a poll, also an empty one.
    """

    def __init__(
        self,
        settings: S3SqsSettings,
        queue: SqsQueue,
        messages: Messages,
        aws: Aws,
        clock: Clock,
        problems: Problems,
        change: Change,
        take: Callable[[Sequence[Message]], Awaitable[None]],
    ) -> None:
        """take: gets what was received, already in `messages`."""
        self._settings = settings
        self._queue = queue
        self._messages = messages
        self._aws = aws
        self._clock = clock
        self._problems = problems
        self._change = change
        self._take = take
        self._room_again = Change()
        self._tasks: dict[asyncio.Task[None], Callable[[], Coroutine[None, None, None]]] = {}
        self._received: list[Message] = []
        self._some = asyncio.Event()
        self._asked_for = 0
        self._empty = 0
        self._ending = False
        self.limit = self.give_up_at = settings.max_receives
        self.fault = ""
        self.last_success: datetime | None = None

    def start(self) -> None:
        self._begin(self._hand_on)
        for _ in range(self._settings.polls):
            self._begin(self._poll)

    async def stop(self) -> None:
        """Take nothing up any more. What still came is in `messages`, unopened."""
        tasks = list(self._tasks)
        self._tasks.clear()  # a read that wakes meanwhile must not take them for broken
        self._ending = True
        self._change.tell()
        self._room_again.tell()
        self._some.set()
        if self._asked_for and tasks:
            await asyncio.wait(tasks, timeout=_LAST_CALL)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def finished(self) -> bool:
        """Nothing comes any more, and nothing is awaited; never while following."""
        return self._drained() and not len(self._messages) and not self._asked_for

    def look_again(self) -> None:
        """What was received is answered for, given back or lost: the queue may have something again, and there is room."""
        self._empty = 0
        self._room_again.tell()
        self._change.tell()

    def raise_bugs(self) -> None:
        """A task ends by an exception only where there is a bug: whoever reads gets to know, and another one begins."""
        for task in [one for one in self._tasks if one.done()]:
            self._begin(self._tasks.pop(task))
            task.result()

    def _begin(self, work: Callable[[], Coroutine[None, None, None]]) -> None:
        task = asyncio.create_task(work())
        task.add_done_callback(lambda _over: self._change.tell())
        self._tasks[task] = work

    async def _hand_on(self) -> None:
        while not self._ending:
            await self._some.wait()
            self._some.clear()
            messages, self._received = self._received, []
            if messages and not self._ending:
                await self._take(messages)
                self._change.tell()

    async def _poll(self) -> None:
        tries = 0
        while True:
            await self._room()
            if self._ending:
                return
            self._asked_for += BATCH
            try:
                if self.last_success is None:
                    await self._learn()
                asked = time.monotonic()
                received = await self._queue.receive(BATCH, self._messages.visibility)
                self._succeeded(received)
                tries = 0
            except AwsError as fault:
                await self._failed(fault)
                self._empty += 1  # counts only where nothing is followed: then it is told, and not waited for
                await asyncio.sleep(_RETRY[min(tries, len(_RETRY) - 1)])
                tries += 1
                continue
            finally:
                self._asked_for -= BATCH
            if len(received) < BATCH:
                self._room_again.tell()
            if received:
                self._received += [self._messages.add(one, asked) for one in received]
                self._some.set()
            else:
                self._change.tell()  # that may have been the last of it

    async def _learn(self) -> None:
        """How often the queue hands out a message before it takes it away. Not to know it is no reason not to read."""
        with contextlib.suppress(AwsError):
            limit = await self._queue.max_receives()
            if limit is not None:
                self.limit = min(self.limit, limit)
                # What is nacked is known to fail one receive later, and that must be the last one at the latest.
                self.give_up_at = min(self.give_up_at, limit - 1)

    async def _room(self) -> None:
        while not self._ending and (
            self._drained() or self._free() < BATCH
        ):  # a poll for fewer costs as much
            await self._room_again.wait()

    def _free(self) -> int:
        return self._settings.messages_in_flight - len(self._messages) - self._asked_for

    def _drained(self) -> bool:
        return not self._settings.follow and self._empty >= _EMPTY_POLLS

    def _succeeded(self, received: Sequence[Received]) -> None:
        self.fault = ""
        self._problems.clear("queue")
        self.last_success = self._clock.now()
        self._empty = 0 if received else self._empty + 1

    async def _failed(self, fault: AwsError) -> None:
        failure = fault.failure
        self.fault = f"the queue cannot be read: {failure.detail}"
        self._problems.note("queue", f"{self._settings.queue_url}: {failure.detail}")
        self.look_again()  # an answer that was lost may have held messages
        if failure.credentials:
            await self._aws.renew()
