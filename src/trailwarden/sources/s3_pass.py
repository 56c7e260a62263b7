"""One pass over a bucket: every day that may still hold something unread, for each account and Region.

Keeps: a prefix that cannot be listed stops no other, and leaves the pass incomplete, so that its time is listed again.

Next: `s3_listing`, the prefixes and the calls; `s3_poll`, which reads what is found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime

from trailwarden.aws import Aws, AwsError
from trailwarden.model import Clock
from trailwarden.model.log_key import parse_log_key
from trailwarden.sources.problems import Problems
from trailwarden.sources.s3_listing import Listed, Listing, days, root_of
from trailwarden.sources.s3_poll_settings import S3PollSettings


class Passes:
    """All passes of one source.

    through: the begin of the last one of which everything was dealt with; whole: whether the present one can become that;
    fault: why nothing can be listed, "" where something can.
    """

    def __init__(
        self,
        settings: S3PollSettings,
        aws: Aws,
        clock: Clock,
        problems: Problems,
        take: Callable[[Sequence[Listed]], Awaitable[None]],
        through: datetime | None,
    ) -> None:
        """take: gets what was listed, page by page, log files alone; it may wait."""
        self._settings = settings
        self._aws = aws
        self._clock = clock
        self._problems = problems
        self._take = take
        self._listing = Listing(aws, settings.bucket, settings.region)
        self.through = through
        self.whole = True
        self.fault = ""
        self.last_success: datetime | None = None
        self.passed_over: Counter[str] = Counter()

    async def one(self, now: datetime) -> None:
        """List everything once."""
        self.whole = True
        listed, fault = 0, ""
        async for prefix in self._prefixes(now):
            try:
                async for page in self._listing.pages(prefix):
                    await self._take(self._log_files(page))
                self._problems.clear(prefix)
                listed += 1
            except AwsError as failed:
                fault = await self._failed(prefix, failed)
        self.fault = fault if fault and not listed else self.fault if not listed and not self.whole else ""
        if not self.fault:
            self.last_success = self._clock.now()

    def since(self, now: datetime) -> datetime:
        """From when on to list."""
        if self.through is not None:
            return min(now, self.through) - self._settings.window
        return self._settings.since or now - self._settings.window

    async def _prefixes(self, now: datetime) -> AsyncIterator[str]:
        settings = self._settings
        root = root_of(settings.prefix, settings.organization)
        spanned = days(self.since(now), now)
        for account in settings.accounts or await self._found(root, self._listing.accounts(root)):
            place = f"{root}{account}/CloudTrail/"
            for region in settings.regions or await self._found(place, self._listing.regions(root, account)):
                for day in spanned:
                    yield f"{place}{region}/{day}/"

    async def _found(self, place: str, listing: Awaitable[Sequence[str]]) -> Sequence[str]:
        try:
            found = await listing
        except AwsError as failed:
            self.fault = await self._failed(place, failed)
            return ()
        self._problems.clear(place)
        return found

    async def _failed(self, prefix: str, failed: AwsError) -> str:
        self.whole = False
        detail = failed.failure.detail
        self._problems.note(prefix, f"s3://{self._settings.bucket}/{prefix}: {detail}")
        if failed.failure.credentials:
            await self._aws.renew()
        return f"the bucket cannot be listed: {detail}"

    def _log_files(self, page: Sequence[Listed]) -> list[Listed]:
        found = []
        for one in page:
            parsed = parse_log_key(one.key)
            if parsed is not None and parsed.kind == "CloudTrail":
                found.append(one)
            else:
                self.passed_over["no_events"] += 1
        return found
