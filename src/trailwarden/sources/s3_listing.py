"""Which prefixes hold the objects of a time, and what lies under them.

Keeps: every day that the time touches is listed whole: within a day the order of keys is not the order of arrival, so that no
key may serve as a mark to start after.

Source: CloudTrail user guide, "Finding your CloudTrail log files"; Amazon S3 API reference, ListObjectsV2.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from trailwarden.aws import Aws, translated
from trailwarden.sources.s3_objects import object_key

_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
_SLACK: Final = timedelta(hours=1)
"""A file's day is that of its delivery by CloudTrail's clock, which need not be ours."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One object. key: as S3 has it; name: in the inventory; modified: when it was put, in UTC."""

    key: str
    name: str
    size: int
    modified: datetime | None = None


def root_of(prefix: str, organization: str) -> str:
    """What all keys of a trail begin with: `[prefix/]AWSLogs/[o-…/]`."""
    parts = [part for part in (prefix.strip("/"), "AWSLogs", organization) if part]
    return "/".join(parts) + "/"


def days(since: datetime, until: datetime) -> list[str]:
    """`YYYY/MM/DD`, every day from one to the other, both included, with an hour to spare on either side. Times in UTC."""
    day, last = (since - _SLACK).date(), (until + _SLACK).date()
    found = []
    while day <= last:
        found.append(f"{day:%Y/%m/%d}")
        day += timedelta(days=1)
    return found


class Listing:
    """Lists one bucket. Every method raises AwsError."""

    def __init__(self, aws: Aws, bucket: str, region: str | None) -> None:
        self._aws = aws
        self._bucket = bucket
        self._region = region

    async def accounts(self, root: str) -> Sequence[str]:
        """The accounts that have a folder there."""
        return [name for name in await self._folders(root) if _ACCOUNT.fullmatch(name)]

    async def regions(self, root: str, account: str) -> Sequence[str]:
        """The Regions that an account has log files of."""
        return [
            name for name in await self._folders(f"{root}{account}/CloudTrail/") if _REGION.fullmatch(name)
        ]

    async def pages(self, prefix: str) -> AsyncIterator[list[Listed]]:
        """Everything under a prefix, a thousand at a time at most."""
        async for page in self._pages(Prefix=prefix):
            yield [_listed(self._bucket, one) for one in page.get("Contents") or ()]

    async def _folders(self, prefix: str) -> list[str]:
        found: list[str] = []
        async for page in self._pages(Prefix=prefix, Delimiter="/"):
            found += [one["Prefix"][len(prefix) : -1] for one in page.get("CommonPrefixes") or ()]
        return found

    async def _pages(self, **asked: str) -> AsyncIterator[dict[str, Any]]:
        more: dict[str, str] = {}
        while True:
            with translated():
                client = await self._aws.client("s3", self._region, signature_version="s3v4")
                page = await client.list_objects_v2(Bucket=self._bucket, **asked, **more)
            yield page
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}


def _listed(bucket: str, one: dict[str, Any]) -> Listed:
    name = object_key(bucket, one["Key"], one.get("ETag"))
    modified = one.get("LastModified")
    return Listed(
        one["Key"], name, int(one.get("Size") or 0), modified if isinstance(modified, datetime) else None
    )
