"""Fetching, with record batches left as they came: aiokafka asks and keeps the connections, we take the bytes.

Keeps: the position of a partition moves only past what was taken. What is wrong with a partition is told, and the others go
on; what retention removed before it could be read is told as a gap and never skipped in silence.

aiokafka itself makes an object of every message, in the loop; docs/adr/0005 has the figures. What is taken from inside of it is
in this file alone: `Fetcher._proc_fetch_request` and `_get_actions_per_node` (overridden), `_records`, `_fetch_max_bytes`, the
waking of its routine, and where the client keeps its connections and they their reader and writer.

Next: `kafka_records`, which reads the batches in a worker thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Protocol

from aiokafka import TopicPartition, errors
from aiokafka.client import ConnectionGroup
from aiokafka.consumer.fetcher import Fetcher, OffsetResetStrategy

from trailwarden.sources.kafka_records import Raw, committed, raw_batches
from trailwarden.sources.kafka_stream import collect

_AFTER_ERROR: Final = 1.0
"""Seconds before a partition with an error is asked for again."""
_LOOK: Final = 0.1
"""Seconds between two looks for news while something waits to be taken."""
_NO_BROKER: Final = frozenset((None, -1))
"""What stands for the leader of a partition that has none now."""
_NEW_LEADER: Final = (errors.NotLeaderForPartitionError, errors.UnknownTopicOrPartitionError)


class Watcher(Protocol):
    """Whoever wants to know how the fetching goes. Called in the loop; must not block."""

    def fetched(self) -> None:
        """An answer came, also an empty one."""
        ...

    def failed(self, fault: BaseException) -> None:
        """A broker could not be asked."""
        ...

    def partition_failed(self, topic: str, number: int, fault: BaseException | None) -> None:
        """An error for one partition; None: it is over."""
        ...

    def gap(self, topic: str, number: int, wanted: int, got: int) -> None:
        """The offset that we wanted is not there; reading goes on at `got`."""
        ...

    def ready(self) -> None:
        """There is something to take."""
        ...


class Taken(NamedTuple):
    """What was fetched of a partition. batches: those for us; next_offset: where the next fetch begins."""

    topic: str
    number: int
    position: int
    next_offset: int
    batches: Sequence[Raw]


@dataclass(slots=True)
class _Fetched:
    """In the place of aiokafka's own result."""

    assignment: Any
    taken: Taken

    def calculate_backoff(self) -> float:
        """Others are fetched meanwhile."""
        return 0.0


