"""A Kinesis stream at the emulator, and the table of its leases."""

from __future__ import annotations

from typing import Any

from tests.aws.emulator import ACCOUNT, REGION, Emulator
from tests.aws.mended import forget, trim
from trailwarden.aws import Aws

STREAM = "cloudtrail"
TABLE = "trailwarden-leases"
HASHES = 2**128


class KinesisStreamAt:
    """To be made, and closed."""

    def __init__(self, emulator: Emulator, name: str = STREAM) -> None:
        self.emulator = emulator
        self.name = name
        self.aws = Aws(emulator.settings())

    async def make(self, shards: int = 1) -> None:
        client = await self.aws.client("kinesis")
        await client.create_stream(StreamName=self.name, ShardCount=shards)

    async def close(self) -> None:
        await self.aws.close()

    aclose = close

    async def put(self, data: bytes, *, key: str = "k", at: int | None = None) -> str:
        """at: the hash, which chooses the shard; else the key does. Returns the sequence number."""
        client = await self.aws.client("kinesis")
        chosen = {} if at is None else {"ExplicitHashKey": str(at)}
        answer = await client.put_record(StreamName=self.name, Data=data, PartitionKey=key, **chosen)
        return str(answer["SequenceNumber"])

    async def put_all(self, records: list[tuple[str, bytes]]) -> None:
        """(key, data) of each."""
        client = await self.aws.client("kinesis")
        for start in range(0, len(records), 500):
            entries = [{"PartitionKey": key, "Data": data} for key, data in records[start : start + 500]]
            await client.put_records(StreamName=self.name, Records=entries)

    async def shards(self) -> list[dict[str, Any]]:
        client = await self.aws.client("kinesis")
        return list((await client.list_shards(StreamName=self.name))["Shards"])

    async def open_shards(self) -> list[dict[str, Any]]:
        """In the order of their hashes."""
        found = [
            one for one in await self.shards() if "EndingSequenceNumber" not in one["SequenceNumberRange"]
        ]
        return sorted(found, key=lambda one: int(one["HashKeyRange"]["StartingHashKey"]))

    async def split(self, shard: str) -> None:
        """In the middle."""
        client = await self.aws.client("kinesis")
        (ranges,) = [one["HashKeyRange"] for one in await self.shards() if one["ShardId"] == shard]
        middle = (int(ranges["StartingHashKey"]) + int(ranges["EndingHashKey"])) // 2
        await client.split_shard(StreamName=self.name, ShardToSplit=shard, NewStartingHashKey=str(middle))

    async def merge(self, one: str, other: str) -> None:
        """one: the lower neighbour."""
        client = await self.aws.client("kinesis")
        await client.merge_shards(StreamName=self.name, ShardToMerge=one, AdjacentShardToMerge=other)

    def trim(self, shard: str, through: str) -> None:
        trim(self.name, ACCOUNT, REGION, shard=shard, through=through)

    def forget(self, shard: str) -> None:
        forget(self.name, ACCOUNT, REGION, shard=shard)

    async def leases(self, table: str = TABLE) -> dict[str, dict[str, Any]]:
        """leaseKey -> the row, as plain values."""
        client = await self.aws.client("dynamodb")
        items = (await client.scan(TableName=table, ConsistentRead=True)).get("Items", [])
        return {
            item["leaseKey"]["S"]: {name: next(iter(value.values())) for name, value in item.items()}
            for item in items
        }

    def source(self, **more: Any) -> dict[str, Any]:
        """Settings of a source of kind kinesis, impatient."""
        impatient = {"poll_interval": "200ms", "put_back": "0s", "discover_interval": "1s", "failover": "1s"}
        return {"kind": "kinesis", "name": "logs", "stream": self.name, **impatient, **more}
