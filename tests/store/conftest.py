"""The store under test, by database. Another database is one more row in `PLACES`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from trailwarden.store import Store, StoreSettings, open_store

PLACES: dict[str, Callable[[Path], str]] = {
    "sqlite": lambda directory: f"sqlite:///{directory}/state.db",
}
"""Kind of database -> the URL of an empty one."""


@pytest.fixture(params=list(PLACES))
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> StoreSettings:
    return StoreSettings(url=PLACES[request.param](tmp_path))


@pytest.fixture
async def store(settings: StoreSettings) -> AsyncIterator[Store]:
    opened = await open_store(settings)
    yield opened
    await opened.close()


@pytest.fixture
async def other(settings: StoreSettings, store: Store) -> AsyncIterator[Store]:
    """A second one on the same database, as a second process would have."""
    opened = await open_store(settings)
    yield opened
    await opened.close()
