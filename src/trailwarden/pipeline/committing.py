"""What ingests give rise to into the store: groups that wait at the same time share a transaction, and the delivery gets what is
new in it.

Keeps: what `commit` returns is on the disk. A group that the store refuses as such, a bug, costs no other: then each is committed
alone. An alert is handed over only when this very commit made it.

Next: `trailwarden.pipeline.delivery`, which gets what was claimed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from trailwarden.errors import StoreError
from trailwarden.pipeline.assemble import merge
from trailwarden.store import Commit, Committed, Store, Taking
from trailwarden.telemetry import Metrics

_ALERTS: Final = 400
"""Alerts of one transaction above which no further group joins it: memory follows what one transaction holds."""


class Handover(Protocol):
    """The delivery, as far as it is told of commits."""

    def room(self, commit: Commit) -> Sequence[Taking]: ...
    def take(self, commit: Commit, takings: Sequence[Taking], committed: Committed) -> None: ...
    def leave(self, takings: Sequence[Taking]) -> None: ...
    def free(self, commit: Commit, takings: Sequence[Taking]) -> None: ...


@dataclass(slots=True, eq=False)
class Wish:
    """A group that is to be committed. doubtful: how its alerts are claimed if a try that failed went through all the same."""

    commit: Commit
    doubtful: list[Taking] = field(default_factory=list)
    conflicting: Sequence[str] = ()
    """Once it is committed: ids of alerts that were there with another content."""
    _done: asyncio.Future[None] | None = None


@dataclass(slots=True)
class Committer:
    """One for all ingests of a service. delivery: None where nobody sends what is committed."""

    store: Store
    metrics: Metrics
    delivery: Handover | None = None
    _waiting: list[Wish] = field(default_factory=list)
    _working: asyncio.Task[None] | None = None

    async def commit(self, wish: Wish) -> None:
        """One try, durable when it returns. Raises StoreError where it failed, or may have; whatever else it raises is a bug.

        When this is cancelled, the transaction goes on to its end.
        """
        done = wish._done = asyncio.get_running_loop().create_future()
        self._waiting.append(wish)
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        await done

    async def _work(self) -> None:
        try:
            while self._waiting:
                await self._together(self._next())
        finally:
            self._working = None

    def _next(self) -> list[Wish]:
        """The first that waits, and as many more as one transaction may hold."""
        alerts = count = 0
        for wish in self._waiting:
            alerts += len(wish.commit.alerts)
            if count and alerts > _ALERTS:
                break
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group

    async def _together(self, group: Sequence[Wish]) -> None:
        try:
            await self._transaction(group)
        except StoreError as fault:
            _end(group, fault)
        except Exception as fault:  # noqa: BLE001 - whoever waits gets it
            if len(group) == 1:
                _end(group, fault)
            for wish in group if len(group) > 1 else ():
                await self._together([wish])
        except BaseException:
            for wish in group:
                if wish._done is not None:
                    wish._done.cancel()
            raise
        else:
            _end(group, None)

    async def _transaction(self, group: Sequence[Wish]) -> None:
        commit = group[0].commit if len(group) == 1 else merge([wish.commit for wish in group])
        takings = self.delivery.room(commit) if self.delivery is not None and commit.alerts else ()
        try:
            with self.metrics.commit_timer():
                committed = await self.store.commit(commit._replace(takings=takings) if takings else commit)
        except BaseException as fault:
            if self.delivery is not None:
                self.delivery.leave(takings)
            if isinstance(fault, StoreError):
                for wish in group:
                    wish.doubtful += takings
            raise
        self.metrics.committed(commit, committed)
        if self.delivery is not None:
            self.delivery.take(commit, takings, committed)
            for wish in group if committed.known else ():
                if wish.doubtful:
                    self.delivery.free(wish.commit, wish.doubtful)
        if committed.conflicting:
            for wish in group:
                own = {routed.alert.id for routed in wish.commit.alerts}
                wish.conflicting = [one for one in committed.conflicting if one in own]


def _end(group: Sequence[Wish], fault: Exception | None) -> None:
    for wish in group:
        done = wish._done
        if done is None or done.done():
            continue  # whoever waited was cancelled
        if fault is None:
            done.set_result(None)
        else:
            done.set_exception(fault)
