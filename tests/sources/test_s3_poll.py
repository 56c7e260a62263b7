"""The polling source against an emulator: what arrives late, out of order or while it was down is found, and read once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.aws.buckets import Bucket
from tests.aws.emulator import Emulator
from tests.aws.trails import log_key
from trailwarden.errors import Reason, UnusableError
from trailwarden.model import Batch, SystemClock
from trailwarden.sources.base import Given, SourceState
from trailwarden.sources.s3_poll import THROUGH, S3PollSource
from trailwarden.sources.s3_poll_settings import S3PollSettings


class World:
    """A bucket, and what the store would know."""

    def __init__(self, emulator: Emulator, bucket: Bucket) -> None:
        self.emulator = emulator
        self.bucket = bucket
        self.inventory: set[str] = set()
        self.checkpoints: dict[str, str] = {}
        self.asked: list[str] = []

    async def known(self, keys: Sequence[str]) -> Collection[str]:
        self.asked += keys
        return self.inventory & set(keys)

    def source(self, **more: Any) -> S3PollSource:
        document = {"kind": "s3_poll", "name": "trail", "bucket": self.bucket.name, "interval": "20ms"}
        settings = S3PollSettings.model_validate({**document, "put_back": "0s", **more})
        given = Given(SystemClock(), dict(self.checkpoints), self.known, aws=self.emulator.settings())
        return S3PollSource(settings, given)

    async def everything(self, **more: Any) -> list[str]:
        """One pass: the keys that came, each committed."""
        source = self.source(follow=False, **more)
        await source.open()
        keys = []
        try:
            async with asyncio.timeout(30):
                while batches := await source.read(100):
                    keys += [await self.commit(batch) for batch in batches]
        finally:
            await source.close()
        return keys

    async def commit(self, batch: Batch) -> str:
        if batch.checkpoint is not None:
            self.checkpoints[batch.checkpoint.key] = batch.checkpoint.value
        self.inventory.add(batch.key)
        await batch.ack()
        return str(batch.origin.details["key"])


@pytest.fixture
async def world(emulator: Emulator) -> AsyncIterator[World]:
    bucket = Bucket(emulator)
    await bucket.make()
    yield World(emulator, bucket)
    await bucket.close()


def hours_ago(hours: float) -> datetime:
    return datetime.now(UTC) - timedelta(hours=hours)


async def test_a_key_that_sorts_before_others_and_arrives_later_is_found(world: World) -> None:
    now = datetime.now(UTC)
    later, earlier = log_key("eu-west-1", now), log_key("eu-west-1", now - timedelta(minutes=40))
    assert earlier < later
    await world.bucket.put(later, b"x")
    assert await world.everything() == [later]
    await world.bucket.put(earlier, b"x")
    assert await world.everything() == [earlier]
    assert await world.everything() == []


async def test_accounts_and_regions_are_found(world: World) -> None:
    keys = [
        log_key(region, account=account, prefix="p/")
        for account in ("123456789012", "210987654321")
        for region in ("eu-west-1", "us-east-1")
    ]
    for key in [*keys, "p/AWSLogs/123456789012/Config/eu-west-1/x.json.gz", log_key("eu-west-1")]:
        await world.bucket.put(key, b"x")
    assert sorted(await world.everything(prefix="p")) == sorted(keys)


async def test_the_trail_of_an_organization(world: World) -> None:
    key = log_key("eu-west-1").replace("AWSLogs/", "AWSLogs/o-abcdefghij/")
    await world.bucket.put(key, b"x")
    assert await world.everything(organization="o-abcdefghij") == [key]


async def test_digests_are_passed_over_and_what_is_known_is_not_fetched(world: World) -> None:
    key = log_key("eu-west-1")
    await world.bucket.put(key, b"x")
    await world.bucket.put(key.rpartition("/")[0] + "/notes.txt", b"x")
    assert await world.everything() == [key]
    source = world.source()
    await source.open()
    async with asyncio.timeout(30):
        while not source.status().passed_over.get("known"):  # noqa: ASYNC110 - a status is a snapshot
            await asyncio.sleep(0.01)
    assert source.status().passed_over["no_events"] >= 1
    await source.close()


async def test_after_days_of_downtime_what_was_delivered_meanwhile_is_read(world: World) -> None:
    keys = [log_key("eu-west-1", hours_ago(hours)) for hours in (71, 40, 1)]
    for key in keys:
        await world.bucket.put(key, b"x")
    world.checkpoints[THROUGH] = hours_ago(72).isoformat()
    assert await world.everything(window="1h") == keys


async def test_the_first_start_begins_where_it_is_told(world: World) -> None:
    old, new = log_key("eu-west-1", hours_ago(24 * 20)), log_key("eu-west-1")
    for key in (old, new):
        await world.bucket.put(key, b"x")
    assert await world.everything() == [new]
    assert await world.everything(since=hours_ago(24 * 21).isoformat()) == [old]


async def test_the_mark_moves_when_a_pass_is_dealt_with_and_not_before(world: World) -> None:
    await world.bucket.put(log_key("eu-west-1"), b"x")
    source = world.source()
    await source.open()
    async with asyncio.timeout(30):
        (first,) = await source.read(1)
        await world.bucket.put(log_key("eu-west-1"), b"y")
        (second,) = await source.read(1)
        assert second.checkpoint is None  # the first is not dealt with
        await world.commit(first)
        await world.commit(second)
        await world.bucket.put(log_key("eu-west-1"), b"z")
        (third,) = await source.read(1)
        assert third.checkpoint is not None
        assert hours_ago(0.1) < datetime.fromisoformat(third.checkpoint.value) < hours_ago(0)
    await source.close()


async def test_an_archived_object_goes_into_quarantine_in_the_end(world: World) -> None:
    await world.bucket.put(log_key("eu-west-1"), b"x", StorageClass="GLACIER")
    source = world.source(max_tries=3)
    await source.open()
    async with asyncio.timeout(30):
        (batch,) = await source.read(1)
    with pytest.raises(UnusableError) as caught:
        batch.load()
    assert caught.value.reason is Reason.ARCHIVED
    await source.close()


async def test_a_bucket_that_is_not_there_is_a_status_and_may_come_yet(
    world: World, emulator: Emulator
) -> None:
    late = Bucket(emulator, "late-bucket", "late")
    source = world.source(bucket="late-bucket")
    await source.open()
    async with asyncio.timeout(30):
        while source.status().state is not SourceState.FAILING:  # noqa: ASYNC110 - a status is a snapshot
            await asyncio.sleep(0.01)
        assert "late-bucket" in source.status().problems[0]
        await late.make()
        key = log_key("eu-west-1")
        await late.put(key, b"x")
        (batch,) = await source.read(1)
    assert batch.origin.details["key"] == key
    assert source.status().problems == []
    await source.close()
    await late.close()
