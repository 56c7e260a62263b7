"""Committed alerts to the sinks, each sink on its own: claimed, sent, settled.

Keeps: an alert stays pending until its sink has taken it or it is dead; what a sink does, or does not do, never touches
another sink. A claim that is not settled (a crash, a cut-off stop) ends by itself and the alert is sent again, under its id.

Next: `lane` for one sink, `trailwarden.pipeline.committing` for where new alerts come from.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from trailwarden.model import Clock
from trailwarden.pipeline.attempts import Attempts, DeliveryMetrics, Route, SinkState, SinkStatus
from trailwarden.pipeline.lane import Lane
from trailwarden.pipeline.settling import Settler
from trailwarden.store import Commit, Committed, DeliveryState, Settlement, Store, Taking

__all__ = ["LOOK_ALONE", "Delivery", "DeliveryMetrics", "Route", "SinkState", "SinkStatus"]

LOOK_ALONE: Final = timedelta(seconds=30)
"""How often the store is looked at where only commands use it besides."""
_CUT_OFF: Final = 5.0
"""Seconds that a delivery which is cut off has to record what it knows."""


@dataclass(slots=True)
class Delivery:
    """All sinks of a service. `chance` gives numbers in [0, 1)."""

    store: Store
    routes: Sequence[Route]
    clock: Clock
    metrics: DeliveryMetrics
    chance: Callable[[], float] = random.random
    settled: Callable[[], None] = lambda: None
    """Called after outcomes were recorded."""
    look_every: timedelta = LOOK_ALONE
    """How long it rests when nothing is due: what another instance committed and left is found no later."""
    _lanes: dict[str, Lane] = field(default_factory=dict)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)
    _settler: Settler = field(init=False)

    def __post_init__(self) -> None:
        self._settler = Settler(self.store, lambda: self.settled())  # noqa: PLW0108 - whatever it is then
        for route in self.routes:
            attempts = Attempts(route, self.clock, self.metrics, self.chance)
            self._lanes[route.sink.name] = Lane(
                self.store, self.clock, attempts, self._settler, self.look_every
            )

    def wake(self) -> None:
        """The store may have something new to send."""
        for lane in self._lanes.values():
            lane.wake()

    async def idle(self) -> None:
        """Until no sink has anything that is due, and all that was sent is recorded."""
        self._settler.awaited += 1
        self._settler.hurry()
        try:
            for lane in self._lanes.values():
                await lane.idle.wait()
        finally:
            self._settler.awaited -= 1

    def status(self) -> Mapping[str, SinkStatus]:
        """A snapshot by sink."""
        return {name: lane.attempts.status for name, lane in self._lanes.items()}

    # --- what is handed over as it is committed -------------------------------------------------------------------

    def room(self, commit: Commit) -> Sequence[Taking]:
        """What of a commit may be claimed as it is committed. What is given must come back by `take` or `leave`."""
        wanted = Counter(sink for routed in commit.alerts for sink in routed.sinks)
        rooms = (self._lanes[sink].room(count) for sink, count in wanted.items() if sink in self._lanes)
        return [taking for taking in rooms if taking is not None]

    def take(self, commit: Commit, takings: Sequence[Taking], committed: Committed) -> None:
        """It was committed. Send what was claimed with it; what was not is found in the store."""
        given = {taking.sink: taking for taking in takings}
        wanted = Counter(sink for routed in commit.alerts for sink in routed.sinks) if committed.new else {}
        claims = {sink: [claim for claim in committed.claims if claim.sink == sink] for sink in given}
        for sink, lane in self._lanes.items():
            taking = given.get(sink)
            lane.take(taking, claims.get(sink, ()))
            if wanted.get(sink, 0) > (taking.limit if taking is not None else 0):
                lane.wake()

    def leave(self, takings: Sequence[Taking]) -> None:
        """It was not committed, as far as is known."""
        for taking in takings:
            self._lanes[taking.sink].take(taking, ())

    def free(self, commit: Commit, takings: Sequence[Taking]) -> None:
        """It was committed before, with those claims, which nobody knows of: what they claimed is due again."""
        now = self.clock.now()
        self._settler.add(
            [
                Settlement(
                    routed.alert.id, taking.sink, DeliveryState.PENDING, now, now, claimed_until=taking.until
                )
                for taking in takings
                for routed in commit.alerts
                if taking.sink in routed.sinks
            ]
        )
        self.wake()

    # --- its own life ---------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Claim nothing more; run() returns once what is under way is settled."""
        self._stopping.set()
        for lane in self._lanes.values():
            lane.stop()

    async def run(self) -> None:
        """Until stop(). Cancelling it cuts off what is under way, whose claims end by themselves; what is known is recorded."""
        settling = asyncio.create_task(self._settler.run())
        working = [asyncio.create_task(lane.run()) for lane in self._lanes.values()]
        working.append(asyncio.create_task(self._until_stop()))
        try:
            await _all_of(working, settling)
        finally:
            self.stop()
            for task in working:
                task.cancel()
            await asyncio.wait(working, timeout=_CUT_OFF)
            self._settler.close()
            await asyncio.wait([settling], timeout=_CUT_OFF)
            settling.cancel()

    async def _until_stop(self) -> None:
        await self._stopping.wait()


async def _all_of(working: Sequence[asyncio.Task[None]], settling: asyncio.Task[None]) -> None:
    """Until all that work have ended. Raises what any of them, or the settling, raises."""
    left = set(working)
    while left:
        done, _ = await asyncio.wait({*left, settling}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
        left -= done
