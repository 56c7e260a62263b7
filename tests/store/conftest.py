"""The store under test, by database. Another database is one more row in `PLACES` or `SERVERS`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from trailwarden.store import Store, StoreSettings, open_store
from trailwarden.store.sql import SqlStore


async def by_sqlalchemy(settings: StoreSettings) -> SqlStore:
    store = SqlStore(settings)
    await store.open()
    return store


PLACES: dict[str, Callable[[Path], str]] = {
    "sqlite": lambda directory: f"sqlite:///{directory}/state.db",
    "sqlite-sqlalchemy": lambda directory: f"sqlite:///{directory}/state.db",
}
"""Kind of database in a file -> the URL of an empty one. The second is SQLite the way of every other database."""
OPENERS: dict[str, Callable[[StoreSettings], Awaitable[Store]]] = {"sqlite-sqlalchemy": by_sqlalchemy}
SERVERS = {"postgresql": "postgres_database"}
"""Kind of database on a server -> the fixture that has the URL of an empty one."""


@pytest.fixture(params=[*PLACES, *SERVERS])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> StoreSettings:
    if kind in SERVERS:
        return StoreSettings(url=request.getfixturevalue(SERVERS[kind]))
    return StoreSettings(url=PLACES[kind](tmp_path))


@pytest.fixture
async def store(kind: str, settings: StoreSettings) -> AsyncIterator[Store]:
    opened = await OPENERS.get(kind, open_store)(settings)
    yield opened
    await opened.close()


@pytest.fixture
async def other(kind: str, settings: StoreSettings, store: Store) -> AsyncIterator[Store]:
    """A second one on the same database, as a second process would have."""
    opened = await OPENERS.get(kind, open_store)(settings)
    yield opened
    await opened.close()
