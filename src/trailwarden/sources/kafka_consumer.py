"""A member of a consumer group, on aiokafka's consumer with a fetcher of ours.

Keeps: offsets are committed by hand alone; nothing resets a position in silence.

Next: `kafka_session`, the life of one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

from trailwarden.sources.kafka_fetch import RawFetcher, Watcher
from trailwarden.sources.kafka_settings import KafkaSettings
from trailwarden.sources.kafka_share import Place

_FETCH_WAIT_MS = 500
_MARGIN_MS = 5000


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    def __init__(
        self, revoked: Callable[[Collection[Place]], Awaitable[None]], assigned: Callable[[], None]
    ) -> None:
        self._revoked = revoked
        self._assigned = assigned

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        await self._revoked([(tp.topic, tp.partition) for tp in revoked])

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        del assigned  # who adopts them asks
        self._assigned()


class Consumer(AIOKafkaConsumer):  # type: ignore[misc]
    """connection: what `kafka_connection` says; revoked: waits until partitions may go; assigned: there is a new assignment."""

    def __init__(
        self,
        settings: KafkaSettings,
        connection: Mapping[str, Any],
        watcher: Watcher,
        revoked: Callable[[Collection[Place]], Awaitable[None]],
        assigned: Callable[[], None],
    ) -> None:
        session = int(settings.session_timeout.total_seconds() * 1000)
        drain = int(settings.drain.total_seconds() * 1000)
        super().__init__(
            **connection,
            group_id=settings.group_id,
            group_instance_id=settings.instance_id,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            # aiokafka's sticky one keeps its state in the class, for all groups of a process; we keep nothing by partition.
            # One alone: aiokafka joins once for each in the list, and every further joining undoes what others have begun, so
            # that members which come together may never get to an assignment.
            partition_assignment_strategy=(RoundRobinPartitionAssignor,),
            session_timeout_ms=session,
            heartbeat_interval_ms=min(3000, session // 3),
            rebalance_timeout_ms=max(session, drain + _MARGIN_MS),
            max_poll_interval_ms=int(settings.max_idle.total_seconds() * 1000),
            fetch_max_wait_ms=_FETCH_WAIT_MS,
        )
        self._fetcher: Any = None
        self._settings = settings
        self._watcher = watcher
        self.subscribe(list(settings.topics), listener=_Listener(revoked, assigned))

    async def start(self) -> None:
        """Until there is an assignment. Raises KafkaError."""
        await super().start()
        await self._fetcher.close()
        self._fetcher = RawFetcher(
            self._client,
            self._subscription,
            self._watcher,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            fetch_max_bytes=self._settings.fetch_total,
            max_partition_fetch_bytes=self._settings.fetch_size,
            isolation_level="read_committed",
        )

    @property
    def fetcher(self) -> RawFetcher:
        """Once started."""
        fetcher: RawFetcher = self._fetcher
        return fetcher

    def check(self) -> None:
        """Raises the KafkaError that ended a part of it, if one did."""
        self._coordinator.check_errors()
        if self._fetcher.error_future.done():
            self._fetcher.error_future.result()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Around taking messages and waiting for them: as long as nobody does either, the group counts us as idle."""
        with self._subscription.fetch_context():
            yield

    def missing_topics(self) -> list[str]:
        """Configured, and not (yet) known to the cluster, or not to us."""
        cluster = self._client.cluster
        return [topic for topic in self._settings.topics if cluster.partitions_for_topic(topic) is None]

    def places(self) -> list[Place]:
        """What the group gave us; empty also while it is being given."""
        return [(tp.topic, tp.partition) for tp in self.assignment()]

    def behind(self) -> dict[Place, int]:
        """Messages of each of our partitions that were not fetched yet, as of the last answers; without those that have none."""
        assigned = self._subscription.subscription
        found: dict[Place, int] = {}
        for tp in self.assignment():
            state = assigned.assignment.state_value(tp)
            if state.highwater is not None and state.has_valid_position and state.highwater > state.position:
                found[tp.topic, tp.partition] = state.highwater - state.position
        return found

    async def first_offset(self, place: Place) -> tuple[int, bool]:
        """Where to begin with a partition, and whether the group has said so."""
        tp = TopicPartition(*place)
        known = await self.committed(tp)
        if known is not None:
            return known, True
        start = self._settings.start
        if start != "earliest" and await self._is_known(place):
            start = "earliest"  # a partition that was added to a topic that we read
        if isinstance(start, datetime):
            found = (await self.offsets_for_times({tp: int(start.timestamp() * 1000)}))[tp]
            if found is not None:
                return found.offset, False
            start = "latest"
        ask = self.end_offsets if start == "latest" else self.beginning_offsets
        return (await ask([tp]))[tp], False

    async def last_offset(self, place: Place) -> int:
        """Where a partition ends now, behind the last message that is committed."""
        tp = TopicPartition(*place)
        offset: int = (await self.end_offsets([tp]))[tp]
        return offset

    async def _is_known(self, place: Place) -> bool:
        """Whether the group has offsets of other partitions of the topic."""
        topic, number = place
        others = [
            TopicPartition(topic, one) for one in self.partitions_for_topic(topic) or () if one != number
        ]
        found = await self._coordinator.fetch_committed_offsets(others)
        return any(one.offset >= 0 for one in found.values())

    def seek_place(self, place: Place, offset: int) -> None:
        """Raises IllegalStateError where the partition is not ours."""
        self.seek(TopicPartition(*place), offset)

    async def commit_positions(self, positions: Mapping[Place, int]) -> None:
        """Raises KafkaError."""
        await self.commit({TopicPartition(*place): offset for place, offset in positions.items()})
