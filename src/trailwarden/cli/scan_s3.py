"""`scan s3://bucket/prefix`: back-fill, straight from the bucket. List, fetch, inspect, add up; restartable.

Keeps: an object is noted as done when its report was given; what could not be read is an error of that object alone, and is
tried again by the next run with the same --resume file.

Next: `trailwarden.sources.s3_listing`, which prefixes a time has.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from trailwarden.aws import (
    Aws,
    AwsError,
    AwsSettings,
    Fault,
    ObjectPlace,
    ObjectReader,
    ObjectTooLargeError,
    Role,
)
from trailwarden.cli.output import so_many
from trailwarden.cli.scan_files import FileReport, Totals, report_on
from trailwarden.errors import ConfigError
from trailwarden.model.log_key import parse_log_key
from trailwarden.sources.s3_listing import Listed, Listing, days

if TYPE_CHECKING:
    from trailwarden.decode import Limits
    from trailwarden.detection import Matcher

_AT_ONCE: Final = 32
_TRIES: Final = 6
_TELL_EVERY: Final = 5.0
SCHEME: Final = "s3://"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to scan. url: s3://bucket/prefix; since, until: of the delivery, both included; resume: a file of what is done."""

    url: str
    aws: AwsSettings = field(default_factory=AwsSettings)
    role: Role = field(default_factory=Role)
    since: datetime | None = None
    until: datetime | None = None
    resume: Path | None = None

    def covers(self, listed: Listed) -> bool:
        """Whether an object is of the time that is asked for: by its name, or, where that says nothing, by when it was put."""
        parsed = parse_log_key(listed.key)
        if parsed is not None and parsed.kind != "CloudTrail":
            return False
        moment = parsed.delivered if parsed is not None else listed.modified
        if moment is None:
            return True
        return (self.since is None or moment >= self.since) and (self.until is None or moment <= self.until)


def moment(text: str | None, option: str) -> datetime | None:
    """`2026-01-31`, `2026-01-31T12:00Z`; without an offset it is UTC. Raises ConfigError."""
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"{option}: {text!r} is no time; write 2026-01-31 or 2026-01-31T12:00Z") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


def scan_bucket(
    wanted: Wanted, matcher: Matcher, limits: Limits, totals: Totals, give: Callable[[FileReport], None]
) -> None:
    """Give a report for each object; totals grow as they come. Raises ConfigError where the bucket cannot be listed."""
    with ExitStack() as opened:
        done = _Done(wanted.resume, opened)
        asyncio.run(_Scan(wanted, matcher, limits, totals, give, done).run())
    totals.seconds = time.perf_counter() - totals.started


class _Done:
    """Names of what was scanned, one a line. A line that was cut off by a crash names nothing, and is scanned again."""

    def __init__(self, path: Path | None, opened: ExitStack) -> None:
        self.before: frozenset[str] = frozenset()
        self._file: IO[str] | None = None
        if path is None:
            return
        try:
            if path.exists():
                text = path.read_text(encoding="utf-8")
                self.before, torn = frozenset(text.splitlines()), bool(text) and not text.endswith("\n")
            else:
                torn = False
            self._file = opened.enter_context(path.open("a", encoding="utf-8"))
            if torn:
                self._file.write("\n")
        except (OSError, UnicodeDecodeError) as fault:
            raise ConfigError(f"--resume {path}: cannot be used: {fault}") from fault

    def add(self, name: str) -> None:
        if self._file is not None:
            self._file.write(f"{name}\n")
            self._file.flush()


