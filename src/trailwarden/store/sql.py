"""The store on a SQL database: each method of the contract is one transaction around one function.

Keeps: nothing is decided here. What a method does stands in `ledger` (ingest), `outbox` (delivery) and
`operations` (commands and health); that it happens whole or not at all stands in `database`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from trailwarden.model import Alert
from trailwarden.store import leases, ledger, operations, outbox
from trailwarden.store.base import (
    Claim,
    Commit,
    Committed,
    DeliveryState,
    Lease,
    OutboxFilter,
    OutboxRow,
    Pruned,
    Quarantined,
    QuarantineFilter,
    Received,
    Settlement,
    StoreSummary,
)
from trailwarden.store.database import Database, make_database
from trailwarden.store.settings import StoreSettings

_PRUNE_ROWS = 500
"""Rows that pruning removes in one transaction: a commit waits no longer than that takes."""


class SqlStore:
    """Implements `trailwarden.store.base.Store`.

    database: the transactions, for who must look beneath (tests).
    """

    def __init__(self, settings: StoreSettings, database: Database | None = None) -> None:
        self.settings = settings
        self.database = database if database is not None else make_database(settings)

    async def open(self) -> None:
        await self.database.open()

    async def close(self) -> None:
        await self.database.close()

    async def commit(self, commit: Commit) -> Committed:
        return await self.database.write(ledger.commit, commit, self.settings.quarantine_payload_limit)

    async def lease(self, wanted: Lease, now: datetime) -> Lease:
        return await self.database.write(leases.take, wanted, now)

    async def known(self, source: str, keys: Sequence[str]) -> Mapping[str, Received]:
        return await self.database.read(ledger.known, source, keys)

    async def checkpoints(self, source: str) -> Mapping[str, str]:
        return await self.database.read(ledger.positions, source)

    async def claim(self, sink: str, limit: int, now: datetime, until: datetime) -> Sequence[Claim]:
        return await self.database.write(outbox.claim, sink, limit, now, until)

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        await self.database.write(outbox.settle, settlements)

    async def untaken(
        self, alert_ids: Sequence[str], sinks: Sequence[str]
    ) -> Mapping[str, DeliveryState | None]:
        return await self.database.read(outbox.untaken, alert_ids, sinks)

    async def next_due(self, sink: str) -> datetime | None:
        return await self.database.read(outbox.next_due, sink)

    async def alert(self, alert_id: str) -> Alert | None:
        return await self.database.read(outbox.alert, alert_id)

    async def outbox(self, which: OutboxFilter) -> Sequence[OutboxRow]:
        return await self.database.read(operations.outbox, which)

    async def retry(self, which: OutboxFilter, now: datetime) -> int:
        return await self.database.write(operations.retry, which, now)

    async def discard(self, which: OutboxFilter, now: datetime) -> int:
        return await self.database.write(operations.discard, which, now)

    async def quarantine(self, which: QuarantineFilter) -> Sequence[Quarantined]:
        return await self.database.read(operations.quarantined, which)

    async def release(self, ids: Sequence[str]) -> int:
        return await self.database.write(operations.release, ids)

    async def summary(self) -> StoreSummary:
        return await self.database.read(operations.summary)

    async def prune(self, settled_before: datetime, received_before: datetime) -> Pruned:
        """In small transactions, so that commits and claims come in between."""
        alerts = received = 0
        while True:
            step = await self.database.write(operations.prune, settled_before, received_before, _PRUNE_ROWS)
            alerts += step.alerts
            received += step.received
            if step == Pruned(alerts=0, received=0):
                return Pruned(alerts=alerts, received=received)
