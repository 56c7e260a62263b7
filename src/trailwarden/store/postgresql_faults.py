"""What PostgreSQL complains of, as one line that says what, where, and what to do.

Keeps: as in `trailwarden.store.faults`: no statement, parameter or password in a message, and what our own statements are to
blame for stays what it is.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from trailwarden.errors import StoreAwayError, StoreError


class ConflictError(StoreError):
    """Two transactions were in each other's way, and this one was undone: the same again succeeds."""


_Told = tuple[type[StoreError], str, str]
_STATES: Final[dict[str, _Told]] = {
    "28": (
        StoreError,
        "does not let us in",
        "check the user and the password in store.url, store.password or store.password_file",
    ),
    "3D000": (StoreError, "is not there", "create the database, or name another one in store.url"),
    "42501": (
        StoreError,
        "does not allow it",
        "let the user create a schema: GRANT CREATE ON DATABASE ... TO ..., or make the schema trailwarden and let it own that",
    ),
    "42P01": (
        StoreError,
        "has lost its tables",
        "restore them from a backup, or restart Trailwarden to begin anew",
    ),
    "3F000": (
        StoreError,
        "has lost its schema",
        "restore it from a backup, or restart Trailwarden to begin anew",
    ),
    "40001": (ConflictError, "was written by two at once", "try again"),
    "40P01": (ConflictError, "was written by two at once", "try again"),
    "55P03": (
        StoreError,
        "is locked by another session",
        "end that session, or raise store.statement_timeout",
    ),
    "57014": (StoreError, "takes too long", "see what it is busy with, or raise store.statement_timeout"),
    "25P03": (StoreError, "ended a transaction that waited too long", "try again"),
    "25006": (StoreError, "is read-only", "name the primary server in store.url, not a standby"),
    "53100": (StoreError, "is full: no space is left on the disk", "make room on the server's disk"),
    "53300": (
        StoreAwayError,
        "has no connection left",
        "lower store.pool_size, or raise the server's max_connections",
    ),
    "53": (StoreError, "is short of resources", "see the log of the server"),
    "57P": (StoreAwayError, "is being stopped or started", "it is tried again until the server runs"),
    "58": (StoreError, "has a fault of its system", "check the disk and the log of the server"),
    "XX": (StoreError, "is damaged or has a bug", "see the log of the server"),
    "08": (StoreAwayError, "broke off the connection", "it is tried again until the server runs"),
}
"""SQLSTATE, or how it begins -> class, what, what to do. The longest that fits."""
_UNREACHABLE: Final = "see that the server runs and that its address in store.url is right; it is tried again"


def explain(state: str, place: str) -> StoreError | None:
    """The StoreError that an SQLSTATE means at a place (a URL without secrets); None where we are to blame."""
    for length in (5, 3, 2):
        told = _STATES.get(state[:length])
        if told is not None:
            kind, what, remedy = told
            return kind(f"the store {place} {what}: {remedy}")
    return None


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Within it, errors of the database are raised as StoreError or SchemaError."""
    try:
        yield
    except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError) as fault:
        explained = _explained(fault, place)
        if explained is None:
            raise
        raise explained from fault
    except PoolTimeoutError as fault:
        raise StoreError(
            f"the store {place} has no free connection: raise store.pool_size, or try again"
        ) from fault
    except ssl.SSLError as fault:
        raise StoreError(
            f"the store {place} cannot be trusted ({_reason(fault)}): name its authority in store.ca_file"
        ) from fault
    except (TimeoutError, asyncio.IncompleteReadError) as fault:
        raise StoreAwayError(f"the store {place} does not answer in time: {_UNREACHABLE}") from fault
    except OSError as fault:
        if "SSL" in str(fault):  # so asyncpg tells of a server that answers N
            raise StoreError(
                f"the store {place} does not speak TLS: give the server a certificate, or set store.allow_plain"
            ) from fault
        raise StoreAwayError(
            f"the store {place} cannot be reached ({fault.strerror or 'no address of that name'}): {_UNREACHABLE}"
        ) from fault


def _explained(fault: Exception, place: str) -> StoreError | None:
    driver = fault.orig if isinstance(fault, DBAPIError) else fault
    state = getattr(driver, "sqlstate", None)
    if isinstance(state, str):
        return explain(state, place)
    if isinstance(fault, DBAPIError) and not fault.connection_invalidated and not _interface(driver):
        return None
    return StoreAwayError(f"the store {place} broke off the connection: {_UNREACHABLE}")


def _interface(driver: object) -> bool:
    """An error of the driver about the connection, not of the server about a statement."""
    return isinstance(getattr(driver, "__cause__", None) or driver, asyncpg.InterfaceError | OSError)


def _reason(fault: ssl.SSLError) -> str:
    return str(getattr(fault, "verify_message", "") or fault.reason or "TLS failed")
