"""Transactions on SQLite: one writer at a time, readers beside it.

Keeps: what `trailwarden.store.database` promises.

Next: `trailwarden.store.sqlite`, the connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine

from trailwarden.errors import StoreError
from trailwarden.store import sqlite
from trailwarden.store.faults import translated
from trailwarden.store.migrations import migrate
from trailwarden.store.settings import StoreSettings

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(slots=True)
class SqliteDatabase:
    """Two engines on one database: `write` has one connection, taken in turn; `read` has its own."""

    settings: StoreSettings
    _writer: AsyncEngine | None = None
    _readers: AsyncEngine | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def place(self) -> str:
        """Where it is, in words for a message: no secret."""
        return str(self.settings.path)

    async def open(self) -> None:
        """Connect, and bring the schema to the present version.

        Raises SchemaError where that would do harm.
        """
        path, timeout = self.settings.path, self.settings.busy_timeout
        with translated(self.place):
            await asyncio.to_thread(sqlite.prepare, path, timeout)
        self._writer = sqlite.writer(path, timeout)
        self._readers = sqlite.readers(path, timeout, self.settings.readers)
        try:
            await self.write(_upgrade)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Give up every connection. Idempotent."""
        engines = (self._writer, self._readers)
        self._writer = self._readers = None
        for engine in engines:
            if engine is not None:
                await engine.dispose()

    async def write(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `act` in one transaction that may write, and commit. What it raises rolls everything back."""
        with translated(self.place):
            async with self._turn, self._opened(self._writer).begin() as connection:
                return await connection.run_sync(act, *args, **kwargs)

    async def read(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `act` in one transaction that sees one moment of the database."""
        with translated(self.place):
            async with self._opened(self._readers).begin() as connection:
                return await connection.run_sync(act, *args, **kwargs)

    def _opened(self, engine: AsyncEngine | None) -> AsyncEngine:
        if engine is None:
            raise StoreError(f"the store {self.place} is not open")
        return engine


def _upgrade(connection: Connection) -> None:
    if migrate(connection):
        sqlite.sign(connection)
