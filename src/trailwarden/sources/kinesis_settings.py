"""The settings of a source of kind `kinesis`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from trailwarden.aws import Role
from trailwarden.model.units import Duration, Size
from trailwarden.sources.acknowledgement import Ack, AckPoint

_ARN: Final = re.compile(
    r"arn:aws[a-z-]*:kinesis:(?P<region>[a-z0-9-]+):\d{12}:stream/(?P<name>[a-zA-Z0-9_.-]{1,128})"
)
ANSWER: Final = 10 * 1024 * 1024
"""Bytes of one answer, at the most (Kinesis API reference, GetRecords)."""


def _stream(text: str) -> str:
    if not re.fullmatch(r"[a-zA-Z0-9_.-]{1,128}", text) and not _ARN.fullmatch(text):
        raise ValueError("is neither a stream's name nor its ARN")
    return text


def _utc(moment: datetime | str) -> datetime | str:
    if isinstance(moment, str):
        return moment
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class KinesisSettings(Role):
    """Records of a Kinesis data stream: a CloudWatch Logs subscription, EventBridge, or a producer of your own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["kinesis"]
    name: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Its name in output and metrics; the checkpoints in the store hang on it.",
    )
    stream: Annotated[str, AfterValidator(_stream)] = Field(
        description="The stream's name, or its ARN where it is another account's."
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2,}(-[a-z]+)+-\d+$",
        description="The stream's Region, where an ARN does not tell.",
    )
    start: Annotated[Literal["trim_horizon", "latest"] | datetime, AfterValidator(_utc)] = Field(
        default="trim_horizon",
        description="Where the very first start begins: the oldest record that is kept, what comes from now on, or a time.",
    )
    ack: Ack = AckPoint.COMMITTED
    follow: bool = Field(
        default=True, description="Keep reading; false: finish when the end of the stream is reached."
    )
    lease_table: str | None = Field(
        default=None,
        pattern=r"^[a-zA-Z0-9_.-]{3,255}$",
        description="DynamoDB table in which instances share the shards; empty: one instance, checkpoints in the store.",
    )
    create_lease_table: bool = Field(
        default=False, description="Make the table where there is none, billed on demand."
    )
    failover: Duration = Field(
        default="10s",
        validate_default=True,
        ge=timedelta(seconds=1),
        le=timedelta(minutes=10),
        description="A lease that was not renewed for this long is another instance's to take; renewed at a third of it.",
    )
    max_shards: int = Field(
        default=1000, ge=1, le=10_000, description="Shards that this instance holds a lease of, at the most."
    )
    poll_interval: Duration = Field(
        default="1s",
        validate_default=True,
        ge=timedelta(milliseconds=200),
        le=timedelta(minutes=1),
        description="Pause between two calls for a shard that has nothing new.",
    )
    discover_interval: Duration = Field(
        default="1m",
        validate_default=True,
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="Pause between two looks for new shards; where a shard ends it is looked at once.",
    )
    put_back: Duration = Field(
        default="1s",
        validate_default=True,
        ge=timedelta(0),
        le=timedelta(minutes=5),
        description="How long a run rests that could not be dealt with; doubled each time, up to 5 minutes.",
    )
    run_records: int = Field(
        default=1000, ge=1, le=10_000, description="Records that are handed on and acknowledged together."
    )
    run_size: Size = Field(default=1024 * 1024, ge=1, description="The same in bytes, as they came.")
    bytes_in_flight: Size = Field(
        default=64 * 1024 * 1024,
        ge=ANSWER,
        description="Bytes read and not yet committed; each call reserves the 10 MiB that its answer may have.",
    )

    @model_validator(mode="after")
    def _table_that_is_needed(self) -> KinesisSettings:
        if self.create_lease_table and self.lease_table is None:
            raise ValueError("create_lease_table without lease_table: name the table")
        if self.ack is AckPoint.DELIVERED and self.lease_table is None:
            raise ValueError(
                "ack: delivered without lease_table: the positions are in the store that may be lost"
            )
        return self

    def stream_name(self) -> str:
        """Without what an ARN has before it."""
        found = _ARN.fullmatch(self.stream)
        return found["name"] if found is not None else self.stream

    def stream_region(self) -> str | None:
        """As configured, or as the ARN tells."""
        found = _ARN.fullmatch(self.stream)
        return self.region or (found["region"] if found is not None else None)

    def which(self) -> dict[str, str]:
        """The stream, as an argument of every call."""
        return {"StreamARN" if ":" in self.stream else "StreamName": self.stream}
