"""Transactions on SQLite: one writer at a time, readers beside it, each connection in a thread of its own.

Keeps: what `trailwarden.store.database` promises. A transaction is one visit to a thread, however many statements it has.

Two kinds of functions run here: those that speak to the driver (`sqlite_ledger`, `sqlite_outbox`: what is done for every
batch and every alert), and those that speak SQLAlchemy, as for any other database (what commands ask). Both use the same
connections, and SQLAlchemy is loaded when the first of its kind comes.

Next: `trailwarden.store.sqlite`, the connections; `trailwarden.store.sqlite_store`, which calls this.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from trailwarden.errors import StoreError
from trailwarden.store import sqlite
from trailwarden.store.faults import of_sqlite, translated
from trailwarden.store.settings import StoreSettings
from trailwarden.store.sqlite_threads import SqliteThreads

if TYPE_CHECKING:
    from sqlalchemy import Connection

P = ParamSpec("P")
T = TypeVar("T")


class SqliteDatabase:
    """One connection that writes, `settings.readers` that read."""

    def __init__(self, settings: StoreSettings) -> None:
        self.settings = settings
        self._writer: SqliteThreads | None = None
        self._readers: SqliteThreads | None = None

    @cached_property
    def place(self) -> str:
        """Where it is, in words for a message: no secret."""
        return str(self.settings.path)

    async def open(self) -> None:
        """Connect, and bring the schema to the present version.

        Raises SchemaError where that would do harm.
        """
        path, timeout = self.settings.path, self.settings.busy_timeout
        self._writer = SqliteThreads(
            1, partial(sqlite.connect, path, timeout, query_only=False), sqlite.WRITE
        )
        self._readers = SqliteThreads(
            self.settings.readers, partial(sqlite.connect, path, timeout, query_only=True), sqlite.READ
        )
        try:
            with of_sqlite(self.place):
                await self._writer.call(sqlite.prepare, path, timeout)
            await self.write_plain(sqlite.upgrade)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Give up every connection, the one that writes last. Idempotent."""
        threads = (self._readers, self._writer)
        self._writer = self._readers = None
        for one in threads:
            if one is not None:
                await asyncio.to_thread(one.close)

    async def write(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `act` in one transaction that may write, and commit. What it raises rolls everything back."""
        writer = self._opened(self._writer)
        with translated(self.place):
            return await writer.call(
                writer.by_sqlalchemy, lambda connection: act(connection, *args, **kwargs)
            )

    async def read(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `act` in one transaction that sees one moment of the database."""
        readers = self._opened(self._readers)
        with translated(self.place):
            return await readers.call(
                readers.by_sqlalchemy, lambda connection: act(connection, *args, **kwargs)
            )

    async def write_plain(
        self, act: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `write`, with the driver's own connection."""
        writer = self._opened(self._writer)
        with of_sqlite(self.place):
            return await writer.call(writer.by_driver, lambda connection: act(connection, *args, **kwargs))

    async def write_unsynced(
        self, act: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `write_plain`, for what may be done again after the machine failed: it does not wait for the disk."""
        writer = self._opened(self._writer)
        with of_sqlite(self.place):
            return await writer.call(
                writer.by_driver, lambda connection: act(connection, *args, **kwargs), False
            )

    async def read_plain(
        self, act: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `read`, with the driver's own connection."""
        readers = self._opened(self._readers)
        with of_sqlite(self.place):
            return await readers.call(readers.by_driver, lambda connection: act(connection, *args, **kwargs))

    def _opened(self, threads: SqliteThreads | None) -> SqliteThreads:
        if threads is None:
            raise StoreError(f"the store {self.place} is not open")
        return threads
