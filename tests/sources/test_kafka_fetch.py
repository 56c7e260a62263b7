"""How much is asked for at once: what all brokers answer together is bounded, however many there are."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.subscription_state import SubscriptionState

from trailwarden.sources.kafka_fetch import RawFetcher

TOTAL, EACH = 8_000_000, 1_000_000


class Cluster:
    """leaders: by number of the partition; None and -1: there is none now."""

    def __init__(self, leaders: Mapping[int, int | None]) -> None:
        self._leaders = leaders

    def leader_for_partition(self, tp: TopicPartition) -> int | None:
        return self._leaders[tp.partition]


class Client:
    """As far as a fetcher knows one before it asks."""

    _metadata_max_age_ms = 300_000

    def __init__(self, leaders: Mapping[int, int | None]) -> None:
        self._loop = asyncio.get_running_loop()
        self.cluster = Cluster(leaders)


class Nobody:
    """Watches nothing."""


async def asked(leaders: Mapping[int, int | None]) -> dict[int, tuple[int, set[int]]]:
    """For each broker: the bytes that are asked for, and the partitions."""
    subscriptions = SubscriptionState()
    watcher: Any = Nobody()
    fetcher = RawFetcher(
        Client(leaders), subscriptions, watcher, fetch_max_bytes=TOTAL, max_partition_fetch_bytes=EACH
    )
    try:
        subscriptions.assign_from_user({TopicPartition("t", number) for number in leaders})
        assignment = subscriptions.subscription.assignment
        for tp in assignment.tps:
            assignment.state_value(tp).reset_to(0)
        requests, *_ = fetcher._get_actions_per_node(assignment)
        return {
            node: (request._max_bytes, {number for _, parts in request.topics for number, *_ in parts})
            for node, request in requests
        }
    finally:
        await fetcher.close()


@pytest.mark.parametrize(
    ("leaders", "expected"),
    [
        ({0: 1, 1: 1}, {1: (TOTAL, {0, 1})}),
        ({0: 1, 1: 2, 2: 2, 3: 3}, {1: (TOTAL // 3, {0}), 2: (TOTAL // 3, {1, 2}), 3: (TOTAL // 3, {3})}),
        ({0: 1, 1: None, 2: -1}, {1: (TOTAL, {0})}),
        ({0: None}, {}),
    ],
)  # fmt: skip
async def test_brokers_share_what_is_asked_for_at_once(
    leaders: Mapping[int, int | None], expected: Mapping[int, tuple[int, set[int]]]
) -> None:
    assert await asked(leaders) == expected
