"""Transactions on PostgreSQL: several at once, from several instances.

Keeps: what `trailwarden.store.database` promises. A transaction that was undone because it was in another's way is done again,
a few times; what is still in the way then is a StoreError like any other.

Next: `trailwarden.store.postgresql`, the connections.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from trailwarden.errors import StoreError
from trailwarden.store import postgresql
from trailwarden.store.migrations import migrate
from trailwarden.store.postgresql_faults import ConflictError, translated
from trailwarden.store.settings import StoreSettings

P = ParamSpec("P")
T = TypeVar("T")

_MIGRATION: Final = timedelta(hours=1)
"""For a statement of the migration, which may build an index over everything, or for the one who does it already."""
_PAUSES: Final = (0.01, 0.03, 0.1, 0.3)
"""Seconds, at the most, before a transaction that was undone is done again."""


@dataclass(slots=True)
class PostgresqlDatabase:
    """A pool of connections."""

    settings: StoreSettings
    _engine: AsyncEngine | None = None

    @property
    def place(self) -> str:
        return postgresql.place(self.settings)

    async def open(self) -> None:
        patient = postgresql.engine(self.settings, _MIGRATION)
        try:
            await self._transaction(patient, _upgrade)
        finally:
            await patient.dispose()
        self._engine = postgresql.engine(self.settings, self.settings.statement_timeout)

    async def close(self) -> None:
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.dispose()

    async def write(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        for pause in _PAUSES:
            try:
                return await self._transaction(self._opened(), act, *args, **kwargs)
            except ConflictError:
                await asyncio.sleep(random.uniform(0, pause))  # noqa: S311 - so that two do not meet again
        return await self._transaction(self._opened(), act, *args, **kwargs)

    async def read(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        one_moment = self._opened().execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        return await self._transaction(one_moment, act, *args, **kwargs)

    async def _transaction(
        self,
        engine: AsyncEngine,
        act: Callable[Concatenate[Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        with translated(self.place):
            async with engine.begin() as connection:
                return await connection.run_sync(act, *args, **kwargs)

    def _opened(self) -> AsyncEngine:
        if self._engine is None:
            raise StoreError(f"the store {self.place} is not open")
        return self._engine


def _upgrade(connection: Connection) -> None:
    postgresql.claim_schema(connection)
    migrate(connection)
