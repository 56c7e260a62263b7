"""Opening a PostgreSQL: what is made, what is migrated, by how many at once, and what is left alone."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, inspect

from tests.peers.postgresql import statements
from tests.store.servers import opened
from tests.store.values import alert, alerts
from trailwarden.errors import SchemaError, StoreError
from trailwarden.store import Committed, migrations
from trailwarden.store.migrations import LATEST
from trailwarden.store.schema import metadata


def _shape(connection: Connection, schema: str) -> dict[str, object]:
    """Tables, columns, keys and indexes, as the database itself tells them."""
    inspector = inspect(connection)
    return {
        table: (
            sorted(
                (column["name"], str(column["type"]), column["nullable"])
                for column in inspector.get_columns(table, schema)
            ),
            inspector.get_pk_constraint(table, schema)["constrained_columns"],
            [(key["referred_table"], key["options"]) for key in inspector.get_foreign_keys(table, schema)],
            sorted(
                (
                    str(index["name"]),
                    tuple(index["column_names"]),
                    bool(index["dialect_options"].get("postgresql_where")),
                )
                for index in inspector.get_indexes(table, schema)
            ),
        )
        for table in inspector.get_table_names(schema)
    }


async def test_the_migrated_database_is_the_schema(postgres_database: str) -> None:
    store = await opened(postgres_database)

    def shapes(connection: Connection) -> tuple[dict[str, object], dict[str, object]]:
        migrated = _shape(connection, "trailwarden")
        connection.exec_driver_sql("CREATE SCHEMA made")
        connection.exec_driver_sql("SET LOCAL search_path = made")
        metadata.create_all(connection, checkfirst=False)
        return migrated, _shape(connection, "made")

    migrated, made = await store.database.write(shapes)
    assert migrated == made
    assert "deliveries" in migrated
    await store.close()


async def test_many_may_open_a_new_database_at_once(postgres_database: str) -> None:
    stores = await asyncio.gather(*(opened(postgres_database) for _ in range(8)))
    done = await asyncio.gather(*(store.commit(alerts(number)) for number, store in enumerate(stores)))
    assert [item.new for item in done] == [1] * 8
    rows = await statements(postgres_database, "SELECT version FROM trailwarden.schema_version")
    assert [row["version"] for row in rows] == list(range(1, LATEST + 1))
    for store in stores:
        await store.close()


async def test_a_newer_schema_is_left_alone(postgres_database: str) -> None:
    await (await opened(postgres_database)).close()
    await statements(postgres_database, f"INSERT INTO trailwarden.schema_version VALUES ({LATEST + 1})")
    with pytest.raises(SchemaError, match=rf"version {LATEST + 1}, .* up to {LATEST}: use the version"):
        await opened(postgres_database)


async def test_what_is_not_ours_is_left_alone(postgres_database: str) -> None:
    await statements(
        postgres_database,
        "CREATE SCHEMA trailwarden",
        "CREATE TABLE trailwarden.alerts (name TEXT)",
        "CREATE TABLE public.received (name TEXT)",
    )
    with pytest.raises(SchemaError, match=r"tables of another program: name another database in store\.url"):
        await opened(postgres_database)
    rows = await statements(
        postgres_database, "SELECT tablename FROM pg_tables WHERE schemaname IN ('trailwarden', 'public')"
    )
    assert {row["tablename"] for row in rows} == {"alerts", "received"}


async def test_tables_of_others_in_other_schemas_do_not_matter(postgres_database: str) -> None:
    await statements(postgres_database, "CREATE TABLE public.alerts (name TEXT)")
    store = await opened(postgres_database)
    assert await store.commit(alerts(1)) == Committed(new=1, known=0)
    assert await statements(postgres_database, "SELECT * FROM public.alerts") == []
    await store.close()


async def test_a_user_who_may_not_is_given_a_schema(postgres_database: str) -> None:
    name = postgres_database.rpartition("/")[2]
    guest = f"guest_{name}"
    await statements(postgres_database, f"CREATE ROLE {guest} LOGIN PASSWORD 'guest'")
    url = f"postgresql://{guest}:guest@{postgres_database.partition('@')[2]}"
    try:
        with pytest.raises(StoreError, match="does not allow it: let the user create a schema"):
            await opened(url)
        await statements(postgres_database, f"CREATE SCHEMA trailwarden AUTHORIZATION {guest}")
        store = await opened(url)
        assert await store.commit(alerts(1)) == Committed(new=1, known=0)
        await store.close()
    finally:
        await statements(postgres_database, f"DROP OWNED BY {guest}", f"DROP ROLE {guest}")


async def test_a_step_that_fails_leaves_no_half_schema(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(
            "trailwarden.store.migrations._STEPS", (*migrations._STEPS, ("CREATE TABLE broken (",))
        )
        patched.setattr("trailwarden.store.migrations.LATEST", LATEST + 1)
        with pytest.raises(Exception, match="syntax"):
            await opened(postgres_database)
    assert (
        await statements(postgres_database, "SELECT * FROM pg_tables WHERE schemaname = 'trailwarden'") == []
    )
    await (await opened(postgres_database)).close()


async def test_a_step_is_added_to_a_store_in_use(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = await opened(postgres_database)
    await running.commit(alerts(1))
    monkeypatch.setattr(
        "trailwarden.store.migrations._STEPS", (*migrations._STEPS, ("CREATE TABLE extra (id TEXT)",))
    )
    monkeypatch.setattr("trailwarden.store.migrations.LATEST", LATEST + 1)
    newer = await asyncio.gather(*(opened(postgres_database) for _ in range(3)))
    assert await newer[0].alert("alert_0001") == alert(1)
    assert await running.commit(alerts(2)) == Committed(new=1, known=0)
    for store in (running, *newer):
        await store.close()
