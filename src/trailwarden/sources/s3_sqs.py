"""Source `s3_sqs`: S3 objects that a queue announces.

Keeps: a message is deleted when all that it announces was committed, and not before; what cannot be read stays in the queue
or leaves a row in the quarantine. One bad object or message holds up no other.

Next: `s3_notifications`, what a message says; `s3_objects`, what a failure means; `sqs_answers`, how the queue is answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from trailwarden.aws import Aws, AwsError, ObjectReader
from trailwarden.errors import StoreError, UnusableError
from trailwarden.model import Batch, Origin
from trailwarden.sources.base import Given, SourceState, SourceStatus
from trailwarden.sources.budget import Budget
from trailwarden.sources.problems import Problems
from trailwarden.sources.s3_fetch import Fetcher
from trailwarden.sources.s3_news import Fetch, News, sorted_out
from trailwarden.sources.s3_objects import ObjectBatch, put_back_for
from trailwarden.sources.s3_sqs_settings import S3SqsSettings
from trailwarden.sources.sqs_answers import Answers
from trailwarden.sources.sqs_messages import Message, Messages
from trailwarden.sources.sqs_queue import BATCH, Received, SqsQueue

log = structlog.get_logger(__name__)

_RETRY: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between tries of a poll that failed; the last one repeats."""
_EMPTY_POLLS: Final = 3
"""Empty polls after which a queue counts as empty, when nothing is awaited: a short one asks some of the servers only."""
_GRACE: Final = 5.0
_LINGER: Final = 0.05
"""Seconds that a read waits for objects that are on their way."""
_ENOUGH: Final = 64
"""Objects for which it does not wait any longer."""


@dataclass(frozen=True, slots=True)
class _Ready:
    batch: ObjectBatch
    message: Message


