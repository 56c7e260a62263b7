"""Fetching objects: as many at once as allowed, with the patience that each kind of failure deserves.

Nearly all come by the short way at the first try (`Fetcher.start`), without a task. What does not is awaited (`Fetcher.fetch`).

Keeps: bytes count against the budget from before they are read until they are committed; what is not returned is given back.

Next: `s3_objects.ruling`, which decides; `trailwarden.aws.objects`, which reads.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import structlog

from trailwarden.aws import AwsError, ObjectReader, ObjectTooLargeError
from trailwarden.aws.answer import Answer
from trailwarden.aws.quick import QuickGet
from trailwarden.aws.wire_connection import Connection
from trailwarden.aws.wire_head import Head
from trailwarden.errors import Reason, UnusableError
from trailwarden.sources.budget import Budget
from trailwarden.sources.problems import Problems
from trailwarden.sources.s3_news import Fetch
from trailwarden.sources.s3_objects import Policy, ruling

log = structlog.get_logger(__name__)

_RETRY: Final = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Seconds between tries while a message is held, give or take half; the last one repeats."""
_REMEMBERED: Final = 1000
_TRIES_UNTOLD: Final = 2
"""Tries that fail before it is a problem to be told: single answers get lost all the time."""


Got = bytes | UnusableError | str
"""The object; what belongs into quarantine in its place; or why it is to be put back. The bytes are in the budget."""


class Fetcher:
    """Fetches for one source. under_way: begun by `start`, neither done nor cancelled."""

    def __init__(
        self, reader: ObjectReader, at_once: int, max_size: int, budget: Budget, problems: Problems
    ) -> None:
        """max_size: bytes of one object."""
        self._reader = reader
        self._slots = asyncio.Semaphore(at_once)
        self._max_size = max_size
        self._budget = budget
        self._problems = problems
        self._given_up: OrderedDict[str, str] = OrderedDict()
        self.under_way = 0

    def start(self, fetch: Fetch, receives: int, limit: int, done: Callable[[Got], None]) -> Fetching:
        """As `fetch`. done: called with what comes of it, later than this returns, unless it is cancelled."""
        begun = Fetching(self, self._reader, self._budget, fetch, receives, limit, self._max_size, done)
        self.under_way += 1
        if fetch.key in self._given_up or not self._reader.quickly(begun):
            begun.not_got(None)
        return begun

    def read(self, fetch: Fetch) -> None:
        """It was read: whatever was wrong with it is over."""
        self._problems.clear(fetch.key)

    async def fetch(self, fetch: Fetch, receives: int, limit: int, refused: Answer | None = None) -> Got:
        """What comes of it. receives, limit: as `ruling` takes them; refused: what S3 said to a try that was made already."""
        if receives == 1:  # announced anew, as when somebody moved it back from the dead-letter queue
            self._given_up.pop(fetch.key, None)
        last = self._given_up.get(fetch.key)
        if last is not None:
            self._problems.clear(fetch.key)
            detail = f"{fetch.locator()}: received {receives} times, failed at last: {last}"
            return UnusableError(Reason.GIVEN_UP, detail)
        try:
            return await self._patiently(fetch, receives, limit, refused)
        except Exception as fault:  # a bug: told, and it comes again, as often as anything else
            log.exception("fetch_failed", key=fetch.key)
            why = f"{type(fault).__name__} while fetching"
            line = f"{fetch.locator()}: {why}; the log has the details"
            if receives >= limit:
                self._problems.clear(fetch.key)
                return UnusableError(Reason.UNREADABLE, line)
            self._problems.note(fetch.key, line)
            return why

    async def _patiently(self, fetch: Fetch, receives: int, limit: int, refused: Answer | None) -> Got:
        tries = 0
        while True:
            try:
                async with self._slots:
                    body = await self._read(fetch, refused if tries == 0 else None)
            except ObjectTooLargeError as fault:
                self._problems.clear(fetch.key)
                return _too_large(fetch, fault.size, self._max_size)
            except AwsError as fault:
                ruled = ruling(fault.failure, receives, limit)
                line = f"{fetch.locator()}: {fault.failure.detail}"
                if ruled.policy is Policy.QUARANTINE:
                    self._problems.clear(fetch.key)
                    return UnusableError(ruled.reason, f"{line}; received {receives} times")
                if ruled.policy is Policy.BACK or tries >= _TRIES_UNTOLD:
                    self._problems.note(fetch.key, line)
                if ruled.policy is Policy.BACK:
                    return fault.failure.detail
            else:
                self._problems.clear(fetch.key)
                return body
            pause = _RETRY[min(tries, len(_RETRY) - 1)]
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load, guards nothing
            tries += 1

    def give_up(self, key: str, reason: str) -> None:
        """Whatever comes of it, the next time it is for the quarantine."""
        self._given_up[key] = reason
        while len(self._given_up) > _REMEMBERED:
            self._given_up.popitem(last=False)

    async def _read(self, fetch: Fetch, refused: Answer | None) -> bytes:
        taken = 0

        async def admit(size: int) -> None:
            nonlocal taken
            await self._budget.take(size)
            taken += size

        try:
            body = await self._reader.read(fetch.at, self._max_size, admit, refused)
        except BaseException:
            self._budget.give(taken)
            raise
        if taken != len(body):
            self._budget.give(taken - len(body))
        return body


