"""The configured store, whatever its database is.

Keeps: only what that database needs is loaded.
"""

from __future__ import annotations

from trailwarden.store.base import Store
from trailwarden.store.settings import StoreSettings


async def open_store(settings: StoreSettings) -> Store:
    """The configured store, open.

    Raises StoreError where it cannot be opened, SchemaError where it must not be.
    """
    store = _made(settings)
    await store.open()
    return store


def _made(settings: StoreSettings) -> Store:
    if settings.shared:
        from trailwarden.store.sql import SqlStore  # noqa: PLC0415 - a driver is loaded by who uses it

        return SqlStore(settings)
    from trailwarden.store.sqlite_store import SqliteStore  # noqa: PLC0415 - likewise

    return SqliteStore(settings)
