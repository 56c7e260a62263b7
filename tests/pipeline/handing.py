"""A store, a running delivery, and who commits to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.pipeline.parts import HandClock, a_store
from tests.pipeline.test_delivery import routing
from tests.sinks.alerts import alert
from trailwarden.pipeline.committing import Committer, Wish
from trailwarden.pipeline.delivery import Delivery, Route
from trailwarden.store import Commit, OutboxFilter, RoutedAlert, Store
from trailwarden.telemetry import Metrics


@dataclass
class World:
    """A store, a delivery, and who commits."""

    store: Store
    clock: HandClock
    delivery: Delivery
    committer: Committer
    claims: list[int] = field(default_factory=list)
    """How many alerts were claimed from the store, each time that it was asked."""

    async def put(self, *numbers: int, sinks: Sequence[str] = ("sink",)) -> None:
        await self.committer.commit(Wish(group(*numbers, sinks=sinks)))

    async def attempts(self) -> dict[str, int]:
        return {row.alert_id: row.attempts for row in await self.store.outbox(OutboxFilter(limit=10_000))}


def group(*numbers: int, sinks: Sequence[str] = ("sink",)) -> Commit:
    return Commit(alerts=[RoutedAlert(alert(number), tuple(sinks)) for number in numbers])


@asynccontextmanager
async def world(folder: Path, *sinks: Any, **more: Any) -> AsyncIterator[World]:
    """Running, and idle at first, so that new alerts are handed over."""
    async with a_store(folder) as store:
        clock = HandClock()
        routes = [Route(sink, routing(sink.name, **more)) for sink in sinks]
        delivery = Delivery(store, routes, clock, Metrics(), chance=lambda: 0.5)
        made = World(store, clock, delivery, Committer(store, Metrics(), delivery))
        claim = store.claim

        async def noted(*arguments: Any) -> Any:
            found = await claim(*arguments)
            made.claims.append(len(found))
            return found

        store.claim = noted  # type: ignore[method-assign]
        running = asyncio.create_task(delivery.run())
        await delivery.idle()
        made.claims.clear()
        try:
            yield made
        finally:
            for sink in sinks:
                if sink.gate is not None:
                    sink.gate.set()
            delivery.stop()
            await asyncio.wait_for(running, 20)