class RawFetcher(Fetcher):  # type: ignore[misc] # aiokafka has no types
    """Made by `kafka_consumer`, in the place of the consumer's own fetcher."""

    def __init__(self, client: Any, subscriptions: Any, watcher: Watcher, **settings: Any) -> None:
        self._watcher = watcher
        self._out_of_range: dict[TopicPartition, int] = {}
        self._looked: dict[Any, float] = {}
        super().__init__(
            client,
            subscriptions,
            auto_offset_reset="earliest",
            key_deserializer=None,
            value_deserializer=None,
            **settings,
        )
        self._of_all_brokers: int = self._fetch_max_bytes

    def take(self, wanted: Callable[[str, int], bool]) -> Iterator[Taken]:
        """What is there, of the partitions that there is room for. Their next fetch begins at once."""
        for tp in list(self._records):
            if not wanted(tp.topic, tp.partition):
                continue
            fetched: _Fetched = self._records.pop(tp)
            self._notify(self._wait_consume_future)
            if not fetched.assignment.active:
                continue
            state = fetched.assignment.state_value(tp)
            if state is not None and state.has_valid_position and state.position == fetched.taken.position:
                state.consumed_to(fetched.taken.next_offset)
                yield fetched.taken

    def _get_actions_per_node(self, assignment: Any) -> Any:
        """As aiokafka decides, but nothing waits at a broker for news while something from there waits to be taken here.

        A broker is asked one thing at a time: what is taken meanwhile could not be fetched on until news come.
        """
        brokers = {self._select_read_replica(tp) for tp in assignment.tps} - _NO_BROKER
        self._fetch_max_bytes = max(1, self._of_all_brokers // max(1, len(brokers)))
        requests, resets, timeout, *others = super()._get_actions_per_node(assignment)
        holders = {self._select_read_replica(tp) for tp in self._records}
        now = self._loop.time()
        sent: list[tuple[Any, Any]] = []
        for node_id, request in requests:
            if node_id in holders and not self._is_behind(assignment, request):
                left = self._looked.get(node_id, 0.0) + _LOOK - now
                if left > 0:
                    timeout = min(timeout, left)
                    continue
                self._looked[node_id] = now
                request._max_wait_ms = 0
            sent.append((node_id, request))
        return sent, resets, timeout, *others

    def _is_behind(self, assignment: Any, request: Any) -> bool:
        """Whether there is something to fetch for sure, so that the answer comes at once."""
        for topic, partitions in request.topics:
            for number, position, _ in partitions:
                state = assignment.state_value(TopicPartition(topic, number))
                if state is not None and (state.lso is None or state.lso > position):
                    return True
        return False

    async def _proc_fetch_request(self, assignment: Any, node_id: Any, request: Any) -> bool:
        """One request and its answer; whether there is something to take now."""
        self._collect_from(node_id)
        try:
            response = await self._client.send(node_id, request)
        except errors.KafkaError as fault:
            self._watcher.failed(fault)
            await asyncio.sleep(self._retry_backoff)
            return False
        except asyncio.CancelledError:
            return False
        if not assignment.active:
            return False
        self._watcher.fetched()
        positions = {
            TopicPartition(topic, number): position
            for topic, partitions in request.topics
            for number, position, _ in partitions
        }
        refused = False
        for topic, partitions in response.topics:
            for number, code, highwater, *rest in partitions:
                tp = TopicPartition(topic, number)
                state = assignment.state_value(tp)
                if state is None or not state.has_valid_position or state.position != positions[tp]:
                    continue  # moved meanwhile
                refusal = errors.for_code(code)
                if refusal is errors.NoError:
                    state.highwater, state.lso = highwater, rest[0]
                    self._keep(assignment, tp, positions[tp], rest)
                else:
                    refused = self._refused(state, tp, positions[tp], refusal(tp)) or refused
        if self._records:
            self._watcher.ready()
        if refused:
            await asyncio.sleep(_AFTER_ERROR)
        return bool(self._records)

    def _collect_from(self, node_id: Any) -> None:
        connection = self._client._conns.get((node_id, ConnectionGroup.DEFAULT))
        if connection is not None and connection._writer is not None:
            collect(connection._reader, connection._writer.transport)

    def _keep(self, assignment: Any, tp: TopicPartition, position: int, rest: Sequence[Any]) -> None:
        """rest: of the answer, behind the high watermark: the last stable offset first, the bytes last."""
        self._watcher.partition_failed(tp.topic, tp.partition, None)
        wanted = self._out_of_range.pop(tp, None)
        if wanted is not None:
            self._watcher.gap(tp.topic, tp.partition, wanted, position)
        batches = list(raw_batches(rest[-1] or b""))
        if not batches:
            return
        aborted = next((one for one in rest[1:-1] if isinstance(one, list)), [])
        next_offset = max(position, batches[-1].next_offset)
        taken = Taken(tp.topic, tp.partition, position, next_offset, committed(batches, aborted, position))
        self._records[tp] = _Fetched(assignment, taken)

    def _refused(self, state: Any, tp: TopicPartition, position: int, fault: Exception) -> bool:
        """Whether to wait before the next request."""
        if isinstance(fault, errors.OffsetOutOfRangeError):
            self._out_of_range[tp] = position
            state.await_reset(OffsetResetStrategy.EARLIEST)
            return False
        if isinstance(fault, _NEW_LEADER):
            self._client.force_metadata_update()
        if not isinstance(fault, errors.NotLeaderForPartitionError):
            self._watcher.partition_failed(tp.topic, tp.partition, fault)
        return True