class Fetching(QuickGet):
    """One object on its way. Made by `Fetcher.start`."""

    __slots__ = ("_budget", "_done", "_fetch", "_fetcher", "_limit", "_over", "_receives", "_taken", "_task")

    def __init__(
        self,
        fetcher: Fetcher,
        reader: ObjectReader,
        budget: Budget,
        fetch: Fetch,
        receives: int,
        limit: int,
        max_size: int,
        done: Callable[[Got], None],
    ) -> None:
        super().__init__(reader, fetch.at, max_size)
        self._fetcher = fetcher
        self._budget = budget
        self._fetch = fetch
        self._receives = receives
        self._limit = limit
        self._done = done
        self._task: asyncio.Task[None] | None = None
        self._taken = 0
        self._over = False

    def cancel(self) -> asyncio.Task[None] | None:
        """Nobody gets it any more. Returns what still ends."""
        if not self._over:
            self._end()
        if self._task is not None:
            self._task.cancel()
        return self._task

    def request(self) -> bytes | None:
        return None if self._over else super().request()

    def headed(self, connection: Connection, head: Head) -> bool:
        if self._over:
            connection.close()
            return False
        return super().headed(connection, head)

    def admit(self, size: int) -> bool:
        if self._budget.take_now(size):
            self._taken = size
            return True
        self._task = asyncio.create_task(self._wait_for_room(size))
        return False

    def got(self, body: bytes) -> None:
        self._fetcher.read(self._fetch)
        self._give(body)

    def not_got(self, answer: Answer | None) -> None:
        if self._task is not None:
            self._task.cancel()  # it waits for room
        taken, self._taken = self._taken, 0
        self._budget.give(taken)
        if not self._over:
            self._task = asyncio.create_task(self._the_long_way(answer))

    async def _wait_for_room(self, size: int) -> None:
        await self._budget.take(size)
        self._task, self._taken = None, size
        if self.connection is not None:
            self.connection.go_on()

    async def _the_long_way(self, refused: Answer | None) -> None:
        got = await self._fetcher.fetch(self._fetch, self._receives, self._limit, refused)
        self._task, self._taken = None, len(got) if isinstance(got, bytes) else 0
        self._give(got)

    def _give(self, got: Got) -> None:
        if self._over:  # since its body was admitted
            self._budget.give(self._taken)
            return
        self._end()
        self._done(got)

    def _end(self) -> None:
        self._over = True
        self._fetcher.under_way -= 1


def _too_large(fetch: Fetch, size: int, limit: int) -> UnusableError:
    return UnusableError(
        Reason.TOO_LARGE,
        f"{fetch.locator()}: {size} bytes, more than max_object_size ({limit}); raise it and scan the object",
    )
