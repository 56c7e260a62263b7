"""Instances that share a stream: whoever comes, goes or is stolen from, nothing is forgotten or passed over."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.lease_world import FAILOVER, Instance, World, unanswered
from trailwarden.sources.kinesis_leases import Lease, Watch, to_take
from trailwarden.sources.kinesis_position import Position

ACTS = [
    "attend",
    "attend",
    "keep",
    "keep",
    "read",
    "read",
    "write",
    "write",
    "pass",
    "wait",
    "start",
    "kill",
    "stop",
    "split",
    "merge",
    "lose",
]
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 7), st.integers(1, 9)), max_size=80)


async def step(world: World, what: str, which: int, number: int) -> None:
    names = sorted(world.instances)
    if what in ("split", "merge", "write"):
        reshard(world, what, which, number)
    elif what in ("pass", "wait"):
        world.now += number / 3 if what == "pass" else FAILOVER + number
    elif what == "lose":
        world.table.lose_answers = 1
    elif what == "start" and len(names) < 4:
        world.start()
    elif names:
        name = names[which % len(names)]
        await act(world, world.instances[name], what, name, number)
    world.check()


def reshard(world: World, what: str, which: int, number: int) -> None:
    living = [name for name, shard in world.shards.items() if not shard.closed]
    if what == "write":
        world.length[living[which % len(living)]] += number
    elif len(living) < 8:
        count = 1 if what == "split" or len(living) < 2 else 2
        parents = [living.pop(which % len(living)) for _ in range(count)]
        for parent in parents:
            world.close_shard(parent)
        for _ in range(3 - count):
            world.add_shard(*parents)


async def act(world: World, instance: Instance, what: str, name: str, number: int) -> None:
    if what == "attend":
        await world.attend(instance)
    elif what == "keep":
        await world.keep(instance)
    elif what == "read":
        world.read(instance, number)
    elif what == "kill":
        del world.instances[name]
    elif what == "stop":
        world.table.lose_answers = 0
        await instance.custody.release()
        del world.instances[name]


async def settle(world: World) -> None:
    """Everybody works on for a while, undisturbed."""
    world.table.lose_answers = 0
    if not world.instances:
        world.start()
    for name in list(world.shards):
        world.close_shard(name)
    for _ in range(60):
        for instance in list(world.instances.values()):
            await world.attend(instance)
            world.read(instance, 100)
            await world.keep(instance)
            world.check()
        world.now += FAILOVER / 3


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 3), STEPS)
def test_no_shard_is_forgotten_and_no_row_says_more_than_was_done(
    shards: int, steps: list[tuple[str, int, int]]
) -> None:
    async def run() -> None:
        world = World()
        for _ in range(shards):
            world.add_shard()
        world.start()
        for what, which, number in steps:
            await step(world, what, which, number)
        await settle(world)
        assert [name for name in world.shards if not world.whole(name)] == []

    asyncio.run(run())


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 40), st.integers(1, 6))
def test_shares_become_even_and_stay_so(shards: int, instances: int) -> None:
    async def run() -> None:
        world = World()
        for _ in range(shards):
            world.add_shard()
        everybody = [world.start() for _ in range(instances)]
        for _ in range(60):
            for instance in everybody:
                await world.attend(instance)
                await world.keep(instance)
            world.now += FAILOVER / 3
        owners = {key: row.owner for key, row in world.table.rows.items()}
        counts = Counter(owners.values())
        assert None not in counts
        shares = [counts[one.custody.owner] for one in everybody]
        assert max(shares) - min(shares) <= 1
        await world.attend(everybody[0])
        assert {key: row.owner for key, row in world.table.rows.items()} == owners

    asyncio.run(run())


async def test_a_dead_instance_is_followed_after_the_failover_time_and_not_before() -> None:
    world = World()
    world.add_shard()
    dead, heir = world.start(), world.start()
    await world.attend(dead)
    await world.attend(heir)
    world.now += FAILOVER - 0.1
    await world.attend(heir)
    assert heir.custody.holding("shardId-000000000000") is None
    assert dead.custody.holding("shardId-000000000000") is not None
    world.now += 0.1
    assert dead.custody.holding("shardId-000000000000") is None, (
        "it must not believe that it has what may be taken"
    )
    await world.attend(heir)
    assert heir.custody.holding("shardId-000000000000") is not None


async def test_a_revoked_lease_stops_the_shard_and_what_is_acked_then_is_not_written() -> None:
    world = World()
    for _ in range(2):
        world.add_shard()
    first, thief = world.start(), world.start()
    await world.attend(first)
    assert len(first.custody.held()) == 2
    await world.attend(thief)
    (stolen,) = thief.custody.held()
    assert len(first.custody.held()) == 2  # it does not know yet
    first.custody.moved(stolen, Position("5"))
    await world.keep(first)
    assert world.table.rows[stolen].position.at == "TRIM_HORIZON"
    assert stolen not in first.custody.held()
    first.custody.moved(stolen, Position("7"))
    await world.keep(first)
    assert world.table.rows[stolen].position.at == "TRIM_HORIZON"
    assert world.table.rows[stolen].owner == thief.custody.owner


async def test_a_lease_that_is_left_can_be_taken_at_once() -> None:
    world = World()
    shard = world.add_shard()
    first, second = world.start(), world.start()
    await world.attend(first)
    first.custody.moved(shard, Position("3"))
    await first.custody.release()
    await world.attend(second)
    assert second.custody.held() == {shard: Position("3")}


async def test_a_write_whose_answer_was_lost_does_not_cost_the_lease() -> None:
    world = World()
    shard = world.add_shard()
    one = world.start()
    await world.attend(one)
    one.custody.moved(shard, Position("3"))
    world.table.lose_answers = 1
    await world.keep(one)
    one.custody.moved(shard, Position("4"))
    await world.keep(one)
    assert one.custody.holding(shard) is not None
    assert world.table.rows[shard].position == Position("4")


async def test_a_stream_that_was_made_again_is_read_from_its_beginning() -> None:
    world = World()
    shard = world.add_shard()
    one = world.start()
    await world.attend(one)
    one.custody.moved(shard, Position("SHARD_END"))
    await world.keep(one)
    await one.custody.attend(world.shards, "stream:2")
    assert one.custody.held() == {shard: Position("TRIM_HORIZON")}


async def test_a_shard_that_only_the_stream_before_had_is_forgotten_and_read_when_it_comes() -> None:
    world = World()
    first, second = world.add_shard(), world.add_shard()
    one = world.start()
    await world.attend(one)
    for shard in (first, second):
        one.custody.moved(shard, Position("SHARD_END"))
    await world.keep(one)
    later = world.shards.pop(second)
    await one.custody.attend(world.shards, "stream:2")
    assert set(one.custody.held()) == {first}
    assert second not in world.table.rows
    world.shards[second] = later
    await one.custody.attend(world.shards, "stream:2")
    assert one.custody.held() == {first: Position("TRIM_HORIZON"), second: Position("TRIM_HORIZON")}


async def test_leases_of_another_stream_are_left_alone_and_told_of() -> None:
    world = World()
    await world.table.add(world.shards[world.add_shard()], Position("3"), "other:1")
    one = world.start()
    await world.attend(one)
    assert one.custody.held() == {}
    assert world.table.rows["shardId-000000000000"].position == Position("3")
    assert any("another stream" in line for line in one.custody._problems.lines())


async def test_rows_of_shards_that_are_gone_are_removed_once_they_are_finished() -> None:
    world = World()
    parent, child = world.add_shard(), world.add_shard("shardId-000000000000")
    one = world.start()
    await world.attend(one)
    assert set(one.custody.held()) == {parent}
    one.custody.moved(parent, Position("SHARD_END"))
    await world.keep(one)
    await world.attend(one)
    assert set(one.custody.held()) == {child}
    assert parent in world.table.rows
    del world.shards[parent]
    await world.attend(one)
    assert parent not in world.table.rows


async def test_no_more_than_max_shards_are_held() -> None:
    world = World()
    for _ in range(5):
        world.add_shard()
    one = world.start(limit=2)
    await world.attend(one)
    assert len(one.custody.held()) == 2


def test_a_counter_that_moves_is_alive() -> None:
    watch = Watch(10)
    lease = Lease("s", "somebody", 1, Position("4"))
    watch.look({"s": lease}, 0)
    assert watch.expired(9.9) == frozenset()
    assert watch.expired(10) == {"s"}
    watch.look({"s": Lease("s", "somebody", 2, Position("4"))}, 10)
    assert watch.expired(19) == frozenset()


def test_what_is_ours_is_not_taken_again_unless_we_were_too_late_to_renew_it() -> None:
    mine = Lease("s", "me", 1, Position("4"))
    assert list(to_take([mine], {"s"}, {"s"}, "me", 10, lambda _leases: None)) == []
    assert list(to_take([mine], (), (), "me", 10, lambda _leases: None)) == [mine]


def test_the_failure_of_this_world_is_one_of_the_real_one() -> None:
    assert unanswered().failure.fault == "network"
