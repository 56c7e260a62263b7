"""The settings of a source of kind `s3_poll`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field

from trailwarden.aws import Role
from trailwarden.model.units import Duration, Size
from trailwarden.sources.s3_sqs_settings import Bucket


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class S3PollSettings(Role):
    """CloudTrail's objects in S3, found by listing, for those who have no queue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["s3_poll"]
    name: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Its name in output and metrics; the inventory hangs on it.",
    )
    bucket: Bucket = Field(description="The trail's bucket.")
    prefix: str = Field(
        default="",
        max_length=1024,
        description="What stands before `AWSLogs/`, without the slash at its end.",
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,}(-[a-z]+)+-\d+$",
        description="The bucket's, where S3 need not tell.",
    )
    organization: str = Field(
        default="", pattern=r"^(o-[a-z0-9]{10,32})?$", description="Its id, for an organization's trail."
    )
    accounts: tuple[Annotated[str, Field(pattern=r"^\d{12}$")], ...] = Field(
        default=(), description="Empty: all that are found."
    )
    regions: tuple[Annotated[str, Field(pattern=r"^[a-z0-9-]+$")], ...] = Field(
        default=(), description="Empty: all that are found."
    )
    since: Annotated[datetime, AfterValidator(_utc)] | None = Field(
        default=None, description="Where the first start begins; empty: `window` back."
    )
    follow: bool = Field(default=True, description="Keep listing; false: read what is there and finish.")
    interval: Duration = Field(
        default="1m", validate_default=True, gt=timedelta(0), description="Pause between two passes."
    )
    window: Duration = Field(
        default="6h",
        validate_default=True,
        ge=timedelta(minutes=15),
        le=timedelta(days=31),
        description="How far back each pass lists again: keys do not arrive in their order, and some arrive late.",
    )
    max_tries: int = Field(
        default=10, ge=1, le=1000, description="What is not there that often goes into quarantine."
    )
    put_back: Duration = Field(
        default="30s",
        validate_default=True,
        ge=timedelta(0),
        le=timedelta(minutes=15),
        description="How long an object rests after it failed; doubled each time, up to 15 minutes.",
    )
    max_object_size: Size = Field(
        default=256 * 1024 * 1024,
        ge=1,
        description="A larger object is not read and goes into quarantine, with a line that says so.",
    )
    fetches: int = Field(default=32, ge=1, le=256, description="Objects fetched at once.")
    objects_in_flight: int = Field(
        default=1000, ge=1, le=100_000, description="Objects found and not yet committed."
    )
    bytes_in_flight: Size = Field(
        default=64 * 1024 * 1024, ge=1024 * 1024, description="Bytes fetched and not yet committed."
    )
