"""Threads that each have a connection to SQLite of their own.

Keeps: a transaction happens whole or not at all; a connection is used by one thread at a time.

Next: `trailwarden.store.sqlite_database`, which has one such set for writing and one for reading.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")


class SqliteThreads:
    """connect: makes a connection; begin: the statement that a transaction begins with."""

    def __init__(self, count: int, connect: Callable[[], sqlite3.Connection], begin: str) -> None:
        self._connect = connect
        self._begin = begin
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="sqlite")
        self._own = threading.local()
        self._connections: list[sqlite3.Connection] = []

    async def call(self, act: Callable[..., T], *args: object) -> T:
        """Run `act` in one of the threads. When this is cancelled, what has begun there goes on to its end."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, act, *args)

    def by_driver(self, act: Callable[[sqlite3.Connection], T], synced: bool = True) -> T:
        """In a thread: one transaction, committed unless `act` raises. synced: it is on the disk then."""
        connection = self._connection()
        self._sync(connection, synced)
        connection.execute(self._begin)
        try:
            result = act(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk, for one, has ended it already
                connection.execute("ROLLBACK")
            raise
        return result

    def by_sqlalchemy(self, act: Callable[[Connection], T]) -> T:
        """In a thread: likewise, with the same connection as SQLAlchemy sees it."""
        engine = self._engine()
        self._sync(self._connection(), True)
        with engine.begin() as connection:
            return act(connection)

    def close(self) -> None:
        """Once what has begun is done. Blocking."""
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()

    def _sync(self, connection: sqlite3.Connection, wanted: bool) -> None:
        """Outside of a transaction. NORMAL leaves the syncing to whoever is synced next, or to the next checkpoint."""
        if getattr(self._own, "synced", True) is not wanted:
            connection.execute(f"PRAGMA synchronous = {'FULL' if wanted else 'NORMAL'}")
            self._own.synced = wanted

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect()
            self._connections.append(connection)
        return connection

    def _engine(self) -> Engine:
        engine: Engine | None = getattr(self._own, "engine", None)
        if engine is None:
            from sqlalchemy import StaticPool, create_engine, event  # noqa: PLC0415 - a quarter of a second, for who uses it

            connection = self._connection()
            engine = create_engine(
                "sqlite://", creator=lambda: connection, poolclass=StaticPool, hide_parameters=True
            )
            event.listen(engine, "begin", lambda begun: begun.exec_driver_sql(self._begin))
            self._own.engine = engine
        return engine
