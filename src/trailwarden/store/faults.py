"""What a database complains of, as one line that says what, where, and what to do.

Keeps: no statement, parameter or password in a message. Only what may pass, or what an operator can mend,
becomes a StoreError; a broken constraint or a malformed statement is a bug of ours and stays what it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from trailwarden.errors import SchemaError, StoreError

_OURS = (
    *(sqlite3.DataError, sqlite3.IntegrityError, sqlite3.InternalError),
    *(sqlite3.NotSupportedError, sqlite3.ProgrammingError),
)
"""Kinds of DatabaseError that our own statements would be to blame for."""

_PERMISSIONS = "give the user that runs Trailwarden read and write permission on the file and its directory"
_SQLITE: dict[int, tuple[type[StoreError], str, str]] = {
    sqlite3.SQLITE_BUSY: (
        StoreError,
        "is locked by another process",
        "end that process, or raise store.busy_timeout",
    ),
    sqlite3.SQLITE_LOCKED: (StoreError, "is locked", "try again"),
    sqlite3.SQLITE_FULL: (StoreError, "is full: no space is left on the disk", "make room on that disk"),
    sqlite3.SQLITE_READONLY: (StoreError, "is read-only", _PERMISSIONS),
    sqlite3.SQLITE_PERM: (StoreError, "may not be accessed", _PERMISSIONS),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "cannot be opened", _PERMISSIONS),
    sqlite3.SQLITE_IOERR: (
        StoreError,
        "cannot be read or written (input/output error)",
        "check the disk and the log of the kernel",
    ),
    sqlite3.SQLITE_CORRUPT: (StoreError, "is damaged", "stop Trailwarden and restore the file from a backup"),
    sqlite3.SQLITE_NOTADB: (SchemaError, "is not a SQLite database", "name another file in store.url"),
}
"""SQLite's primary result code (https://www.sqlite.org/rescode.html) -> class, what, what to do."""


def explain(error: BaseException | None, place: str) -> StoreError:
    """The StoreError that says what a driver's error means at a place (a path or URL without secrets)."""
    code = getattr(error, "sqlite_errorcode", None)
    known = _SQLITE.get(code & 0xFF) if isinstance(code, int) else None  # the low byte is the primary code
    if known is not None:
        kind, what, remedy = known
        return kind(f"the store {place} {what}: {remedy}")
    said = " ".join(str(error).split()) or type(error).__name__
    return StoreError(
        f"the store {place} cannot be used now ({said}): see that the database runs and is whole"
    )


@contextmanager
def of_sqlite(place: str) -> Iterator[None]:
    """Within it, errors of SQLite's driver are raised as StoreError or SchemaError."""
    try:
        yield
    except _OURS:
        raise
    except sqlite3.DatabaseError as fault:
        raise explain(fault, place) from fault


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Within it, errors of SQLAlchemy, and of SQLite's driver, are raised as StoreError or SchemaError."""
    from sqlalchemy import exc  # noqa: PLC0415 - a quarter of a second, for who uses it

    ours = (
        *(exc.DataError, exc.IntegrityError, exc.InternalError),
        *(exc.NotSupportedError, exc.ProgrammingError),
    )
    try:
        with of_sqlite(place):
            yield
    except ours:
        raise
    except exc.DatabaseError as fault:
        raise explain(fault.orig, place) from fault
    except exc.TimeoutError as fault:
        raise StoreError(
            f"the store {place} has no free connection: too many readers at once; try again"
        ) from fault
