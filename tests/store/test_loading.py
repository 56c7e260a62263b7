"""Who keeps the state in SQLite waits for no other database's driver."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

_SCRIPT = """
import asyncio, json, sys
from tests.store.values import alerts
from trailwarden.store import StoreSettings, open_store

async def main():
    store = await open_store(StoreSettings(url=sys.argv[1]))
    await store.commit(alerts(1))
    await store.close()

asyncio.run(main())
print(json.dumps(sorted(sys.modules)))
"""


def _loaded(url: str) -> set[str]:
    command = [sys.executable, "-c", _SCRIPT, url]
    return set(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def test_sqlite_loads_neither_sqlalchemy_nor_asyncpg(tmp_path: Path) -> None:
    loaded = _loaded(f"sqlite:///{tmp_path}/state.db")
    assert "sqlite3" in loaded
    assert not loaded & {"asyncpg", "sqlalchemy", "trailwarden.store.postgresql"}


def test_postgresql_loads_its_own(postgres_database: str) -> None:
    loaded = _loaded(postgres_database)
    assert {"asyncpg", "sqlalchemy"} <= loaded
    assert "trailwarden.store.sqlite_database" not in loaded
