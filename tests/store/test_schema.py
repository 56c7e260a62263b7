"""Opening a database: what is made, what is migrated, and what is left alone."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Inspector, create_engine, inspect

from tests.store.values import alert, alerts
from trailwarden.errors import SchemaError, StoreError
from trailwarden.store import StoreSettings, open_store
from trailwarden.store.migrations import LATEST
from trailwarden.store.schema import metadata


def _at(path: Path) -> StoreSettings:
    return StoreSettings(url=f"sqlite:///{path}")


async def _open_and_close(path: Path) -> None:
    await (await open_store(_at(path))).close()


def _shape(inspector: Inspector) -> dict[str, object]:
    """Tables, columns, keys and indexes, as the database itself tells them."""
    return {
        table: (
            [
                (column["name"], str(column["type"]), column["nullable"])
                for column in inspector.get_columns(table)
            ],
            inspector.get_pk_constraint(table)["constrained_columns"],
            [(key["referred_table"], key["options"]) for key in inspector.get_foreign_keys(table)],
            sorted(
                (
                    str(index["name"]),
                    tuple(index["column_names"]),
                    str(index["dialect_options"].get("sqlite_where")),
                )
                for index in inspector.get_indexes(table)
            ),
        )
        for table in inspector.get_table_names()
    }


async def test_the_migrated_database_is_the_schema(tmp_path: Path) -> None:
    await _open_and_close(tmp_path / "migrated.db")
    shapes = []
    for name in ("migrated.db", "made.db"):
        engine = create_engine(f"sqlite:///{tmp_path / name}")
        if name == "made.db":
            metadata.create_all(engine)
        shapes.append(_shape(inspect(engine)))
        engine.dispose()
    assert shapes[0] == shapes[1]
    assert "deliveries" in shapes[0]


@pytest.mark.parametrize("existing", [False, True], ids=["absent", "empty"])
async def test_a_new_database(tmp_path: Path, existing: bool) -> None:
    path = tmp_path / "state.db"
    if existing:
        path.touch()
    await _open_and_close(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA page_size").fetchone() == (8192,)
        assert connection.execute("SELECT version FROM schema_version").fetchall() == [
            (number,) for number in range(1, LATEST + 1)
        ]


async def test_a_file_of_other_pages_stays_as_it_is(tmp_path: Path) -> None:
    """What an earlier version has made."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA page_size = 4096")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("VACUUM")
    await _open_and_close(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA page_size").fetchone() == (4096,)
        assert connection.execute("SELECT count(*) FROM alerts").fetchone() == (0,)


async def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = await open_store(_at(tmp_path / "state.db"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    await store.close()
    assert modes == {"state.db": 0o600, "state.db-wal": 0o600, "state.db-shm": 0o600}


async def test_every_connection_is_safe(tmp_path: Path) -> None:
    store = await open_store(_at(tmp_path / "state.db"))
    for run in (store.database.write, store.database.read):
        pragmas = {
            name: await run(
                lambda connection, name=name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            )
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    await store.close()


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    await _open_and_close(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO schema_version VALUES (?)", (LATEST + 1,))
    before = path.read_bytes()
    with pytest.raises(
        SchemaError, match=rf"version {LATEST + 1}, .* up to {LATEST}: use the version"
    ) as raised:
        await _open_and_close(path)
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == before


FOREIGN = {
    "text": "this is not a database\n" * 100,
    "tables": ["CREATE TABLE users (name TEXT)"],
    "tables of the same name": [
        "CREATE TABLE schema_version (version BIGINT)",
        "INSERT INTO schema_version VALUES (1)",
    ],
    "signed by another": ["PRAGMA application_id = 252006673"],
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
async def test_what_is_not_ours_is_left_alone(tmp_path: Path, content: str | list[str]) -> None:
    path = tmp_path / "foreign.db"
    if isinstance(content, str):
        path.write_text(content)
    else:
        with closing(sqlite3.connect(path)) as connection, connection:
            for statement in content:
                connection.execute(statement)
    before = path.read_bytes()
    with pytest.raises(SchemaError, match=r"foreign\.db is .*: name another file in store\.url") as raised:
        await _open_and_close(path)
    assert "\n" not in str(raised.value)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["foreign.db"]


async def test_a_directory_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(
        StoreError, match=r"the directory of the store .*/none/state\.db does not exist: make it"
    ):
        await _open_and_close(tmp_path / "none" / "state.db")


async def test_a_directory_in_place_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"cannot be opened .*: mend the permissions, or change"):
        await _open_and_close(tmp_path)


async def test_a_step_that_fails_leaves_no_half_schema(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.db"
    steps = (
        ("CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY)",),
        ("CREATE TABLE broken (",),
    )
    with monkeypatch.context() as patched:
        patched.setattr("trailwarden.store.migrations._STEPS", steps)
        patched.setattr("trailwarden.store.migrations.LATEST", 2)
        with pytest.raises(StoreError, match="cannot be used now"):
            await _open_and_close(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_schema").fetchall() == []
    await _open_and_close(path)


async def test_a_step_is_added_to_a_store_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trailwarden.store import migrations

    path = tmp_path / "state.db"
    store = await open_store(_at(path))
    await store.commit(alerts(1))
    await store.close()
    added = (*migrations._STEPS, ("CREATE TABLE extra (id TEXT)",))
    monkeypatch.setattr("trailwarden.store.migrations._STEPS", added)
    monkeypatch.setattr("trailwarden.store.migrations.LATEST", LATEST + 1)
    store = await open_store(_at(path))
    assert await store.alert("alert_0001") == alert(1)
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT max(version) FROM schema_version").fetchone() == (LATEST + 1,)
        assert connection.execute("SELECT count(*) FROM extra").fetchone() == (0,)


async def test_many_may_open_a_new_database_at_once(tmp_path: Path) -> None:
    stores = await asyncio.gather(*(open_store(_at(tmp_path / "state.db")) for _ in range(8)))
    done = await asyncio.gather(*(store.commit(alerts(number)) for number, store in enumerate(stores)))
    assert [item.new for item in done] == [1] * 8
    for store in stores:
        await store.close()
