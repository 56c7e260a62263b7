"""The rounds of a consumer: looking for shards, taking up what is ours, writing down where each stands.

Keeps: a round that fails is told and made again, with patience; what is known of the shards stays known meanwhile, so that leases
are kept and taken over while the stream cannot be asked. Looking never holds up the writing.

Next: `kinesis`, whose readers follow what is ours.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog

from trailwarden.aws import Aws, AwsError
from trailwarden.errors import StoreError
from trailwarden.model import Clock
from trailwarden.sources.kinesis_custody import Custody
from trailwarden.sources.kinesis_pacing import after_failure
from trailwarden.sources.kinesis_settings import KinesisSettings
from trailwarden.sources.kinesis_shards import Shard
from trailwarden.sources.kinesis_stream import KinesisStream
from trailwarden.sources.problems import Problems
from trailwarden.waiting import set_within

log = structlog.get_logger(__name__)

_LONG_AGO: Final = -1e9
_SUMMARY_EVERY: Final = 300.0
_BUG_PAUSE: Final = 5.0


class Rounds:
    """fault: why the shards cannot be had, "" where they can; failures: in a row; whole: nothing is left to be taken up now;
    last_success: of a look; bugs: exceptions that are ours, for whoever reads.
    """

    def __init__(
        self,
        settings: KinesisSettings,
        stream: KinesisStream,
        custody: Custody,
        aws: Aws,
        clock: Clock,
        problems: Problems,
        follow: Callable[[], None],
    ) -> None:
        """follow: called after each round: what is ours may have changed."""
        self._settings = settings
        self._stream = stream
        self._custody = custody
        self._aws = aws
        self._clock = clock
        self._problems = problems
        self._follow = follow
        self._look, self._write = asyncio.Event(), asyncio.Event()
        self._identity = ""
        self._asked_at = self._summed_at = _LONG_AGO
        self._unwritten_end = self._ending = False
        self._tasks: list[asyncio.Task[None]] = []
        self.shards: Mapping[str, Shard] = {}
        self.retention: timedelta | None = None
        self.fault = ""
        self.failures = 0
        self.whole = False
        self.last_success: datetime | None = None
        self.bugs: list[BaseException] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._looking()), asyncio.create_task(self._writing())]

    async def stop(self, grace: float) -> None:
        """Begin nothing more. A call that is cut off may have been carried out, and nobody would know of its lease: what is under
        way has `grace` seconds.
        """
        self._ending = True
        self._look.set()
        self._write.set()
        tasks, self._tasks = self._tasks, []
        if tasks:
            await asyncio.wait(tasks, timeout=grace)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def shard_ended(self) -> None:
        """Write it at once, then look for its children."""
        self.whole = False
        self._unwritten_end = True
        self._write.set()

    async def _looking(self) -> None:
        while not self._ending:
            self._look.clear()
            try:
                await self._attend()
                self.fault, self.failures = "", 0
                self.last_success = self._clock.now()
                self._problems.clear("look")
                pause = self._custody.beat * 1.5
            except (AwsError, StoreError) as fault:
                self.failures += 1
                self._summed_at = _LONG_AGO
                pause = after_failure(self.failures)
                self.fault = f"the shards cannot be had: {await self._failed('look', fault)}"
            except Exception as bug:
                log.exception("look_failed", source=self._settings.name)
                self.bugs.append(bug)
                pause = _BUG_PAUSE
            self._follow()
            await set_within(self._look, pause)

    async def _attend(self) -> None:
        now = time.monotonic()
        if now - self._summed_at >= _SUMMARY_EVERY:
            summary = await self._stream.summary()
            self._identity, self.retention, self._summed_at = summary.identity, summary.retention, now
        if not self.whole or now - self._asked_at >= self._settings.discover_interval.total_seconds():
            await self._discover(now)
        complete = not self._unwritten_end
        await self._custody.attend(self.shards, self._identity)
        self.whole = complete and not self._unwritten_end

    async def _discover(self, now: float) -> None:
        try:
            self.shards = await self._stream.shards()
            self._asked_at = now
            self._problems.clear("shards")
        except AwsError as fault:
            if not self.shards:
                raise
            await self._failed("shards", fault)  # those that are known go on

    async def _writing(self) -> None:
        while not self._ending:
            ended = self._write.is_set()
            self._write.clear()
            try:
                await self._custody.keep()
                self._problems.clear("write")
                if ended and not self._write.is_set():
                    self._unwritten_end = False
                    self._look.set()
            except (AwsError, StoreError) as fault:
                await self._failed("write", fault)
                if ended and not self._ending:
                    self._write.set()
                    await asyncio.sleep(self._custody.beat)
            except Exception as bug:
                log.exception("write_failed", source=self._settings.name)
                self.bugs.append(bug)
            self._follow()
            await set_within(self._write, self._custody.beat)

    async def _failed(self, what: str, fault: AwsError | StoreError) -> str:
        detail = fault.failure.detail if isinstance(fault, AwsError) else str(fault)
        self._problems.note(what, f"{self._settings.stream}: {_WHAT[what]}: {detail}")
        if isinstance(fault, AwsError) and fault.failure.credentials:
            await self._aws.renew()
        return detail


_WHAT: Final = {
    "look": "its shards cannot be had",
    "shards": "new shards cannot be looked for",
    "write": "where its shards stand cannot be written",
}
