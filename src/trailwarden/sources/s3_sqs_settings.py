"""The settings of a source of kind `s3_sqs`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field

from trailwarden.aws import Role
from trailwarden.aws.settings import Url
from trailwarden.model.units import Duration, Size
from trailwarden.sources.acknowledgement import Ack, AckPoint

_QUEUE_HOST: Final = re.compile(
    r"https?://(?:sqs(?:-fips)?\.|vpce-[^/]*\.sqs\.)([a-z]{2,}(?:-[a-z]+)+-\d+)\."
)
_PATH: Final = re.compile(r"https?://[^/]+/\d{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?")


def _queue(url: str) -> str:
    if not _PATH.fullmatch(url):
        raise ValueError("is no queue's URL; it ends with the account's number and the queue's name")
    return url


Bucket = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=255)]
Prefix = Annotated[str, Field(max_length=1024)]


class S3SqsSettings(Role):
    """S3 objects that are announced in an SQS queue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["s3_sqs"]
    name: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Its name in output and metrics; the inventory hangs on it.",
    )
    queue_url: Annotated[Url, AfterValidator(_queue)] = Field(description="The queue's URL.")
    buckets: tuple[Bucket, ...] = Field(
        min_length=1, description="Only objects of these are fetched; news of others go into quarantine."
    )
    prefixes: tuple[Prefix, ...] = Field(
        default=("",),
        min_length=1,
        description="Only keys that start with one of these are fetched; others are counted and passed over.",
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,}(-[a-z]+)+-\d+$",
        description="The queue's Region, where its URL does not tell.",
    )
    ack: Ack = AckPoint.COMMITTED
    follow: bool = Field(default=True, description="Keep waiting; false: finish when the queue is empty.")
    wait: Duration = Field(
        default="20s",
        validate_default=True,
        ge=timedelta(0),
        le=timedelta(seconds=20),
        description="How long one poll waits for messages.",
    )
    visibility: Duration = Field(
        default="2m",
        validate_default=True,
        ge=timedelta(seconds=2),
        le=timedelta(hours=11),
        description="How long a message stays hidden from other consumers; renewed at half of it while it is worked on.",
    )
    max_receives: int = Field(
        default=10,
        ge=1,
        le=1000,
        description="What fails that often goes into quarantine; the queue's own maxReceiveCount counts where it is smaller.",
    )
    put_back: Duration = Field(
        default="5s",
        validate_default=True,
        ge=timedelta(0),
        le=timedelta(minutes=15),
        description="How long a message stays away after it failed; doubled each time, up to 15 minutes.",
    )
    max_object_size: Size = Field(
        default=256 * 1024 * 1024,
        ge=1,
        description="A larger object is not read and goes into quarantine, with a line that says so.",
    )
    polls: int = Field(default=3, ge=1, le=32, description="Polls under way at once.")
    fetches: int = Field(default=32, ge=1, le=256, description="Objects fetched at once.")
    messages_in_flight: int = Field(
        default=1000, ge=10, le=100_000, description="Messages received and not yet deleted or given back."
    )
    bytes_in_flight: Size = Field(
        default=64 * 1024 * 1024, ge=1024 * 1024, description="Bytes fetched and not yet committed."
    )

    def queue_region(self) -> str | None:
        """As configured, or as the queue's URL tells."""
        found = _QUEUE_HOST.match(self.queue_url)
        return self.region or (found[1] if found is not None else None)
