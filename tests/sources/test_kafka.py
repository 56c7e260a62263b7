"""The source against a real broker: where it begins, what it reads, what it commits, and what it gives up."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewPartitions, RecordsToDelete

from tests.peers.kafka_fixtures import Kafka
from tests.peers.kafka_topics import administration, new_topic, producing, put
from tests.sources.kafka_world import (
    acked,
    committed,
    everything,
    has_committed,
    opened,
    payloads,
    shows,
    taken,
    until,
)
from trailwarden.errors import Reason, UnusableError
from trailwarden.model import Batch, Run
from trailwarden.sources import SourceState
from trailwarden.sources.kafka import KafkaSource
from trailwarden.sources.kafka_fetch import RawFetcher

MIB = 1024 * 1024


@pytest.mark.parametrize("codec", [None, "gzip", "snappy", "lz4", "zstd"])
async def test_every_codec_is_read(kafka: Kafka, codec: str | None) -> None:
    topic = await new_topic(kafka.bootstrap)
    values = [f"{number}".encode() * 500 for number in range(40)]
    await put(kafka.bootstrap, topic, values, compression_type=codec, linger_ms=20)
    async with opened(kafka.bootstrap, topic, follow=False, run_size="1MiB") as source:
        (batch,) = await taken(source, 1)
        assert list(payloads(batch)) == values
        assert isinstance(batch, Run)
        origins = [batch.origin_of(index) for index in range(40)]
        assert [origin.locator for origin in origins] == [f"{topic}/0@{offset}" for offset in range(40)]
        assert batch.origin.details == {"topic": topic, "partition": 0, "first_offset": 0, "last_offset": 39}
        assert abs(int(origins[0].details["timestamp"]) / 1000 - datetime.now(UTC).timestamp()) < 60


async def test_a_new_group_begins_at_the_end_where_it_is_told_to_and_misses_nothing_over_a_restart(
    kafka: Kafka,
) -> None:
    topic = await new_topic(kafka.bootstrap)
    await put(kafka.bootstrap, topic, [b"before"])
    async with opened(kafka.bootstrap, topic, start="latest"):
        await has_committed(kafka.bootstrap, topic, 1)
    await put(kafka.bootstrap, topic, [b"while it was away"])
    async with opened(kafka.bootstrap, topic, start="latest") as source:
        assert await acked(source, 1) == [b"while it was away"]


async def test_a_new_group_begins_at_a_time(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap, 2)
    async with producing(kafka.bootstrap) as producer:
        for number, hour in enumerate((1, 2, 3)):
            moment = int(datetime(2026, 1, 1, hour, tzinfo=UTC).timestamp() * 1000)
            await producer.send_and_wait(topic, b"%d" % number, partition=0, timestamp_ms=moment)
    async with opened(kafka.bootstrap, topic, start="2026-01-01T01:30:00Z", follow=False) as source:
        assert await everything(source) == [b"1", b"2"]


async def test_a_partition_that_is_added_later_begins_at_its_beginning(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap)
    async with opened(kafka.bootstrap, topic, start="latest"):
        await has_committed(kafka.bootstrap, topic, 0)
    async with administration(kafka.bootstrap) as admin:
        await admin.create_partitions({topic: NewPartitions(2)})
    await put(kafka.bootstrap, topic, [b"first of the new one"], partition=1)
    async with opened(kafka.bootstrap, topic, start="latest") as source:
        assert await acked(source, 1) == [b"first of the new one"]


async def test_only_committed_transactions_are_read_and_the_end_is_reached_behind_them(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap)
    async with producing(kafka.bootstrap, transactional_id=topic) as producer:
        for number, good in enumerate((True, False, True, False)):
            await producer.begin_transaction()
            await producer.send_and_wait(topic, b"%d" % number)
            await (producer.commit_transaction() if good else producer.abort_transaction())
    async with opened(kafka.bootstrap, topic, follow=False) as source:
        assert await everything(source) == [b"0", b"2"]
        assert source.status().state is SourceState.FINISHED
    assert await committed(kafka.bootstrap, topic) == 8  # four messages and four markers


async def test_large_messages_are_read_and_one_beyond_the_limit_costs_itself(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap, max_message_bytes=str(12 * MIB))
    values = [b"a", b"b" * (10 * MIB), b"c" * (10 * MIB + 1), b"d"]
    for value in values:
        await put(kafka.bootstrap, topic, [value])
    async with opened(kafka.bootstrap, topic, follow=False) as source:
        a, b, c, d = await everything(source)
    assert [a, b, d] == [values[0], values[1], values[3]]
    assert isinstance(c, UnusableError)
    assert (c.reason, c.payload) == (Reason.TOO_LARGE, values[2])


async def test_a_message_without_a_value_is_a_tombstone(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap)
    await put(kafka.bootstrap, topic, [b"a", None, b""])
    async with opened(kafka.bootstrap, topic, follow=False) as source:
        assert await everything(source) == [b"a", b"null", b""]


async def test_only_the_contiguous_prefix_of_what_is_acked_is_committed(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap)
    for number in range(4):
        await put(kafka.bootstrap, topic, [b"%d" % number])
    async with opened(kafka.bootstrap, topic) as source:
        batches = await taken(source, 4)
        await batches[0].ack()
        await has_committed(kafka.bootstrap, topic, 1)
        await batches[3].ack()
        await batches[2].ack()
        await asyncio.sleep(0.1)  # some intervals, in which nothing may be committed
        assert await committed(kafka.bootstrap, topic) == 1
        await batches[1].ack()
        await has_committed(kafka.bootstrap, topic, 4)


async def test_what_was_nacked_comes_again_and_holds_up_its_offset_alone(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap)
    for number in range(3):
        await put(kafka.bootstrap, topic, [b"%d" % number])
    async with opened(kafka.bootstrap, topic) as source:
        first, second, third = await taken(source, 3)
        await first.nack("the store is away")
        await second.ack()
        await third.ack()
        assert f"{topic}/0@0-0: the store is away" in source.status().problems
        assert await committed(kafka.bootstrap, topic) in (None, 0)
        assert await acked(source, 1) == [b"0"]
        await has_committed(kafka.bootstrap, topic, 3)
        assert source.status().problems == []


async def test_what_retention_took_before_it_was_read_is_told(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap)
    await put(kafka.bootstrap, topic, [b"%d" % number for number in range(10)])
    async with opened(kafka.bootstrap, topic, run_size="1MiB") as source:
        await acked(source, 1)
        await has_committed(kafka.bootstrap, topic, 10)
    await put(kafka.bootstrap, topic, [b"%d" % number for number in range(10, 20)])
    async with administration(kafka.bootstrap) as admin:
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(15)})
    async with opened(kafka.bootstrap, topic, follow=False) as source:
        assert await everything(source) == [b"%d" % number for number in range(15, 20)]
        (problem,) = source.status().problems
        assert source.status().missed == 5
        assert "offset 10 is not there any more, reading goes on at 15: 5 messages" in problem
    assert await committed(kafka.bootstrap, topic) == 20


async def test_back_pressure_takes_no_more_than_is_allowed(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap)
    values = [b"%06d" % number + bytes(100_000) for number in range(100)]
    await put(kafka.bootstrap, topic, values, max_batch_size=1)
    async with opened(
        kafka.bootstrap, topic, bytes_in_flight="300kB", fetch_size="200kB", follow=False
    ) as source:
        seen: list[bytes | UnusableError] = []
        while batches := await source.read(100):
            assert sum(batch.size_hint for batch in batches) <= 500_000
            for batch in batches:
                seen += payloads(batch)
                await batch.ack()
        assert seen == values


async def test_two_members_share_the_partitions_and_what_was_in_flight_counts(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap, 2)
    for number in range(2):
        await put(kafka.bootstrap, topic, [b"%d" % number], partition=number)
    async with opened(kafka.bootstrap, topic, drain="30s") as one:
        batches = await taken(one, 2)
        async with opened(kafka.bootstrap, topic, drain="30s") as other:
            await until(lambda: one.status().detail == "waits for its partitions")
            for batch in batches:
                await batch.ack()  # within the drain: it is committed before the partitions go
            await shows(one, "1 partitions")
            await shows(other, "1 partitions")
            for number in range(2):
                assert await committed(kafka.bootstrap, topic, number) == 1
                await put(kafka.bootstrap, topic, [b"more"], partition=number)
            assert (await acked(one, 1), await acked(other, 1)) == ([b"more"], [b"more"])


async def test_what_is_answered_after_the_partition_went_changes_nothing(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap, 1)
    await put(kafka.bootstrap, topic, [b"0"])
    async with opened(kafka.bootstrap, topic, drain="100ms") as one:
        (batch,) = await taken(one, 1)
        async with opened(kafka.bootstrap, topic):
            await until(lambda: batch.lost)
            await batch.ack()
            await batch.nack("too late")
    assert await committed(kafka.bootstrap, topic) in (None, 0)


async def test_a_static_member_that_restarts_quickly_moves_no_partition(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap, 2)
    patient = {"session_timeout": "20s"}
    async with opened(kafka.bootstrap, topic, instance_id="one", **patient) as one:
        async with opened(kafka.bootstrap, topic, instance_id="two", **patient) as two:
            await shows(one, "1 partitions")
            await shows(two, "1 partitions")
        before = dict(one._share.partitions)
        async with opened(kafka.bootstrap, topic, instance_id="two", **patient) as two:
            await shows(two, "1 partitions")
            await asyncio.sleep(1)
            assert list(one._share.partitions.values()) == list(before.values())


async def test_two_that_live_under_one_instance_id_are_told_and_nothing_is_lost(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap)
    wanted, seen = {b"%d" % number for number in range(20)}, set[object]()

    async def reading(source: KafkaSource) -> None:
        while True:
            seen.update(await acked(source, 1))

    def told(*sources: KafkaSource) -> bool:
        lines = [line for source in sources for line in (source.status().detail, *source.status().problems)]
        return any("two instances with one instance_id" in line for line in lines)

    async with (
        opened(kafka.bootstrap, topic, instance_id="one") as one,
        opened(kafka.bootstrap, topic, instance_id="one") as two,
    ):
        tasks = [asyncio.create_task(reading(source)) for source in (one, two)]
        for value in sorted(wanted):
            await put(kafka.bootstrap, topic, [value])
        while not told(one, two):
            await put(kafka.bootstrap, topic, [b"more"])
        await until(lambda: wanted <= seen)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_who_always_finds_something_to_take_is_not_idle(kafka: Kafka) -> None:
    topic = await new_topic(kafka.bootstrap, 1)
    await put(kafka.bootstrap, topic, [b"%d" % number for number in range(400)], max_batch_size=1)
    async with opened(kafka.bootstrap, topic, max_idle="1s", session_timeout="1s") as source:
        first = await taken(source, 1)
        loop = asyncio.get_running_loop()
        began, others = loop.time(), list[Batch]()
        while loop.time() < began + 3 and len(others) < 390:
            others += await taken(source, 1)
            await asyncio.sleep(0.01)  # others have work, too
        assert not first[0].lost


async def test_nothing_waits_for_news_of_one_partition_while_another_has_more(
    kafka: Kafka, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailwarden.sources.kafka_consumer._FETCH_WAIT_MS", 30_000)
    waiting = asyncio.Event()
    decide = RawFetcher._get_actions_per_node

    def noted(fetcher: RawFetcher, assignment: Any) -> Any:
        decided = decide(fetcher, assignment)
        if fetcher._records:
            waiting.set()
        return decided

    monkeypatch.setattr(RawFetcher, "_get_actions_per_node", noted)
    topic = await new_topic(kafka.bootstrap, 2)
    values = [b"%06d" % number + bytes(3000) for number in range(6)]
    await put(kafka.bootstrap, topic, values, max_batch_size=1)
    async with (
        asyncio.timeout(20),
        opened(kafka.bootstrap, topic, bytes_in_flight="1KiB", fetch_size="1KiB") as source,
    ):
        for value in values:
            (batch,) = await taken(source, 1)
            waiting.clear()
            assert list(payloads(batch)) == [value]
            if value is not values[-1]:
                await (
                    waiting.wait()
                )  # the next one came, there is no room for it, and what to fetch meanwhile is decided
            await batch.ack()
