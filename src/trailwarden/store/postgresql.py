"""What is peculiar to PostgreSQL: connections, and the schema in which the tables stand.

Keeps: a commit is on the server's disk when it returns. Everything is bounded in time: connecting, a statement, a lock that is
waited for, a transaction that nobody goes on with. The password is in no message.

https://www.postgresql.org/docs/current/runtime-config-client.html, https://magicstack.github.io/asyncpg/current/api/

Next: `trailwarden.store.postgresql_database`, which runs transactions on this engine.
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from trailwarden.errors import SchemaError, StoreError
from trailwarden.store.postgresql_settings import host, is_local
from trailwarden.store.settings import StoreSettings

SCHEMA: Final = "trailwarden"
"""The tables have a schema of their own: nothing else that lives in the database is touched."""
_LOCK: Final = 0x54575244_00000001
"""Of the migration; "TWRD". https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS"""
_MARGIN: Final = 5.0
"""Seconds that the server has to end a statement by itself, before the connection is given up."""
_SECRET_BYTES: Final = 4096


def place(settings: StoreSettings) -> str:
    """Where it is, without user and password."""
    url = settings.parsed_url
    port = f":{url.port}" if url.port else ""
    return f"postgresql://{host(url)}{port}/{url.database}"


def engine(settings: StoreSettings, statement: timedelta) -> AsyncEngine:
    """Connections in a pool, none of them made yet. statement: how long one may take, and a lock that it waits for."""

    async def connect() -> asyncpg.Connection[asyncpg.Record]:
        return await _connected(settings, statement.total_seconds())

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.connect_timeout.total_seconds(),
        hide_parameters=True,
    )


async def _connected(settings: StoreSettings, statement: float) -> asyncpg.Connection[asyncpg.Record]:
    url = settings.parsed_url
    milliseconds = str(round(statement * 1000))
    connection = await asyncpg.connect(
        host=host(url),
        port=url.port or 5432,
        user=url.username,
        password=await asyncio.to_thread(password, settings),
        database=url.database,
        ssl=await asyncio.to_thread(tls, settings),
        timeout=settings.connect_timeout.total_seconds(),
        command_timeout=statement + _MARGIN,
        server_settings={
            "application_name": "trailwarden",
            "search_path": SCHEMA,
            "statement_timeout": milliseconds,
            "lock_timeout": milliseconds,
            "idle_in_transaction_session_timeout": milliseconds,
        },
    )
    # Stronger than `on` may be the server's own choice; `off` may lose what was acked.
    await connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    return connection


def password(settings: StoreSettings) -> str | None:
    """The one in the file, or the one in the settings, or the one in the URL. Blocking. Raises StoreError."""
    if settings.password_file is not None:
        return _secret(settings.password_file)
    if settings.password is not None:
        return settings.password.get_secret_value()
    return settings.parsed_url.password


def _secret(file: Path) -> str:
    try:
        with file.open("r", encoding="utf-8") as opened:
            return opened.read(_SECRET_BYTES).strip("\r\n")
    except (OSError, UnicodeDecodeError) as fault:
        what = fault.strerror if isinstance(fault, OSError) else "not text"
        raise StoreError(
            f"store.password_file {file} cannot be read: {what}; mend the permission or the path"
        ) from None


def tls(settings: StoreSettings) -> ssl.SSLContext | bool:
    """A context that verifies name and certificate, or False for none. Blocking. Raises StoreError."""
    if settings.ca_file is None and (settings.allow_plain or is_local(host(settings.parsed_url))):
        return False
    try:
        return ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    except (OSError, ssl.SSLError) as fault:
        raise StoreError(
            f"store.ca_file {settings.ca_file} cannot be used ({fault.strerror or 'no certificate in it'}): "
            "name a PEM file"
        ) from None


def claim_schema(connection: Connection) -> None:
    """Make our schema, or see that it is ours; others that do the same wait. Raises SchemaError."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    there = inspect(connection).get_schema_names()
    if SCHEMA not in there:
        connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        return
    tables = inspect(connection).get_table_names(schema=SCHEMA)
    if tables and "schema_version" not in tables:
        raise SchemaError(
            f"the schema {SCHEMA} of the database holds tables of another program: name another database in store.url"
        )
