"""The store on SQLite: what is done for every batch and every alert in the driver's own terms, the rest as on any database.

Keeps: nothing is decided here. What a method does stands in `sqlite_ledger` (ingest) and `sqlite_outbox` (delivery, health), and
for the commands in `operations`; that it happens whole or not at all stands in `sqlite_database`.

SQLAlchemy takes a quarter of a second to load and most of the time of a transaction of small rows: a service that lives for
months does not mind the one, and one that reads ten thousand small files minds the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from trailwarden.model import Alert
from trailwarden.store import sqlite_ledger, sqlite_outbox
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
from trailwarden.store.settings import StoreSettings
from trailwarden.store.sqlite_database import SqliteDatabase

if TYPE_CHECKING:
    from trailwarden.store.sql import SqlStore


class SqliteStore:
    """Implements `trailwarden.store.base.Store`.

    database: the transactions, for who must look beneath (tests).
    """

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self.database = SqliteDatabase(settings)

    @cached_property
    def _general(self) -> SqlStore:
        from trailwarden.store.sql import SqlStore  # noqa: PLC0415 - loads SQLAlchemy

        return SqlStore(self.settings, self.database)

    async def open(self) -> None:
        await self.database.open()

    async def close(self) -> None:
        await self.database.close()

    async def commit(self, commit: Commit) -> Committed:
        if commit.lease is not None:
            return await self._general.commit(commit)
        limit = self.settings.quarantine_payload_limit
        return await self.database.write_plain(sqlite_ledger.commit, commit, limit)

    async def lease(self, wanted: Lease, now: datetime) -> Lease:
        return await self._general.lease(wanted, now)

    async def known(self, source: str, keys: Sequence[str]) -> Mapping[str, Received]:
        return await self.database.read_plain(sqlite_ledger.known, source, keys)

    async def checkpoints(self, source: str) -> Mapping[str, str]:
        return await self.database.read_plain(sqlite_ledger.positions, source)

    async def claim(self, sink: str, limit: int, now: datetime, until: datetime) -> Sequence[Claim]:
        return await self.database.write_unsynced(sqlite_outbox.claim, sink, limit, now, until)

    async def settle(self, settlements: Sequence[Settlement]) -> None:
        await self.database.write_unsynced(sqlite_outbox.settle, settlements)

    async def untaken(
        self, alert_ids: Sequence[str], sinks: Sequence[str]
    ) -> Mapping[str, DeliveryState | None]:
        return await self._general.untaken(alert_ids, sinks)

    async def next_due(self, sink: str) -> datetime | None:
        return await self.database.read_plain(sqlite_outbox.next_due, sink)

    async def alert(self, alert_id: str) -> Alert | None:
        return await self.database.read_plain(sqlite_outbox.alert, alert_id)

    async def summary(self) -> StoreSummary:
        return await self.database.read_plain(sqlite_outbox.summary)

    async def outbox(self, which: OutboxFilter) -> Sequence[OutboxRow]:
        return await self._general.outbox(which)

    async def retry(self, which: OutboxFilter, now: datetime) -> int:
        return await self._general.retry(which, now)

    async def discard(self, which: OutboxFilter, now: datetime) -> int:
        return await self._general.discard(which, now)

    async def quarantine(self, which: QuarantineFilter) -> Sequence[Quarantined]:
        return await self._general.quarantine(which)

    async def release(self, ids: Sequence[str]) -> int:
        return await self._general.release(ids)

    async def prune(self, settled_before: datetime, received_before: datetime) -> Pruned:
        return await self._general.prune(settled_before, received_before)