class _Scan:
    def __init__(
        self,
        wanted: Wanted,
        matcher: Matcher,
        limits: Limits,
        totals: Totals,
        give: Callable[[FileReport], None],
        done: _Done,
    ) -> None:
        self._wanted = wanted
        self._matcher = matcher
        self._limits = limits
        self._totals = totals
        self._give = give
        self._done = done
        self._bucket, _, self._prefix = wanted.url.removeprefix(SCHEME).partition("/")
        if not self._bucket:
            raise ConfigError(f"{wanted.url}: names no bucket; write s3://bucket/prefix")
        self._told = time.monotonic()
        self._skipped = 0

    async def run(self) -> None:
        aws = Aws(self._wanted.aws, self._wanted.role)
        reader = ObjectReader(aws, _AT_ONCE)
        under_way: set[asyncio.Task[None]] = set()
        try:
            async for listed in self._listed(Listing(aws, self._bucket, None)):
                if len(under_way) >= 2 * _AT_ONCE:
                    await self._first(under_way)
                under_way.add(asyncio.create_task(self._one(reader, listed)))
            while under_way:
                await self._first(under_way)
        except AwsError as fault:
            raise ConfigError(f"{self._wanted.url}: cannot be listed: {fault.failure.detail}") from fault
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)
            await reader.close()
            await aws.close()

    async def _first(self, under_way: set[asyncio.Task[None]]) -> None:
        done, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
        under_way -= done
        for task in done:
            task.result()

    async def _listed(self, listing: Listing) -> AsyncIterator[Listed]:
        async for prefix in self._prefixes(listing):
            async for page in listing.pages(prefix):
                for listed in page:
                    if listed.name in self._done.before:
                        self._skipped += 1
                    elif not listed.key.endswith("/") and self._wanted.covers(listed):
                        yield listed

    async def _prefixes(self, listing: Listing) -> AsyncIterator[str]:
        """The days that are asked for, where the prefix is a trail's root; else the prefix as it is."""
        root = await self._root(listing) if self._wanted.since is not None else None
        if root is None:
            yield self._prefix
            return
        assert self._wanted.since is not None
        spanned = days(self._wanted.since, self._wanted.until or datetime.now(UTC))
        for account in await listing.accounts(root):
            for region in await listing.regions(root, account):
                for day in spanned:
                    yield f"{root}{account}/CloudTrail/{region}/{day}/"

    async def _root(self, listing: Listing) -> str | None:
        place = self._prefix.rstrip("/")
        above = f"{place}/" if place else ""
        for root in (above, f"{above}AWSLogs/"):
            if root and await listing.accounts(root):
                return root
        return None

    async def _one(self, reader: ObjectReader, listed: Listed) -> None:
        path = f"{SCHEME}{self._bucket}/{listed.key}"
        try:
            payload = await self._fetched(reader, listed)
        except ObjectTooLargeError as fault:
            report = FileReport(path, error=f"larger than the limit: {fault}", unreadable=True)
        except AwsError as fault:
            report = FileReport(path, error=f"cannot be read: {fault.failure.detail}", unreadable=True)
        else:
            report = await asyncio.to_thread(report_on, path, payload, self._matcher, self._limits)
            self._done.add(listed.name)
        self._totals.add(report)
        self._give(report)
        self._tell()

    async def _fetched(self, reader: ObjectReader, listed: Listed) -> bytes:
        for number in range(_TRIES):
            try:
                return await reader.read(
                    ObjectPlace(self._bucket, listed.key), self._limits.max_output_bytes, _no_wait
                )
            except AwsError as fault:
                if number + 1 == _TRIES or fault.failure.fault not in (Fault.NETWORK, Fault.THROTTLED):
                    raise
                await asyncio.sleep(0.2 * 2**number * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load
        raise AssertionError

    def _tell(self) -> None:
        """A line now and then on standard error."""
        if time.monotonic() - self._told < _TELL_EVERY:
            return
        self._told = time.monotonic()
        totals = self._totals
        before = f", {self._skipped} done before" if self._skipped else ""
        objects, events = so_many(totals.files, "object"), so_many(totals.events, "event")
        line = f"{objects}, {events}, {totals.matched} matched{before}"
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


async def _no_wait(_size: int) -> None:
    return
