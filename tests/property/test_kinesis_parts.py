"""The decisions of the Kinesis source: pacing, the acked prefix, the order of shards, positions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.sources import kinesis_pacing as pacing
from trailwarden.sources import kinesis_position as positions
from trailwarden.sources.kinesis_position import Position, first_position, trimmed
from trailwarden.sources.kinesis_prefix import Prefix
from trailwarden.sources.kinesis_shards import Shard, described, startable

NOW = datetime(2026, 1, 2, tzinfo=UTC)
MIB = 1024 * 1024
moments = st.integers(0, 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
sizes = st.integers(0, 10 * MIB)


@given(st.lists(st.tuples(sizes, st.booleans()), min_size=1, max_size=60), st.sampled_from([0.2, 1.0, 5.0]))
def test_no_second_has_more_than_five_calls_and_what_was_read_is_waited_for(
    answers: list[tuple[int, bool]], poll: float
) -> None:
    calls: list[float] = []
    now, free = 0.0, 0.0
    for size, more in answers:
        calls.append(now)
        assert now >= free - 1e-6, "called before the bytes of the answers before were allowed"
        free = now + size / pacing.BYTES
        now += pacing.after_answer(size, more, poll)
    for start in calls:
        assert sum(start <= call < start + 1 - 1e-9 for call in calls) <= pacing.CALLS


@given(st.integers(1, 200), st.floats(0, 1))
def test_throttling_is_answered_with_patience_that_has_an_end(times: int, chance: float) -> None:
    assert 0.25 <= pacing.after_throttling(times, chance) <= 10
    assert pacing.after_throttling(times + 1, chance) >= pacing.after_throttling(times, chance)
    assert 1 <= pacing.after_failure(times) <= 30


@given(st.permutations(range(12)), st.integers(0, 12))
def test_the_prefix_is_what_is_acked_without_a_hole(order: list[int], count: int) -> None:
    start = Position("start")
    prefix = Prefix(start)
    parts = [prefix.handed_out(Position(str(number))) for number in range(12)]
    acked: set[int] = set()
    for number in order[:count]:
        before = prefix.position
        moved = prefix.acked(parts[number])
        acked.add(number)
        whole = next((one for one in range(12) if one not in acked), 12)
        assert prefix.position == (Position(str(whole - 1)) if whole else start)
        assert moved == (prefix.position != before)
    assert prefix.whole == (len(acked) == 12)
    assert prefix.moved_on(Position("later")) == prefix.whole


@st.composite
def histories(draw: st.DrawFn) -> dict[str, Shard]:
    """A stream that was split and merged now and then; its oldest shards may be gone."""
    shards: dict[str, Shard] = {}
    living: list[str] = []

    def add(*parents: str) -> None:
        name = f"shardId-{len(shards):012d}"
        shards[name] = Shard(name, parents)
        living.append(name)

    for _ in range(draw(st.integers(1, 4))):
        add()
    for split in draw(st.lists(st.booleans(), max_size=8)):
        parents = [
            living.pop(draw(st.integers(0, len(living) - 1)))
            for _ in range(1 if split or len(living) < 2 else 2)
        ]
        for parent in parents:
            shards[parent] = Shard(parent, shards[parent].parents, closed=True)
        for _ in range(2 if split else 1):
            add(*parents)
    gone = draw(st.integers(0, len(shards) - 1))
    return dict(list(shards.items())[gone:])


@given(histories(), st.data())
def test_parents_are_finished_before_their_children_start_and_no_shard_is_forgotten(
    shards: dict[str, Shard], data: st.DataObject
) -> None:
    finished: set[str] = set()
    order: list[str] = []
    while may := startable(shards, finished):
        assert not finished & set(may)
        one = data.draw(st.sampled_from(may))
        order.append(one)
        finished.add(one)
    assert sorted(order) == sorted(shards)
    for index, name in enumerate(order):
        assert all(parent in order[:index] for parent in shards[name].parents if parent in shards)


positioned = st.builds(
    Position,
    at=st.one_of(
        st.sampled_from(["TRIM_HORIZON", "SHARD_END", "LATEST", "AT_TIMESTAMP"]),
        st.from_regex(r"\A4[0-9]{55}\Z"),
    ),
    inside=st.integers(0, 500),
    since=st.none() | moments,
    through=st.none() | moments,
)


@given(positioned)
def test_a_position_is_read_as_it_was_written(position: Position) -> None:
    assert positions.read(positions.written(position)) == position


@given(st.text())
def test_what_is_no_position_is_none(text: str) -> None:
    read = positions.read(text)
    assert read is None or isinstance(read, Position)


def test_what_a_position_asks_for() -> None:
    assert Position("49").iterator() == {
        "ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": "49",
    }  # fmt: skip
    assert Position("49", inside=3).iterator()["ShardIteratorType"] == "AT_SEQUENCE_NUMBER"
    assert Position("TRIM_HORIZON").iterator() == {"ShardIteratorType": "TRIM_HORIZON"}
    assert Position("LATEST").iterator() == {"ShardIteratorType": "LATEST"}
    assert positions.at_time(NOW).iterator() == {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": NOW}


@pytest.mark.parametrize(
    ("start", "closed", "begun", "expected"),
    [
        ("trim_horizon", False, False, Position("TRIM_HORIZON")),
        ("trim_horizon", True, False, Position("TRIM_HORIZON")),
        ("latest", False, False, positions.at_time(NOW)),
        ("latest", True, False, Position("SHARD_END")),
        ("latest", False, True, Position("TRIM_HORIZON")),
        (NOW - timedelta(hours=1), False, False, positions.at_time(NOW - timedelta(hours=1))),
        (NOW - timedelta(hours=1), True, False, positions.at_time(NOW - timedelta(hours=1))),
        (NOW, False, True, Position("TRIM_HORIZON")),
    ],
)
def test_where_a_shard_begins(start: str | datetime, closed: bool, begun: bool, expected: Position) -> None:
    assert first_position(start, closed, NOW, begun) == expected


def test_what_was_removed_unread_is_a_time_that_is_told() -> None:
    day = timedelta(days=1)
    assert trimmed(Position("4", through=NOW - day), NOW, day) is None
    assert trimmed(Position("4", through=NOW - 3 * day), NOW, day) == (NOW - 3 * day, NOW - day)
    assert trimmed(Position("4"), NOW, day) is None
    assert trimmed(Position("SHARD_END", through=NOW - 3 * day), NOW, day) is None


def test_a_shard_as_it_is_described() -> None:
    answer = {
        "ShardId": "shardId-3",
        "ParentShardId": "shardId-1",
        "AdjacentParentShardId": "shardId-2",
        "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "9"},
        "SequenceNumberRange": {"StartingSequenceNumber": "1", "EndingSequenceNumber": "2"},
    }
    assert described(answer) == Shard("shardId-3", ("shardId-1", "shardId-2"), True, ("0", "9"))
    assert described({"ShardId": "s", "SequenceNumberRange": {"StartingSequenceNumber": "1"}}) == Shard("s")
