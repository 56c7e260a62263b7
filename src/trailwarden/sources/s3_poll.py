"""Source `s3_poll`: finds CloudTrail's objects by listing, day by day, for each account and Region.

Keeps: each pass lists `window` back again, and what the inventory has is not read again; so a key that arrives late, or with a
name before others, is found. A time of which a pass was not complete is listed again until one is, over a restart, too.

Next: `s3_pass`, what is listed; `s3_fetch`, how an object is read.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

import structlog

from trailwarden.aws import Aws, ObjectPlace, ObjectReader
from trailwarden.errors import StoreError, UnusableError
from trailwarden.model import Batch, Checkpoint, Origin
from trailwarden.sources.base import Given, SourceState, SourceStatus
from trailwarden.sources.budget import Budget
from trailwarden.sources.change import Change
from trailwarden.sources.problems import Problems
from trailwarden.sources.s3_fetch import Fetcher
from trailwarden.sources.s3_listing import Listed
from trailwarden.sources.s3_news import Fetch
from trailwarden.sources.s3_objects import ObjectBatch, put_back_for
from trailwarden.sources.s3_pass import Passes
from trailwarden.sources.s3_poll_settings import S3PollSettings

log = structlog.get_logger(__name__)

THROUGH: Final = "through"
"""Checkpoint: the begin of the last pass of which everything was dealt with; ISO 8601, UTC."""
_KNOWN_AT_ONCE: Final = 500
_BUG_PAUSE: Final = 5.0


class PolledBatch(ObjectBatch):
    """An object, with the mark that is true by the time it is committed."""

    mark: Checkpoint | None = None

    @property
    def checkpoint(self) -> Checkpoint | None:
        return self.mark


class S3PollSource:
    """Batches are objects. The inventory tells which were dealt with, the checkpoint from when on to list."""

    kind = "s3_poll"

    def __init__(self, settings: S3PollSettings, given: Given) -> None:
        self.name = settings.name
        self._settings = settings
        self._given = given
        self._aws = Aws(given.aws, settings)
        self._problems = Problems(settings.name)
        self._budget = Budget(settings.bytes_in_flight)
        self._reader = ObjectReader(self._aws, settings.fetches)
        self._fetcher = Fetcher(
            self._reader, settings.fetches, settings.max_object_size, self._budget, self._problems
        )
        through = _time(given.checkpoints.get(THROUGH))
        self._passes = Passes(settings, self._aws, given.clock, self._problems, self._take, through)
        self._in_flight: dict[str, asyncio.Task[None]] = {}
        self._tries: Counter[str] = Counter()
        self._due: dict[str, float] = {}
        self._ready: deque[PolledBatch] = deque()
        self._change = Change()
        self._passing: asyncio.Task[None] | None = None
        self._closed = self._finished = False
        self._known_before = 0
        self._candidate: tuple[datetime, set[str]] | None = None

    async def open(self) -> None:
        """Begin to list. A bucket that cannot be listed is a status, not an error."""
        self._passing = asyncio.create_task(self._run())

    async def read(self, limit: int) -> Sequence[Batch]:
        """The next objects, fetched already. Empty after close(), and when one pass was asked for and is dealt with."""
        while True:
            if self._closed:
                return ()
            if self._ready:
                return [self._ready.popleft() for _ in range(min(limit, len(self._ready)))]
            if self._finished:
                return ()
            await self._change.wait()

    def status(self) -> SourceStatus:
        detail = self._passes.fault or f"{len(self._in_flight)} objects are being dealt with"
        passed = dict(self._passes.passed_over, known=self._known_before)
        return SourceStatus(self._state(), self._passes.last_success, detail, self._problems.lines(), passed)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        tasks = list(self._in_flight.values())
        if self._passing is not None:
            tasks.append(self._passing)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._change.tell()
        await self._reader.close()
        await self._aws.close()

    def _state(self) -> SourceState:
        if self._passes.fault:
            return SourceState.FAILING
        if self._finished:
            return SourceState.FINISHED
        return SourceState.STARTING if self._passes.last_success is None else SourceState.RUNNING

    async def _run(self) -> None:
        """Pass after pass; a single one, and what failed in it again, where nothing is followed."""
        tries = 0
        while True:
            began, pause = self._given.clock.now(), self._settings.interval.total_seconds()
            try:
                await self._passes.one(began)
                if self._passes.whole and self._candidate is None:
                    self._candidate = began, {*self._in_flight, *self._due}
                self._mark_through()
                if not self._settings.follow:
                    await self._until(lambda: not self._in_flight)
            except Exception:
                log.exception("listing_failed", source=self.name)
                self._problems.note("listing", "a bug while listing; the log has the details")
                pause = _BUG_PAUSE
            tries += 1
            if not self._settings.follow and (not self._due or tries >= self._settings.max_tries):
                self._finished = True
                self._change.tell()
                return
            await asyncio.sleep(self._rest(pause))

    def _rest(self, seconds: float) -> float:
        """Until the next pass; shorter where something that failed is due before."""
        due = min(self._due.values(), default=None)
        return seconds if due is None else max(0.01, min(seconds, due - time.monotonic()))

    def _mark_through(self) -> None:
        """A pass is behind us when all that it found is dealt with; meanwhile others may go on."""
        if self._candidate is not None and not self._candidate[1]:
            self._passes.through, self._candidate = self._candidate[0], None

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            await self._change.wait()

    async def _take(self, page: Sequence[Listed]) -> None:
        fresh = [one for one in page if one.name not in self._in_flight]
        for start in range(0, len(fresh), _KNOWN_AT_ONCE):
            some = fresh[start : start + _KNOWN_AT_ONCE]
            known = await self._known([one.name for one in some])
            for one in some:
                if one.name in known:
                    self._known_before += 1
                    self._forget(one.name)
                elif self._due.get(one.name, 0.0) <= time.monotonic():
                    await self._until(lambda: len(self._in_flight) < self._settings.objects_in_flight)
                    self._in_flight[one.name] = asyncio.create_task(self._fetch(one))

    async def _known(self, names: Sequence[str]) -> frozenset[str]:
        """Which were dealt with before. Where the store cannot tell, none: to read one twice is harmless."""
        try:
            return frozenset(await self._given.known(names))
        except StoreError:
            return frozenset()

    async def _fetch(self, listed: Listed) -> None:
        place = ObjectPlace(self._settings.bucket, listed.key, None, self._settings.region)
        fetch = Fetch(place, listed.name)
        try:
            got = await self._fetcher.fetch(fetch, self._tries[listed.name] + 1, self._settings.max_tries)
        except Exception as fault:
            log.exception("fetch_failed", source=self.name, key=listed.key)
            got = f"{type(fault).__name__} while fetching"
            self._problems.note(listed.name, f"{listed.key}: {got}; the log has the details")
        if isinstance(got, str):
            self._again(listed.name)
        else:
            self._hand_over(fetch, got)
        self._change.tell()

    def _hand_over(self, fetch: Fetch, payload: bytes | UnusableError) -> None:
        held = len(payload) if isinstance(payload, bytes) else 0
        origin = Origin(self.name, self.kind, fetch.locator(), fetch.details())
        batch = PolledBatch(
            origin,
            fetch.key,
            self._given.clock.now(),
            payload,
            lambda _batch, reason: self._dealt_with(fetch.key, held, reason),
        )
        if self._passes.through is not None:
            batch.mark = Checkpoint(self.name, THROUGH, self._passes.through.isoformat())
        self._ready.append(batch)

    def _dealt_with(self, name: str, held: int, reason: str | None) -> None:
        self._budget.give(held)
        if reason is not None:
            self._again(name)
            if self._tries[name] >= self._settings.max_tries:
                self._fetcher.give_up(name, reason)
        else:
            self._in_flight.pop(name, None)
            self._forget(name)
        self._change.tell()

    def _again(self, name: str) -> None:
        """At a later pass, when it has rested."""
        self._in_flight.pop(name, None)
        self._tries[name] += 1
        rest = put_back_for(self._tries[name], self._settings.put_back.total_seconds())
        self._due[name] = time.monotonic() + rest

    def _forget(self, name: str) -> None:
        """It is dealt with."""
        self._tries.pop(name, None)
        self._due.pop(name, None)
        self._problems.clear(name)
        if self._candidate is not None:
            self._candidate[1].discard(name)
            self._mark_through()


def _time(value: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
