"""What is peculiar to SQLite: the file and the connections.

Keeps: a file that is not ours is not touched. A commit is on the disk when it returns (WAL with
synchronous=FULL). A transaction that will write takes the write lock at its start, so that it never fails
half-way for want of it.

https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html

Next: `trailwarden.store.sqlite_database`, which runs transactions on these engines.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from trailwarden.errors import SchemaError, StoreError

_APPLICATION_ID = (
    0x54575244  # "TWRD", in the header of the file: https://www.sqlite.org/fileformat2.html#application_id
)
_WAL_BYTES = 64 * 1024 * 1024  # what is left of the write-ahead log on the disk after a burst


def prepare(path: Path, busy_timeout: timedelta) -> None:
    """See that the file is ours or empty; make it, for its owner alone, if there is none. Blocking.

    Raises SchemaError for a file that is not ours, StoreError where there can be no file, sqlite3.Error for
    the rest.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except FileNotFoundError as fault:
        raise StoreError(
            f"the directory of the store {path} does not exist: make it, or change store.url"
        ) from fault
    except OSError as fault:
        raise StoreError(
            f"the store {path} cannot be opened ({fault.strerror}): mend the permissions, or change store.url"
        ) from fault
    with closing(sqlite3.connect(path, timeout=busy_timeout.total_seconds())) as connection:
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if application_id != _APPLICATION_ID and (application_id or tables):
        raise SchemaError(f"{path} is a database of another program: name another file in store.url")


def sign(connection: Connection) -> None:
    """Write into the file that it is ours."""
    connection.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION_ID}")


def writer(path: Path, busy_timeout: timedelta) -> AsyncEngine:
    """The engine with the one connection that writes."""
    return _engine(path, busy_timeout, connections=1, begin="BEGIN IMMEDIATE", query_only=False)


def readers(path: Path, busy_timeout: timedelta, connections: int) -> AsyncEngine:
    """The engine for reading; a transaction on it sees one moment, and waits for no writer."""
    return _engine(path, busy_timeout, connections=connections, begin="BEGIN", query_only=True)


def _engine(
    path: Path, busy_timeout: timedelta, *, connections: int, begin: str, query_only: bool
) -> AsyncEngine:
    milliseconds = round(busy_timeout.total_seconds() * 1000)
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        pool_size=connections,
        max_overflow=0,
        connect_args={"timeout": busy_timeout.total_seconds()},
        hide_parameters=True,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver must not begin transactions: `_begin` does
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {milliseconds}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"journal_size_limit = {_WAL_BYTES}",
            f"query_only = {'ON' if query_only else 'OFF'}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
