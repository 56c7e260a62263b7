"""Source `s3_sqs`: S3 objects that a queue announces.

Keeps: a message is deleted when all that it announces was committed, and not before; what cannot be read stays in the queue
or leaves a row in the quarantine. One bad object or message holds up no other.

Next: `s3_notifications`, what a message says; `s3_objects`, what a failure means; `s3_polls` and `sqs_answers`, the two
halves of a consumer.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from trailwarden.aws import Aws, AwsError, ObjectReader
from trailwarden.errors import StoreError, UnusableError
from trailwarden.model import Batch, Origin
from trailwarden.sources.base import Given, SourceState, SourceStatus
from trailwarden.sources.budget import Budget
from trailwarden.sources.change import Change
from trailwarden.sources.problems import Problems
from trailwarden.sources.s3_fetch import Fetcher, Fetching, Got
from trailwarden.sources.s3_news import Fetch, News, sorted_out
from trailwarden.sources.s3_objects import ObjectBatch, put_back_for
from trailwarden.sources.s3_polls import Polls
from trailwarden.sources.s3_sqs_settings import S3SqsSettings
from trailwarden.sources.sqs_answers import Answers
from trailwarden.sources.sqs_messages import Message, Messages
from trailwarden.sources.sqs_queue import SqsQueue

_GRACE: Final = 5.0
_LINGER: Final = 0.05
"""Seconds that a read waits for objects that are on their way."""
_ENOUGH: Final = 64
"""Objects for which it does not wait any longer."""


class _Ready(NamedTuple):
    batch: ObjectBatch
    message: Message
    held: int


class S3SqsSource:
    """Batches are objects. The inventory, not a checkpoint, tells which were dealt with."""

    kind = "s3_sqs"

    def __init__(self, settings: S3SqsSettings, given: Given) -> None:
        self.name = settings.name
        self._settings = settings
        self._given = given
        self._aws = Aws(given.aws, settings)
        wait = settings.wait.total_seconds() if settings.follow else min(1.0, settings.wait.total_seconds())
        queue = self._queue = SqsQueue(self._aws, settings.queue_url, settings.queue_region(), int(wait))
        self._problems = Problems(settings.name)
        self._messages = Messages(int(settings.visibility.total_seconds()))
        self._answers = Answers(
            queue,
            self._messages,
            self._aws,
            time.monotonic,
            self._lost,
            self._removed,
            self._problems,
        )
        self._budget = Budget(settings.bytes_in_flight)
        self._reader = ObjectReader(self._aws, settings.fetches)
        self._fetcher = Fetcher(
            self._reader, settings.fetches, settings.max_object_size, self._budget, self._problems
        )
        self._ready: deque[_Ready] = deque()
        self._change = Change()
        self._polls = Polls(
            settings,
            queue,
            self._messages,
            self._aws,
            given.clock,
            self._problems,
            self._change,
            self._take,
        )
        self._fetches: dict[Message, list[Fetching]] = {}
        self._preparing: asyncio.Task[None] | None = None
        self._awaited = 1
        """So many objects must be there before whoever reads is woken, while others are under way."""
        self._closed = False
        self._passed_over: Counter[str] = Counter()

    async def open(self) -> None:
        """Begin to poll. A queue that cannot be reached is a status, not an error: it may come yet."""
        self._preparing = asyncio.create_task(self._prepare())
        self._answers.start()
        self._polls.start()

    async def read(self, limit: int) -> Sequence[Batch]:
        """The next objects, fetched already. Empty after close(), and when nothing is awaited and the queue is empty."""
        while True:
            self._polls.raise_bugs()
            if len(self._ready) < min(limit, _ENOUGH) and self._fetcher.under_way:
                await self._more()
            taken = self._hand_out(limit)
            if taken or self._closed or self._polls.finished():
                return taken
            await self._change.wait()

    def status(self) -> SourceStatus:
        detail = self._polls.fault or f"{len(self._messages)} messages are being dealt with"
        return SourceStatus(
            self._state(),
            self._polls.last_success,
            detail,
            self._problems.lines(),
            dict(+self._passed_over),
        )

    async def close(self) -> None:
        """Stop polling, answer for what is done, give the rest back at once."""
        if self._closed:
            return
        self._closed = True
        self._ready.clear()
        await self._polls.stop()
        begun = [fetching.cancel() for every in self._fetches.values() for fetching in every]
        if self._preparing is not None:
            self._preparing.cancel()
        await asyncio.gather(*(task for task in (*begun, self._preparing) if task), return_exceptions=True)
        self._change.tell()
        await self._answers.close(_GRACE)
        await self._reader.close()
        await self._queue.close()
        await self._aws.close()

    async def _prepare(self) -> None:
        """Load what the first object needs. A bucket is in the Region of the queue that hears of it."""
        with contextlib.suppress(AwsError):  # then each read tells, and tries again
            region = self._settings.queue_region() or self._given.aws.region
            await self._reader.prepare(self._settings.buckets[0], region)

    def _hand_out(self, limit: int) -> list[Batch]:
        taken: list[Batch] = []
        while self._ready and len(taken) < limit and not self._closed:
            ready = self._ready.popleft()
            if ready.message.lost:
                self._budget.give(ready.held)
            else:
                taken.append(ready.batch)
        return taken

    def _state(self) -> SourceState:
        if self._polls.fault:
            return SourceState.FAILING
        if self._polls.finished():
            return SourceState.FINISHED
        return SourceState.STARTING if self._polls.last_success is None else SourceState.RUNNING

    def _removed(self) -> None:
        self._polls.look_again()

    async def _more(self) -> None:
        """A moment, in which what is being fetched arrives: what is committed together is cheaper."""
        self._awaited = _ENOUGH
        try:
            async with asyncio.timeout(_LINGER):
                while len(self._ready) < _ENOUGH and self._fetcher.under_way and not self._closed:
                    await self._change.wait()
        except TimeoutError:
            pass
        finally:
            self._awaited = 1

    def _arrived(self) -> None:
        if len(self._ready) >= self._awaited or not self._fetcher.under_way:
            self._change.tell()

    async def _take(self, messages: Sequence[Message]) -> None:
        if not messages:
            return
        try:
            news = [(message, self._sorted_out(message)) for message in messages]
            known = await self._known([one.key for _, said in news for one in said.objects])
            for key in known:
                self._problems.clear(key)  # somebody else has read it
            for message, said in news:
                self._begin(message, said, known)
            self._arrived()
        except Exception:  # a bug, which `read` will raise: nobody else would ever answer for them
            for message in messages:
                if not message.open and not message.settled:
                    self._give_back(message)
            raise

    def _sorted_out(self, message: Message) -> News:
        return sorted_out(message.received.body, self._settings.buckets, self._settings.prefixes)

    async def _known(self, keys: Sequence[str]) -> frozenset[str]:
        """Which were dealt with before. Where the store cannot tell, none: to read one twice is harmless."""
        try:
            return frozenset(await self._given.known(list(dict.fromkeys(keys)))) if keys else frozenset()
        except StoreError:
            return frozenset()

    def _begin(self, message: Message, said: News, known: frozenset[str]) -> None:
        if message.lost:
            return
        if said.passed_over:
            self._passed_over.update(said.passed_over)
        fresh = [one for one in said.objects if one.key not in known] if known else said.objects
        self._passed_over["known"] += len(said.objects) - len(fresh)
        message.open = len(fresh) + len(said.unusable)
        if not message.open:
            self._answers.delete(message)
            return
        for key, unusable in said.unusable:
            self._hand_over(message, key, unusable)
        receives, limit = message.received.receives, self._polls.limit
        self._fetches[message] = [
            self._fetcher.start(one, receives, limit, partial(self._fetched, message, one)) for one in fresh
        ]

    def _fetched(self, message: Message, fetch: Fetch, got: Got) -> None:
        if isinstance(got, str):
            self._answered(message, got)
        else:
            self._hand_over(message, fetch.key, got, fetch)
        self._arrived()

    def _hand_over(
        self, message: Message, key: str, payload: bytes | UnusableError, fetch: Fetch | None = None
    ) -> None:
        received = message.received
        locator = fetch.locator() if fetch else f"{self._settings.queue_url} message {received.id}"
        details = fetch.details() if fetch else {}
        origin = Origin(self.name, self.kind, locator, {**details, "message_id": received.id})
        held = len(payload) if isinstance(payload, bytes) else 0  # only what was fetched is in the budget

        def answered(_batch: ObjectBatch, reason: str | None) -> None:
            self._budget.give(held)
            if reason is not None and received.receives >= self._polls.give_up_at:
                self._fetcher.give_up(key, reason)
            self._answered(message, reason)

        batch = ObjectBatch(origin, key, self._given.clock.now(), payload, answered, lambda: message.lost)
        self._ready.append(_Ready(batch, message, held))

    def _answered(self, message: Message, reason: str | None) -> None:
        if not message.answered(reason):
            return
        self._fetches.pop(message, None)
        if message.lost or message.settled:
            return
        if message.failed:
            self._give_back(message)
        else:
            self._answers.delete(message)

    def _give_back(self, message: Message) -> None:
        first = self._settings.put_back.total_seconds()
        self._answers.give_back(message, put_back_for(message.received.receives, first))

    def _lost(self, messages: Sequence[Message]) -> None:
        """Somebody else may work on them by now: what was not handed out yet is dropped."""
        for message in messages:
            for fetching in self._fetches.pop(message, ()):
                fetching.cancel()
        self._removed()
