"""The account of a partition: the position passes nothing that was not acked, in whatever order the answers come."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from trailwarden.model import SystemClock
from trailwarden.sources.kafka_partition import BACK_OFF, Partition
from trailwarden.sources.kafka_records import Raw
from trailwarden.sources.kafka_run import KafkaRun, Reading
from trailwarden.sources.kafka_settings import KafkaSettings
from trailwarden.sources.kafka_share import Share
from trailwarden.sources.problems import Problems

READING = Reading("bus", "kafka", 1000, 1000)


def run(first: int, size: int) -> KafkaRun:
    batch = Raw(first, first + size, 2, 0, -1, size, -1, b"x" * size)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return KafkaRun("t", 0, first, [batch], now, READING, frozenset(), lambda *_: None, lambda: False)


@given(st.lists(st.integers(1, 5), min_size=1, max_size=12), st.data())
def test_the_position_is_the_end_of_the_acked_prefix(sizes: list[int], data: st.DataObject) -> None:
    partition = Partition("t", 0, 0)
    ends: list[int] = []
    for size in sizes:
        first = ends[-1] if ends else 0
        partition.add(run(first, size))
        ends.append(first + size)
    now, done, out = 0.0, set[int](), list[KafkaRun]()
    for _ in range(200):
        while (one := partition.next_run(now)) is not None:
            out.append(one)
        if not out:
            break
        one = out.pop(data.draw(st.integers(0, len(out) - 1)))
        if data.draw(st.booleans()):
            partition.acked(one)
            done.add(one.next_offset)
        else:
            pause = partition.nacked(one, now)
            assert partition.next_run(now + pause / 2) is None
            now += pause
        prefix = 0
        for end in ends:
            if end not in done:
                break
            prefix = end
        assert partition.position == prefix
        assert partition.held == sum(size for size, end in zip(sizes, ends, strict=True) if end not in done)
        assert partition.settled == (done == set(ends))


def test_pauses_grow_and_end() -> None:
    partition = Partition("t", 0, 0)
    partition.add(run(0, 1))
    now, pauses = 0.0, []
    for _ in range(6):
        one = partition.next_run(now)
        assert one is not None
        pauses.append(partition.nacked(one, now))
        now += pauses[-1]
    assert pauses == [*BACK_OFF, BACK_OFF[-1], BACK_OFF[-1]]


def test_what_has_no_messages_for_us_is_passed_with_what_came_before() -> None:
    partition = Partition("t", 0, 0)
    partition.passed(3)
    assert partition.position == 3
    one = run(3, 2)
    partition.add(one)
    partition.passed(9)
    assert partition.position == 3
    taken = partition.next_run(0.0)
    assert taken is one
    partition.acked(one)
    assert partition.position == 9


def test_a_topic_that_was_made_anew_is_committed_from_its_beginning() -> None:
    settings = KafkaSettings.model_validate(
        {"kind": "kafka", "name": "bus", "bootstrap_servers": ["a:1"], "topics": ["t"], "group_id": "g"}
    )
    share = Share(settings, "kafka", SystemClock(), Problems("bus"))
    share.adopt(Partition("t", 0, 1000))
    before = run(1000, 5)
    share.partitions["t", 0].add(before)
    share.restart(("t", 0), 0)
    partition = share.partitions["t", 0]
    first, second = run(0, 5), run(5, 5)
    partition.add(first)
    partition.add(second)
    partition.acked(first)
    assert partition.position == 5
    assert partition.to_commit
    partition.acked(second)
    assert partition.position == 10


def test_a_gap_keeps_what_is_in_flight() -> None:
    settings = KafkaSettings.model_validate(
        {"kind": "kafka", "name": "bus", "bootstrap_servers": ["a:1"], "topics": ["t"], "group_id": "g"}
    )
    share = Share(settings, "kafka", SystemClock(), Problems("bus"))
    partition = Partition("t", 0, 10)
    share.adopt(partition)
    partition.add(run(10, 5))
    share.restart(("t", 0), 100)
    assert share.partitions["t", 0] is partition
    assert not partition.lost
