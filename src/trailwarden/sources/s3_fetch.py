"""Fetching objects: as many at once as allowed, with the patience that each kind of failure deserves.

Keeps: bytes count against the budget from before they are read until they are committed; what is not returned is given back.

Next: `s3_objects.ruling`, which decides; `trailwarden.aws.objects`, which reads.
"""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from typing import Final

import structlog

from trailwarden.aws import AwsError, ObjectReader, ObjectTooLargeError
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


class Fetcher:
    """Fetches for one source."""

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

    async def fetch(self, fetch: Fetch, receives: int, limit: int) -> bytes | UnusableError | str:
        """The object; what belongs into quarantine in its place; or why it is to be put back.

        receives, limit: as `ruling` takes them. Bytes that are returned are in the budget.
        """
        if receives == 1:  # announced anew, as when somebody moved it back from the dead-letter queue
            self._given_up.pop(fetch.key, None)
        last = self._given_up.get(fetch.key)
        if last is not None:
            self._problems.clear(fetch.key)
            detail = f"{fetch.locator()}: received {receives} times, failed at last: {last}"
            return UnusableError(Reason.GIVEN_UP, detail)
        try:
            return await self._patiently(fetch, receives, limit)
        except Exception as fault:  # a bug: told, and it comes again, as often as anything else
            log.exception("fetch_failed", key=fetch.key)
            why = f"{type(fault).__name__} while fetching"
            line = f"{fetch.locator()}: {why}; the log has the details"
            if receives >= limit:
                self._problems.clear(fetch.key)
                return UnusableError(Reason.UNREADABLE, line)
            self._problems.note(fetch.key, line)
            return why

    async def _patiently(self, fetch: Fetch, receives: int, limit: int) -> bytes | UnusableError | str:
        tries = 0
        while True:
            try:
                async with self._slots:
                    body = await self._read(fetch)
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

    async def _read(self, fetch: Fetch) -> bytes:
        taken = 0

        async def admit(size: int) -> None:
            nonlocal taken
            await self._budget.take(size)
            taken += size

        try:
            body = await self._reader.read(fetch.at, self._max_size, admit)
        except BaseException:
            self._budget.give(taken)
            raise
        if taken != len(body):
            self._budget.give(taken - len(body))
        return body


def _too_large(fetch: Fetch, size: int, limit: int) -> UnusableError:
    return UnusableError(
        Reason.TOO_LARGE,
        f"{fetch.locator()}: {size} bytes, more than max_object_size ({limit}); raise it and scan the object",
    )
