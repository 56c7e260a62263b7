"""A trail at the emulator, and log files as it would deliver them."""

from __future__ import annotations

import gzip
import uuid
from datetime import UTC, datetime
from typing import Any

import orjson

from tests.aws.buckets import Bucket
from tests.aws.emulator import ACCOUNT, REGION

TRAIL = "org-trail"
REGIONS = ("eu-west-1", "us-east-1")


def log_key(region: str, at: datetime | None = None, account: str = ACCOUNT, prefix: str = "") -> str:
    at = at if at is not None else datetime.now(UTC)
    name = f"{account}_CloudTrail_{region}_{at:%Y%m%dT%H%MZ}_{uuid.uuid4().hex[:16]}.json.gz"
    return f"{prefix}AWSLogs/{account}/CloudTrail/{region}/{at:%Y/%m/%d}/{name}"


def log_file(*events: dict[str, Any]) -> bytes:
    return gzip.compress(orjson.dumps({"Records": list(events)}), mtime=0)


def call(name: str, source: str = "ec2.amazonaws.com", **members: Any) -> dict[str, Any]:
    """One event."""
    return {
        "eventVersion": "1.11",
        "userIdentity": {"type": "IAMUser", "accountId": ACCOUNT, "userName": "somebody"},
        "eventTime": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "eventSource": source,
        "eventName": name,
        "awsRegion": REGION,
        "sourceIPAddress": "192.0.2.1",
        "eventID": str(uuid.uuid4()),
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        "managementEvent": True,
        "readOnly": False,
        "eventCategory": "Management",
        **members,
    }


async def make_trail(bucket: Bucket, name: str = TRAIL, multi_region: bool = True) -> str:
    """Logging, into that bucket; returns its ARN."""
    cloudtrail = await bucket.aws.client("cloudtrail")
    made = await cloudtrail.create_trail(
        Name=name,
        S3BucketName=bucket.name,
        IsMultiRegionTrail=multi_region,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
    )
    await cloudtrail.start_logging(Name=name)
    return str(made["TrailARN"])


async def deliver(bucket: Bucket, region: str, *events: dict[str, Any]) -> str:
    """A log file and its announcement; returns the key."""
    key = log_key(region)
    etag = await bucket.put(key, log_file(*events))
    await bucket.announce(key, etag=etag)
    return key


def coverage(*regions: str) -> dict[str, Any]:
    """Settings."""
    return {
        "interval": "60s",
        "accounts": [{"id": ACCOUNT, "regions": list(regions or REGIONS), "trail": TRAIL}],
    }
