"""The lease table against the emulator, and the one in memory that stands for it in the model: they answer alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from tests.aws.emulator import REGION, Emulator
from tests.aws.streams import TABLE, KinesisStreamAt
from tests.property.lease_world import Table
from trailwarden.aws import Aws, AwsError, Fault
from trailwarden.sources.kinesis_lease_table import LeaseTable
from trailwarden.sources.kinesis_leases import Lease
from trailwarden.sources.kinesis_position import Position, at_time
from trailwarden.sources.kinesis_shards import Shard

NOW = datetime(2026, 1, 1, 12, 0, 0, 123000, tzinfo=UTC)
SHARD = Shard("shardId-2", ("shardId-0", "shardId-1"), hashes=("0", "99"))
AnyTable = LeaseTable | Table


@pytest.fixture
async def aws(emulator: Emulator) -> AsyncIterator[Aws]:
    made = Aws(emulator.settings())
    yield made
    await made.close()


@pytest.fixture(params=["dynamodb", "memory"])
async def table(request: pytest.FixtureRequest, aws: Aws) -> AnyTable:
    made = LeaseTable(aws, TABLE, REGION, 5) if request.param == "dynamodb" else Table()
    await made.create()
    await made.create()
    return made


async def added(table: AnyTable) -> Lease:
    lease = await table.add(SHARD, Position("TRIM_HORIZON"), "stream:1")
    assert lease is not None
    return lease


async def taken(table: AnyTable, owner: str = "me") -> Lease:
    lease = await table.take(await added(table), owner)
    assert lease is not None
    return lease


async def test_a_row_is_added_once_and_is_nobodys(table: AnyTable) -> None:
    lease = await added(table)
    assert lease == Lease("shardId-2", None, 0, Position("TRIM_HORIZON"), "stream:1")
    assert await table.add(SHARD, at_time(NOW), "stream:1") is None
    assert await table.leases() == {"shardId-2": lease}


async def test_of_two_who_want_it_one_gets_it(table: AnyTable) -> None:
    seen = await added(table)
    first = await table.take(seen, "me")
    assert first is not None
    assert (first.owner, first.counter) == ("me", 1)
    assert await table.take(seen, "another") is None
    assert (await table.leases())["shardId-2"] == first


async def test_it_is_stolen_from_whoever_had_it_and_that_one_gets_to_know(table: AnyTable) -> None:
    mine = await taken(table)
    stolen = await table.take(mine, "thief")
    assert stolen is not None
    assert await table.renew(mine, Position("5")) is None
    assert await table.release(mine, Position("5")) is None
    assert (await table.leases())["shardId-2"].position == Position("TRIM_HORIZON")


async def test_what_was_renewed_meanwhile_is_not_stolen(table: AnyTable) -> None:
    mine = await taken(table)
    assert await table.renew(mine, Position("5", through=NOW)) is not None
    assert await table.take(mine, "thief") is None


async def test_a_position_is_written_with_the_renewal(table: AnyTable) -> None:
    mine = await taken(table)
    for position in (at_time(NOW), Position("5", through=NOW), Position("6", 3), Position("SHARD_END")):
        renewed = await table.renew(mine, position)
        assert renewed is not None
        assert renewed.position == position
        assert await table.lease("shardId-2") == renewed
        mine = renewed


async def test_what_is_left_is_nobodys(table: AnyTable) -> None:
    left = await table.release(await taken(table), Position("5"))
    assert left is not None
    assert (left.owner, left.position) == (None, Position("5"))
    assert await table.take(left, "another") is not None


async def test_another_stream_begins_anew(table: AnyTable) -> None:
    mine = await taken(table)
    begun = await table.restart(mine, "stream:2")
    assert begun == Lease("shardId-2", None, mine.counter + 1, Position("TRIM_HORIZON"), "stream:2")
    assert await table.restart(mine, "stream:2") is None


async def test_a_row_is_removed_as_it_was_seen_alone(table: AnyTable) -> None:
    mine = await taken(table)
    await table.renew(mine, Position("5"))
    await table.remove(mine)
    assert set(await table.leases()) == {"shardId-2"}
    current = await table.lease("shardId-2")
    assert current is not None
    await table.remove(current)
    assert await table.leases() == {}
    assert await table.lease("shardId-2") is None


async def test_the_layout_is_the_librarys(aws: Aws, emulator: Emulator) -> None:
    table = LeaseTable(aws, TABLE, REGION, 5)
    await table.create()
    mine = await taken(table)
    stolen = await table.take(mine, "thief")
    assert stolen is not None
    stream = KinesisStreamAt(emulator)
    rows = await stream.leases()
    row = rows["shardId-2"]
    assert sorted(row.pop("parentShardId")) == ["shardId-0", "shardId-1"]
    assert row == {
        "leaseKey": "shardId-2",
        "leaseOwner": "thief",
        "leaseCounter": "2",
        "ownerSwitchesSinceCheckpoint": "1",
        "checkpoint": "TRIM_HORIZON",
        "checkpointSubSequenceNumber": "0",
        "startingHashKey": "0",
        "endingHashKey": "99",
        "streamIdentity": "stream:1",
    }
    assert await table.renew(stolen, Position("5", through=NOW)) is not None
    row = (await stream.leases())["shardId-2"]
    assert (row["checkpoint"], row["ownerSwitchesSinceCheckpoint"]) == ("5", "0")
    assert row["readThroughMillis"] == "1767268800123"
    await stream.close()


async def test_rows_of_the_library_are_understood_and_its_other_rows_passed_over(aws: Aws) -> None:
    table = LeaseTable(aws, TABLE, REGION, 5)
    await table.create()
    client = await aws.client("dynamodb", REGION)
    theirs = {
        "leaseKey": {"S": "shardId-7"},
        "leaseOwner": {"S": "worker"},
        "leaseCounter": {"N": "41"},
        "checkpoint": {"S": "496"},
        "checkpointSubSequenceNumber": {"N": "9"},
        "ownerSwitchesSinceCheckpoint": {"N": "0"},
        "pendingCheckpoint": {"S": "497"},
        "childShardIds": {"SS": ["shardId-8"]},
        "throughputKBps": {"N": "12.5"},
        "entityType": {"S": "LEASE"},
    }
    await client.put_item(TableName=TABLE, Item=theirs)
    metrics = {"leaseKey": {"S": "worker"}, "entityType": {"S": "WORKER_METRIC_STATS"}}
    await client.put_item(TableName=TABLE, Item=metrics)
    await client.put_item(TableName=TABLE, Item={"leaseKey": {"S": "something else"}})
    (lease,) = (await table.leases()).values()
    assert lease == Lease("shardId-7", "worker", 41, Position("496", 9))
    mine = await table.take(lease, "me")
    assert mine is not None
    assert await table.renew(mine, Position("498")) is not None
    item = (await client.get_item(TableName=TABLE, Key={"leaseKey": {"S": "shardId-7"}}))["Item"]
    assert item["childShardIds"] == {"SS": ["shardId-8"]}
    assert item["throughputKBps"] == {"N": "12.5"}
    assert "pendingCheckpoint" not in item


async def test_a_table_that_is_not_there(aws: Aws) -> None:
    with pytest.raises(AwsError) as caught:
        await LeaseTable(aws, TABLE, REGION, 5).leases()
    assert caught.value.failure.fault is Fault.NOT_FOUND
