"""Our share of the topics: the partitions that the group gave us, what of them is handed out, and what became of it.

Keeps: what was taken and not yet answered is at most `bytes_in_flight`, or one answer more. A partition whose batch arrived
damaged is read again from its position; what is still in flight of it then changes nothing any more.

Next: `kafka_partition`, the account of each; `kafka_session`, which fills and commits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from trailwarden.model import Clock
from trailwarden.sources.change import Change
from trailwarden.sources.kafka_partition import Partition
from trailwarden.sources.kafka_run import KafkaRun, Reading
from trailwarden.sources.kafka_settings import KafkaSettings
from trailwarden.sources.problems import Problems

if TYPE_CHECKING:
    from trailwarden.sources.kafka_records import Raw

Place = tuple[str, int]
"""Topic and number of a partition."""


class Share:
    """Of one source, over all the lives of its consumer. Of one loop."""

    def __init__(self, settings: KafkaSettings, kind: str, clock: Clock, problems: Problems) -> None:
        self.change = Change()
        self.answered = Change()
        self.open = False
        """Whether runs are handed out: not before the first assignment, not while partitions are given up."""
        self.seek: Callable[[Place, int], None] = lambda _place, _offset: None
        """Has a partition fetched from another offset on."""
        self._settings = settings
        self._clock = clock
        self._problems = problems
        self._reading = Reading(settings.name, kind, settings.max_message_size, settings.max_batch_size)
        self._partitions: dict[Place, Partition] = {}
        self._held = 0
        self._turn = 0

    @property
    def partitions(self) -> Mapping[Place, Partition]:
        """Those that are ours."""
        return self._partitions

    def adopt(self, partition: Partition) -> None:
        """It is ours from now on."""
        self._partitions[partition.topic, partition.number] = partition
        self.open = True
        self.change.tell()

    def restart(self, place: Place, position: int) -> None:
        """What we wanted of a partition is not there; reading goes on elsewhere, backwards even where a topic was made anew."""
        partition = self._partitions.get(place)
        if partition is None:
            return
        if position < partition.position and not partition.settled:
            self._begin_anew(
                partition, position, frozenset()
            )  # its answers are of offsets that count no more
        else:
            partition.restart(position)

    def has_room(self, topic: str, number: int) -> bool:
        """Whether more of a partition may be taken."""
        return self._held < self._settings.bytes_in_flight and (topic, number) in self._partitions

    def add(self, place: Place, position: int, next_offset: int, batches: Iterable[Raw]) -> None:
        """What was fetched of a partition, cut into runs."""
        partition = self._partitions[place]
        now = self._clock.now()
        part: list[Raw] = []
        size = 0
        for batch in batches:
            part.append(batch)
            size += len(batch.data)
            if size >= self._settings.run_size:
                self._add_run(partition, position, part, now)
                part, size = [], 0
        if part:
            self._add_run(partition, position, part, now)
        partition.passed(next_offset)

    def hand_out(self, limit: int) -> list[KafkaRun]:
        """Up to `limit` runs, of each partition in turn."""
        runs: list[KafkaRun] = []
        now = asyncio.get_running_loop().time()
        waiting = list(self._partitions.values()) if self.open else []
        self._turn += 1
        while waiting and len(runs) < limit:
            partition = waiting.pop(self._turn % len(waiting))
            while len(runs) < limit and (run := partition.next_run(now)) is not None:
                runs.append(run.handed_out())
        return runs

    async def give_up(
        self, places: Iterable[Place], drain: float, commit: Callable[[], Awaitable[None]]
    ) -> None:
        """Partitions are to go to others: what is in flight may end within `drain` seconds, and counts."""
        leaving = [self._partitions[place] for place in places if place in self._partitions]
        self.open = False
        for partition in leaving:
            partition.stop()
        try:
            async with asyncio.timeout(drain):
                while any(partition.in_flight for partition in leaving):
                    await self.answered.wait()
        except TimeoutError:
            pass
        await commit()
        self.forget(leaving)

    def forget(self, partitions: Iterable[Partition]) -> None:
        """They are not ours any more, whatever was done with them."""
        for partition in list(partitions):
            self._lose(partition)
            self._partitions.pop((partition.topic, partition.number), None)
        self.change.tell()

    def _lose(self, partition: Partition) -> None:
        partition.lost = True
        partition.stop()
        self._held -= partition.held

    def _add_run(self, partition: Partition, position: int, batches: list[Raw], now: datetime) -> None:
        def answered(run: KafkaRun, reason: str | None) -> None:
            self._answered(partition, run, reason)

        run = KafkaRun(
            partition.topic,
            partition.number,
            position,
            batches,
            now,
            self._reading,
            partition.suspects,
            answered,
            lambda: partition.lost,
        )
        self._held += run.held
        partition.add(run)

    def _answered(self, partition: Partition, run: KafkaRun, reason: str | None) -> None:
        if partition.lost:
            return
        if reason is None:
            self._held -= run.held
            partition.acked(run)
            self._problems.clear(run.key)
        else:
            self._problems.note(run.key, f"{run.key}: {reason}")
            if run.damaged is not None:
                self._read_again(partition, run.damaged)
            else:
                pause = partition.nacked(run, asyncio.get_running_loop().time())
                asyncio.get_running_loop().call_later(pause, self.change.tell)
        self.answered.tell()
        self.change.tell()

    def _read_again(self, partition: Partition, suspect: int) -> None:
        """From the position on; a second wrong checksum at the same offset is no accident of the way here."""
        self._begin_anew(partition, partition.position, partition.suspects | {suspect})
        self.seek((partition.topic, partition.number), partition.position)

    def _begin_anew(self, partition: Partition, position: int, suspects: frozenset[int]) -> None:
        self._lose(partition)
        self._partitions[partition.topic, partition.number] = Partition(
            partition.topic,
            partition.number,
            position,
            committed=partition.committed,
            end=partition.end,
            suspects=suspects,
        )
