"""Several instances that verify: what one sees all know, and what changed is told once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from tests.aws.trails import log_key
from tests.pipeline.parts import HandClock, MemoryBatch
from trailwarden.app.coverage import CoverageWatch
from trailwarden.app.turns import Turn
from trailwarden.coverage.conditions import Finding, State
from trailwarden.coverage.facts import AccountFacts
from trailwarden.coverage.settings import CoverageSettings
from trailwarden.health import StatusBoard
from trailwarden.model import Alert, Origin
from trailwarden.store import Commit, OutboxFilter, Store, StoreSettings, open_store
from trailwarden.telemetry import Metrics

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ACCOUNT, REGION = "123456789012", "eu-west-1"
LASTS = timedelta(seconds=90)


@dataclass
class Asked:
    """AWS, as it is asked: a Region without a trail is a gap."""

    clock: HandClock
    regions: Sequence[str] = (REGION,)

    async def collect(self, _accounts: Any) -> Sequence[AccountFacts]:
        return [AccountFacts(ACCOUNT, self.clock.now(), self.regions, ())]


@dataclass
class World:
    """Stores on one database, a watch on each, one clock."""

    settings: StoreSettings
    clock: HandClock = field(default_factory=lambda: HandClock(NOW))
    stores: list[Store] = field(default_factory=list)

    async def watch(self, name: str) -> CoverageWatch:
        store = await open_store(self.settings)
        self.stores.append(store)
        return CoverageWatch(
            settings=CoverageSettings.model_validate({"accounts": [{"id": ACCOUNT}], "hold": "0s"}),
            collector=cast(Any, Asked(self.clock)),
            store=store,
            board=StatusBoard(self.clock),
            metrics=Metrics(),
            sinks=dict,
            required=(),
            rules=Finding("rules", State.VERIFIED, "they match"),
            triggers=frozenset(),
            route=lambda _alert: ("siem",),
            wake_delivery=lambda: None,
            clock=self.clock,
            turn=Turn(store, self.clock, "coverage", name, LASTS),
        )

    async def told(self) -> list[str]:
        """What was announced, of the Region."""
        rows = await self.stores[0].outbox(OutboxFilter())
        alerts: list[Alert | None] = [await self.stores[0].alert(row.alert_id) for row in reversed(rows)]
        documents = [orjson.loads(alert.document) for alert in alerts if alert is not None]
        return [one["coverage"]["after"] for one in documents if one["coverage"]["regions"]]


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    server = request.param == "postgresql"
    return request.getfixturevalue("postgres_database") if server else f"sqlite:///{tmp_path}/state.db"


@pytest.fixture
async def world(url: str) -> AsyncIterator[World]:
    made = World(StoreSettings(url=url))
    yield made
    for store in made.stores:
        await store.close()


async def test_a_change_is_told_once(world: World) -> None:
    a, b = await world.watch("a"), await world.watch("b")
    for _ in range(3):
        await a.ask()
        world.clock.advance(seconds=1)  # an id made of the time alone would be another one
        await b.ask()
        world.clock.advance(seconds=30)
    assert await world.told() == ["gap"]


async def test_who_takes_over_tells_what_is_new_and_nothing_else(world: World) -> None:
    a, b = await world.watch("a"), await world.watch("b")
    await a.ask()
    await b.ask()
    world.clock.advance(seconds=91)  # a is gone
    await b.ask()
    assert await world.told() == ["gap"]
    b.collector = cast(Any, Asked(world.clock, (REGION, "us-east-1")))
    await b.ask()
    assert await world.told() == ["gap", "gap"]
    await a.ask()  # it was only frozen, and has not seen that
    assert await world.told() == ["gap", "gap"]


async def test_who_lost_its_turn_in_the_middle_tells_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b = await world.watch("a"), await world.watch("b")
    commit = a.store.commit

    async def frozen(what: Commit) -> Any:
        world.clock.advance(seconds=91)
        await b.ask()
        return await commit(what)

    monkeypatch.setattr(a.store, "commit", frozen)
    await a.ask()
    assert await world.told() == ["gap"]


async def test_giving_up_lets_the_next_one_tell_at_once(world: World) -> None:
    a, b = await world.watch("a"), await world.watch("b")
    assert a.turn is not None
    await a.turn.take()
    await b.ask()
    assert await world.told() == []
    await a.turn.give_up()
    await b.ask()
    assert await world.told() == ["gap"]


async def test_what_one_received_the_other_knows(world: World) -> None:
    a, b = await world.watch("a"), await world.watch("b")
    await a.ask()  # it tells; so b only shares
    batch = MemoryBatch("file", b"")
    key = log_key(REGION)
    batch.origin = Origin("trail", "s3_sqs", "s3://trail/x", {"bucket": "trail", "key": key})
    b.observed([batch], Commit())
    await b.ask()
    world.clock.advance(seconds=21)
    await a.ask()
    (arrived,) = a.arrivals.latest()
    assert (arrived.bucket, arrived.key.region) == ("trail", REGION)
