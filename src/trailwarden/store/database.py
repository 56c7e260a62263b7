"""What the store asks of a database, and which one is configured.

Keeps: a transaction happens whole or not at all, and what a database complains of leaves as a StoreError.

Next: `trailwarden.store.sqlite_database`; `trailwarden.store.ledger` and `trailwarden.store.outbox`, the
functions that run inside these transactions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

from trailwarden.store.settings import StoreSettings

P = ParamSpec("P")
T = TypeVar("T")


class Database(Protocol):
    """Transactions on one database."""

    @property
    def place(self) -> str:
        """Where it is, in words for a message: no secret."""
        ...

    async def open(self) -> None:
        """Connect, and bring the schema to the present version. Raises SchemaError where that would do harm."""
        ...

    async def close(self) -> None:
        """Give up every connection. Idempotent."""
        ...

    async def write(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `act` in one transaction that may write, and commit. What it raises rolls everything back."""
        ...

    async def read(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `act` in one transaction that sees one moment of the database."""
        ...


def make_database(settings: StoreSettings) -> Database:
    """The configured one, not open yet. Only its own driver is loaded."""
    if settings.shared:
        from trailwarden.store.postgresql_database import PostgresqlDatabase  # noqa: PLC0415 - a driver is loaded by who uses it

        return PostgresqlDatabase(settings)
    from trailwarden.store.sqlite_database import SqliteDatabase  # noqa: PLC0415 - likewise

    return SqliteDatabase(settings)