class S3SqsSource:
    """Batches are objects. The inventory, not a checkpoint, tells which were dealt with."""

    kind = "s3_sqs"

    def __init__(self, settings: S3SqsSettings, given: Given) -> None:
        self.name = settings.name
        self._settings = settings
        self._given = given
        self._aws = Aws(given.aws, settings)
        wait = settings.wait.total_seconds() if settings.follow else min(1.0, settings.wait.total_seconds())
        self._queue = SqsQueue(self._aws, settings.queue_url, settings.queue_region(), int(wait))
        self._messages = Messages(int(settings.visibility.total_seconds()))
        self._answers = Answers(
            self._queue, self._messages, self._aws, time.monotonic, self._lost, self._tell
        )
        self._problems = Problems(settings.name)
        self._budget = Budget(settings.bytes_in_flight)
        self._reader = ObjectReader(self._aws, settings.fetches)
        self._fetcher = Fetcher(
            self._reader, settings.fetches, settings.max_object_size, self._budget, self._problems
        )
        self._limit = settings.max_receives
        self._ready: deque[_Ready] = deque()
        self._changed = asyncio.Event()
        self._polls: list[asyncio.Task[None]] = []
        self._fetches: dict[Message, list[asyncio.Task[None]]] = {}
        self._asked_for = 0
        self._under_way = 0
        self._empty = 0
        self._closed = False
        self._last_success: datetime | None = None
        self._fault = ""
        self._passed_over: Counter[str] = Counter()

    async def open(self) -> None:
        """Begin to poll. A queue that cannot be reached is a status, not an error: it may come yet."""
        self._answers.start()
        self._polls = [self._new_poll() for _ in range(self._settings.polls)]

    async def read(self, limit: int) -> Sequence[Batch]:
        """The next objects, fetched already. Empty after close(), and when nothing is awaited and the queue is empty."""
        while True:
            self._raise_bugs()
            if len(self._ready) < min(limit, _ENOUGH) and self._under_way:
                await self._more()
            taken = self._hand_out(limit)
            if taken or self._closed or self._finished():
                return taken
            await self._change()

    def status(self) -> SourceStatus:
        detail = self._fault or f"{len(self._messages)} messages are being dealt with"
        return SourceStatus(
            self._state(), self._last_success, detail, self._problems.lines(), self._passed_over
        )

    async def close(self) -> None:
        """Stop polling, answer for what is done, give the rest back at once."""
        if self._closed:
            return
        self._closed = True
        tasks = [*self._polls, *(task for tasks in self._fetches.values() for task in tasks)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tell()
        await self._answers.close(_GRACE)
        await self._reader.close()
        await self._aws.close()

    def _hand_out(self, limit: int) -> list[Batch]:
        taken: list[Batch] = []
        while self._ready and len(taken) < limit:
            ready = self._ready.popleft()
            if ready.message.lost:
                self._budget.give(ready.batch.size_hint)
            else:
                taken.append(ready.batch)
        return taken

    def _state(self) -> SourceState:
        if self._fault:
            return SourceState.FAILING
        if self._finished():
            return SourceState.FINISHED
        return SourceState.STARTING if self._last_success is None else SourceState.RUNNING

    def _finished(self) -> bool:
        return not self._settings.follow and self._empty >= _EMPTY_POLLS and not len(self._messages)

    def _tell(self) -> None:
        """Whoever waits looks again."""
        self._changed.set()

    async def _more(self) -> None:
        """A moment, in which what is being fetched arrives: what is committed together is cheaper."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LINGER):
                while len(self._ready) < _ENOUGH and self._under_way and not self._closed:
                    await self._change()

    async def _change(self) -> None:
        """Wait until something is told. To be called right after looking, with nothing awaited between."""
        self._changed.clear()
        await self._changed.wait()

    # Receiving

    def _raise_bugs(self) -> None:
        """A poll ends by an exception only where there is a bug: whoever reads gets to know, and another one begins."""
        for poll in [one for one in self._polls if one.done() and not self._closed]:
            self._polls.remove(poll)
            self._polls.append(self._new_poll())
            poll.result()

    def _new_poll(self) -> asyncio.Task[None]:
        poll = asyncio.create_task(self._poll())
        poll.add_done_callback(lambda _over: self._tell())
        return poll

    async def _poll(self) -> None:
        tries = 0
        while not self._closed:
            await self._room()
            self._asked_for += BATCH
            asked = time.monotonic()
            try:
                if self._last_success is None:
                    await self._learn()
                received = await self._queue.receive(BATCH, self._messages.visibility)
                self._succeeded(received)
                tries = 0
            except AwsError as fault:
                await self._failed(fault)
                await asyncio.sleep(_RETRY[min(tries, len(_RETRY) - 1)])
                tries += 1
                continue
            finally:
                self._asked_for -= BATCH
            await self._take([self._messages.add(one, asked) for one in received])
            self._tell()

    async def _learn(self) -> None:
        """How often the queue hands out a message before it takes it away. Not to know it is no reason not to read."""
        with contextlib.suppress(AwsError):
            limit = await self._queue.max_receives()
            if limit is not None:
                self._limit = min(self._limit, limit)

    def _free(self) -> int:
        return self._settings.messages_in_flight - len(self._messages) - self._asked_for

    async def _room(self) -> None:
        while self._free() < BATCH:  # a poll for fewer costs as much
            await self._change()

    def _succeeded(self, received: Sequence[Received]) -> None:
        self._fault = ""
        self._last_success = self._given.clock.now()
        self._empty = 0 if received else self._empty + 1

    async def _failed(self, fault: AwsError) -> None:
        failure = fault.failure
        self._fault = f"the queue cannot be read: {failure.detail}"
        self._problems.note("queue", f"{self._settings.queue_url}: {failure.detail}")
        if failure.credentials:
            await self._aws.renew()

    # Working

    async def _take(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        self._problems.clear("queue")
        news = [(message, self._sorted_out(message)) for message in messages]
        known = await self._known([one.key for _, said in news for one in said.objects])
        for message, said in news:
            self._passed_over.update(said.passed_over)
            self._begin(message, said, known)

    def _sorted_out(self, message: Message) -> News:
        return sorted_out(message.received.body, self._settings.buckets, self._settings.prefixes)

    async def _known(self, keys: Sequence[str]) -> frozenset[str]:
        """Which were dealt with before. Where the store cannot tell, none: to read one twice is harmless."""
        try:
            return frozenset(await self._given.known(list(dict.fromkeys(keys)))) if keys else frozenset()
        except StoreError:
            return frozenset()

    def _begin(self, message: Message, said: News, known: frozenset[str]) -> None:
        fresh = [one for one in said.objects if one.key not in known]
        self._passed_over["known"] += len(said.objects) - len(fresh)
        message.open = len(fresh) + len(said.unusable)
        if not message.open:
            self._answers.delete(message)
            return
        for key, unusable in said.unusable:
            self._hand_over(message, key, unusable, {})
        for one in fresh:
            task = asyncio.create_task(self._fetch(message, one))
            self._fetches.setdefault(message, []).append(task)

    async def _fetch(self, message: Message, fetch: Fetch) -> None:
        self._under_way += 1
        try:
            got = await self._fetcher.fetch(fetch, message.received.receives, self._limit)
        except Exception as fault:  # a bug: told, and the message comes again
            log.exception("fetch_failed", source=self.name, key=fetch.key)
            got = f"{type(fault).__name__} while fetching"
            self._problems.note(fetch.key, f"{fetch.key}: {got}; the log has the details")
        finally:
            self._under_way -= 1
        if isinstance(got, str):
            self._answered(message, got)
        else:
            self._hand_over(message, fetch.key, got, fetch.details())
        self._tell()

    def _hand_over(
        self,
        message: Message,
        key: str,
        payload: bytes | UnusableError,
        details: dict[str, str | int],
    ) -> None:
        received = message.received
        locator = key.partition("#")[0] if details else f"{self._settings.queue_url} message {received.id}"
        origin = Origin(self.name, self.kind, locator, {**details, "message_id": received.id})

        def answered(batch: ObjectBatch, reason: str | None) -> None:
            self._budget.give(batch.size_hint)
            if reason is not None and received.receives >= self._limit:
                self._fetcher.give_up(key, reason)
            self._answered(message, reason)

        batch = ObjectBatch(origin, key, self._given.clock.now(), payload, answered)
        self._ready.append(_Ready(batch, message))

    def _answered(self, message: Message, reason: str | None) -> None:
        if not message.answered(reason):
            return
        self._fetches.pop(message, None)
        if message.lost:
            return
        if message.failed:
            first = self._settings.put_back.total_seconds()
            self._answers.give_back(message, put_back_for(message.received.receives, first))
        else:
            self._answers.delete(message)

    def _lost(self, messages: Sequence[Message]) -> None:
        """Somebody else may work on them by now: what was not handed out yet is dropped."""
        for message in messages:
            for task in self._fetches.pop(message, ()):
                task.cancel()
