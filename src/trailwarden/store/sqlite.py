"""What is peculiar to SQLite: the file and the connections.

Keeps: a file that is not ours is not touched. A commit is on the disk when it returns (WAL with
synchronous=FULL; claims and settlements alone, which may be repeated, do with NORMAL).
A transaction that will write takes the write lock at its start, so that it never fails
half-way for want of it.

https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html

Next: `trailwarden.store.sqlite_database`, which runs transactions on these connections.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Final

from trailwarden.errors import SchemaError, StoreError
from trailwarden.store.migrations import BYTES, missing

WRITE: Final = "BEGIN IMMEDIATE"
READ: Final = "BEGIN"
"""How a transaction begins that may write, and one that sees one moment and waits for no writer."""
_APPLICATION_ID: Final = (
    0x54575244  # "TWRD", in the header of the file: https://www.sqlite.org/fileformat2.html#application_id
)
_WAL_BYTES: Final = 64 * 1024 * 1024  # what is left of the write-ahead log on the disk after a burst

_PAGE_BYTES: Final = 8192
"""Of a new file: two alerts with their documents, for which SQLite's own 4096 would take two pages each."""
_CHECKPOINT_PAGES: Final = 4000
"""Of the write-ahead log that is carried over into the file at once, 32 MiB: pages of indexes, which are written again by each
transaction, are carried over less often. SQLite's own 1000 took a tenth of the time of a commit.
"""
_CACHE_KIB: Final = 8 * 1024
"""Of pages, for the connection that writes: indexes of random ids touch many. _READ_CACHE_KIB: SQLite's own default."""
_READ_CACHE_KIB: Final = 2000


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
    with closing(
        sqlite3.connect(path, timeout=busy_timeout.total_seconds(), isolation_level=None)
    ) as connection:
        connection.execute(READ)  # both of one moment: somebody else may be making the tables
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    if application_id != _APPLICATION_ID and (application_id or tables):
        raise SchemaError(f"{path} is a database of another program: name another file in store.url")


def connect(path: Path, busy_timeout: timedelta, *, query_only: bool) -> sqlite3.Connection:
    """A connection for one thread at a time. Transactions are begun by who uses it, not by the driver."""
    seconds = busy_timeout.total_seconds()
    connection = sqlite3.connect(path, timeout=seconds, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (
            f"busy_timeout = {round(seconds * 1000)}",
            f"page_size = {_PAGE_BYTES}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            # What undoes half a statement of many rows; else each time a file is made for it.
            f"temp_store = {'DEFAULT' if query_only else 'MEMORY'}",
            f"journal_size_limit = {_WAL_BYTES}",
            f"wal_autocheckpoint = {_CHECKPOINT_PAGES}",
            f"cache_size = {-_CACHE_KIB if not query_only else -_READ_CACHE_KIB}",
            f"query_only = {'ON' if query_only else 'OFF'}",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring the schema to the present version, and write into the file that it is ours. Raises SchemaError for a newer one."""
    there = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'"
    version = 0
    if connection.execute(there).fetchone()[0]:
        (version,) = connection.execute("SELECT coalesce(max(version), 0) FROM schema_version").fetchone()
    statements = missing(version, BYTES["sqlite"])
    for statement in statements:
        connection.execute(statement)
    if statements:
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
