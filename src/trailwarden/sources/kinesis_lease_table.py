"""The lease table in DynamoDB, in the layout of the Kinesis Client Library.

Keeps: every write is conditional on the owner or the counter that was read, so that of two who want the same one succeeds and the
other one gets to know. What a row has besides is left as it is.

Rules: awslabs/amazon-kinesis-client, DynamoDBLeaseSerializer (names and types), entityType of version 3.5; DynamoDB API.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from trailwarden.aws import Aws, AwsError, translated
from trailwarden.sources.kinesis_leases import Lease
from trailwarden.sources.kinesis_position import AT_TIMESTAMP, TRIM_HORIZON, Position
from trailwarden.sources.kinesis_shards import Shard

_LOST: Final = "ConditionalCheckFailedException"
_STREAM: Final = "streamIdentity"
_SINCE: Final = "startTimestampMillis"
_THROUGH: Final = "readThroughMillis"
"""Names of our own, which the library passes over; the others are its."""


class LeaseTable:
    """A table by its name. Every method raises AwsError; those that write return what then stands there, or None where
    somebody else was first.
    """

    def __init__(self, aws: Aws, table: str, region: str | None, timeout: float) -> None:
        """timeout: seconds for an answer; a lease must not expire while one waits."""
        self._aws = aws
        self._table = table
        self._region = region
        self._timeout = timeout

    async def create(self) -> None:
        """Where there is none, billed on demand. Returns when it can be used, or another one is making it."""
        with translated():
            client = await self._client()
            try:
                await client.create_table(
                    TableName=self._table,
                    AttributeDefinitions=[{"AttributeName": "leaseKey", "AttributeType": "S"}],
                    KeySchema=[{"AttributeName": "leaseKey", "KeyType": "HASH"}],
                    BillingMode="PAY_PER_REQUEST",
                )
            except client.exceptions.ResourceInUseException:
                return

    async def leases(self) -> dict[str, Lease]:
        """Every lease, as the last write left it. Rows of other kinds are passed over."""
        found: dict[str, Lease] = {}
        start: dict[str, Any] = {}
        while True:
            with translated():
                client = await self._client()
                answer = await client.scan(TableName=self._table, ConsistentRead=True, **start)
            for item in answer.get("Items") or ():
                lease = _lease(item)
                if lease is not None:
                    found[lease.key] = lease
            if not answer.get("LastEvaluatedKey"):
                return found
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    async def lease(self, key: str) -> Lease | None:
        """One of them; None where there is none."""
        with translated():
            client = await self._client()
            answer = await client.get_item(
                TableName=self._table, Key={"leaseKey": {"S": key}}, ConsistentRead=True
            )
        return _lease(answer.get("Item") or {})

    async def add(self, shard: Shard, position: Position, stream: str) -> Lease | None:
        """A row for a shard that has none; nobody's yet."""
        item: dict[str, Any] = {
            "leaseKey": {"S": shard.id},
            "leaseCounter": {"N": "0"},
            "ownerSwitchesSinceCheckpoint": {"N": "0"},
            _STREAM: {"S": stream},
            **_position(position),
        }
        if shard.parents:
            item["parentShardId"] = {"SS": list(shard.parents)}
        if shard.hashes is not None:
            item["startingHashKey"], item["endingHashKey"] = ({"S": one} for one in shard.hashes)
        try:
            with translated():
                client = await self._client()
                await client.put_item(
                    TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(leaseKey)"
                )
        except AwsError as fault:
            if fault.failure.code == _LOST:
                return None
            raise
        return _lease(item)

    async def take(self, lease: Lease, owner: str) -> Lease | None:
        """Make it `owner`'s, as it was read."""
        values: dict[str, Any] = {":me": {"S": owner}, ":one": {"N": "1"}, ":seen": {"N": str(lease.counter)}}
        switched = lease.owner is not None and lease.owner != owner
        if lease.owner is not None:
            values[":owner"] = {"S": lease.owner}
        held = "leaseOwner = :owner" if lease.owner is not None else "attribute_not_exists(leaseOwner)"
        added = "leaseCounter :one" + (", ownerSwitchesSinceCheckpoint :one" if switched else "")
        return await self._update(
            lease.key,
            f"SET leaseOwner = :me REMOVE checkpointOwner ADD {added}",
            f"leaseCounter = :seen AND {held}",
            values,
        )

    async def renew(self, lease: Lease, position: Position) -> Lease | None:
        """Keep it, and say where the shard stands."""
        return await self._held(lease, position, "")

    async def release(self, lease: Lease, position: Position) -> Lease | None:
        """Leave it to others, and say where the shard stands."""
        return await self._held(lease, position, ", leaseOwner")

    async def restart(self, lease: Lease, stream: str) -> Lease | None:
        """It was of a stream that is no more: begin the new one's shard of that name, whoever has it."""
        return await self._update(
            lease.key,
            f"SET checkpoint = :at, checkpointSubSequenceNumber = :zero, {_STREAM} = :stream "
            f"REMOVE leaseOwner, {_SINCE}, {_THROUGH} ADD leaseCounter :one",
            "leaseCounter = :seen",
            {
                ":at": {"S": TRIM_HORIZON},
                ":zero": {"N": "0"},
                ":stream": {"S": stream},
                ":one": {"N": "1"},
                ":seen": {"N": str(lease.counter)},
            },
        )

    async def remove(self, lease: Lease) -> None:
        """The stream has the shard no more."""
        try:
            with translated():
                client = await self._client()
                await client.delete_item(
                    TableName=self._table,
                    Key={"leaseKey": {"S": lease.key}},
                    ConditionExpression="checkpoint = :end",
                    ExpressionAttributeValues={":end": {"S": lease.position.at}},
                )
        except AwsError as fault:
            if fault.failure.code != _LOST:
                raise

    async def _held(self, lease: Lease, position: Position, removed: str) -> Lease | None:
        said = _position(position)
        values = {f":{name}": value for name, value in said.items()}
        values |= {
            ":one": {"N": "1"},
            ":zero": {"N": "0"},
            ":me": {"S": lease.owner},
            ":seen": {"N": str(lease.counter)},
        }
        sets = ", ".join(f"{name} = :{name}" for name in said)
        if position.at != lease.position.at:
            sets += ", ownerSwitchesSinceCheckpoint = :zero"
        else:
            del values[":zero"]
        drop = "pendingCheckpoint, pendingCheckpointSubSequenceNumber, pendingCheckpointState" + removed
        drop += "".join(f", {name}" for name in (_SINCE, _THROUGH) if name not in said)
        return await self._update(
            lease.key,
            f"SET {sets} REMOVE {drop} ADD leaseCounter :one",
            "leaseOwner = :me AND leaseCounter = :seen",
            values,
        )

    async def _update(self, key: str, update: str, condition: str, values: Mapping[str, Any]) -> Lease | None:
        try:
            with translated():
                client = await self._client()
                answer = await client.update_item(
                    TableName=self._table,
                    Key={"leaseKey": {"S": key}},
                    UpdateExpression=update,
                    ConditionExpression=condition,
                    ExpressionAttributeValues=values,
                    ReturnValues="ALL_NEW",
                )
        except AwsError as fault:
            if fault.failure.code == _LOST:
                return None
            raise
        return _lease(answer["Attributes"])

    async def _client(self) -> Any:
        return await self._aws.client(
            "dynamodb",
            self._region,
            read_timeout=self._timeout,
            connect_timeout=self._timeout,
            retries={"mode": "standard", "total_max_attempts": 2},  # what comes too late helps nobody
        )


