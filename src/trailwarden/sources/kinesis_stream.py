"""One Kinesis data stream, as far as a consumer needs it: its shards, iterators, records.

Keeps: what a failed call means for reading a shard is decided here. No call is repeated below: each one counts against the
shard's limit of five a second.

Rules: Kinesis API reference, ListShards, GetShardIterator, GetRecords, DescribeStreamSummary.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from trailwarden.aws import Aws, AwsError, AwsFailure, Fault, translated
from trailwarden.errors import TrailwardenError
from trailwarden.sources.kinesis_position import Position
from trailwarden.sources.kinesis_settings import KinesisSettings
from trailwarden.sources.kinesis_shards import Shard, described

RECORDS: Final = 10_000
"""Of one answer, at the most."""
_PAGES: Final = 1000
_IN_USE: Final = frozenset({"LimitExceededException", "ResourceInUseException"})
_NUMBER_REFUSED: Final = re.compile(
    r"StartingSequenceNumber \S+ used in GetShardIterator|Invalid StartingSequenceNumber"
)
"""What AWS says of a number that is none of the stream's, and of one that is another shard's."""


class IteratorExpiredError(TrailwardenError):
    """Five minutes have passed since it was made: another one is needed."""


class NumberRefusedError(TrailwardenError):
    """The shard has no such sequence number, or has it no more."""


class ShardGoneError(TrailwardenError):
    """The stream has no such shard, or has it no more."""


@dataclass(frozen=True, slots=True)
class Record:
    """number: its sequence number; arrived: about when the stream took it."""

    number: str
    data: bytes
    arrived: datetime | None
    key: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one GetRecords. next: None at the end of a shard; behind: how far this answer is behind the newest record."""

    records: Sequence[Record]
    next: str | None
    behind: timedelta
    size: int


@dataclass(frozen=True, slots=True)
class Summary:
    """identity: name and time of creation, for a stream that is deleted and made again begins its shards anew; retention: how
    long it keeps a record.
    """

    identity: str
    retention: timedelta


class KinesisStream:
    """A stream by its settings. Every method raises AwsError."""

    def __init__(self, aws: Aws, settings: KinesisSettings) -> None:
        self._aws = aws
        self._region = settings.stream_region()
        self._which = settings.which()

    async def summary(self) -> Summary:
        """What it is. It may change while it is read."""
        with translated():
            client = await self._client()
            answer = await client.describe_stream_summary(**self._which)
        told = answer["StreamDescriptionSummary"]
        return Summary(
            identity=f"{told['StreamName']}:{int(told['StreamCreationTimestamp'].timestamp())}",
            retention=timedelta(hours=told["RetentionPeriodHours"]),
        )

    async def shards(self) -> dict[str, Shard]:
        """All of them, closed ones too."""
        found: dict[str, Shard] = {}
        asked: dict[str, Any] = dict(self._which)
        for _ in range(_PAGES):
            with translated():
                client = await self._client()
                answer = await client.list_shards(**asked)
            found.update((one["ShardId"], described(one)) for one in answer.get("Shards") or ())
            if not (token := answer.get("NextToken")):
                break
            asked = {"NextToken": token}  # the token names the stream; both together are refused
        return found

    async def iterator(self, shard: str, position: Position) -> str:
        """Where to read on. Raises NumberRefusedError, ShardGoneError, too."""
        try:
            with translated():
                client = await self._client()
                answer = await client.get_shard_iterator(**self._which, ShardId=shard, **position.iterator())
        except AwsError as fault:
            if position.is_number and _refuses_number(fault.failure):
                raise NumberRefusedError(fault.failure.detail) from fault
            if fault.failure.fault is Fault.NOT_FOUND and shard in fault.failure.detail:
                raise ShardGoneError(fault.failure.detail) from fault
            raise
        return str(answer["ShardIterator"])

    async def records(self, iterator: str) -> Answer:
        """What comes next. Raises IteratorExpiredError, too."""
        try:
            with translated():
                client = await self._client()
                answer = await client.get_records(ShardIterator=iterator, Limit=RECORDS)
        except AwsError as fault:
            if fault.failure.code == "ExpiredIteratorException":
                raise IteratorExpiredError(fault.failure.detail) from fault
            raise
        records = [_record(one) for one in answer.get("Records") or ()]
        return Answer(
            records=records,
            next=answer.get("NextShardIterator") or None,
            behind=timedelta(milliseconds=answer.get("MillisBehindLatest") or 0),
            size=sum(len(record.data) for record in records),
        )

    async def _client(self) -> Any:
        return await self._aws.client(
            "kinesis", self._region, retries={"mode": "standard", "total_max_attempts": 1}
        )


def _refuses_number(failure: AwsFailure) -> bool:
    """Whether it is the number that is wrong, and nothing else about the call: the code alone does not say it."""
    return failure.code == "InvalidArgumentException" and _NUMBER_REFUSED.search(failure.detail) is not None


def throttled(fault: AwsError) -> bool:
    """Asked too often, by us or by others."""
    return fault.failure.fault is Fault.THROTTLED or fault.failure.code in _IN_USE


def _record(one: dict[str, Any]) -> Record:
    arrived = one.get("ApproximateArrivalTimestamp")
    return Record(
        number=str(one["SequenceNumber"]),
        data=bytes(one.get("Data") or b""),
        arrived=arrived if isinstance(arrived, datetime) else None,
        key=str(one.get("PartitionKey") or ""),
    )