def _position(position: Position) -> dict[str, Any]:
    said: dict[str, Any] = {
        "checkpoint": {"S": position.at},
        "checkpointSubSequenceNumber": {"N": str(position.inside)},
    }
    for name, moment in ((_SINCE, position.since), (_THROUGH, position.through)):
        if moment is not None:
            said[name] = {"N": str(int(moment.timestamp() * 1000))}
    return said


def _lease(item: Mapping[str, Any]) -> Lease | None:
    """None for a row that is no lease: version 3.5 of the library keeps other things in the same table."""
    if item.get("entityType", {}).get("S", "LEASE") != "LEASE" or "checkpoint" not in item:
        return None
    at = item["checkpoint"]["S"]
    since = _moment(item, _SINCE)
    return Lease(
        key=item["leaseKey"]["S"],
        owner=item.get("leaseOwner", {}).get("S"),
        counter=int(item.get("leaseCounter", {}).get("N", "0")),
        position=Position(
            at=at,
            inside=int(item.get("checkpointSubSequenceNumber", {}).get("N", "0")),
            since=since if at == AT_TIMESTAMP else None,
            through=_moment(item, _THROUGH),
        ),
        stream=item.get(_STREAM, {}).get("S", ""),
    )


def _moment(item: Mapping[str, Any], name: str) -> datetime | None:
    number = item.get(name, {}).get("N")
    return datetime.fromtimestamp(int(number) / 1000, UTC) if number is not None else None
