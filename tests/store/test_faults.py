"""A database that cannot: one line that says why, nothing half-done, and it goes on when the cause is gone."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from tests.store.values import LATER, alert, alerts, at, received
from trailwarden.errors import SchemaError, StoreError
from trailwarden.store import (
    Commit,
    Committed,
    DeliveryState,
    OutboxFilter,
    Settlement,
    StoreSettings,
    open_store,
)
from trailwarden.store.faults import explain, translated
from trailwarden.store.sqlite_store import SqliteStore

BRIEF = timedelta(milliseconds=50)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = SqliteStore(StoreSettings(url=f"sqlite:///{path}", busy_timeout=BRIEF))
    await opened.open()
    yield opened
    await opened.close()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Another program holds the write lock."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


async def test_a_locked_database(store: SqliteStore, path: Path) -> None:
    await store.commit(alerts(1))
    (claim,) = await store.claim("siem", 1, LATER, at(60))
    settlement = Settlement(claim.alert.id, "siem", DeliveryState.DELIVERED, at(1))
    with _locked(path):
        for attempt in (
            store.commit(alerts(2)),
            store.claim("siem", 1, at(100), at(160)),
            store.settle([settlement]),
            store.retry(OutboxFilter(), LATER),
            store.release(["q"]),
        ):
            with pytest.raises(
                StoreError, match=r"state\.db is locked by another process: end that process"
            ) as raised:
                await attempt
            assert "\n" not in str(raised.value)
        assert [row.attempts for row in await store.outbox(OutboxFilter())] == [1]  # readers wait for nobody
        assert (await store.summary()).backlog["siem"].pending == 1
    await store.settle([settlement])
    assert await store.commit(alerts(1, 2)) == Committed(new=1, known=1)
    assert (await store.summary()).backlog["siem"].pending == 1


async def test_a_lock_that_ends_in_time_is_waited_for(path: Path) -> None:
    patient = await open_store(StoreSettings(url=f"sqlite:///{path}", busy_timeout=timedelta(seconds=30)))
    with _locked(path):
        waiting = asyncio.create_task(patient.commit(alerts(1)))
        assert await patient.alert("alert_0001") is None
        assert not waiting.done()
    assert await waiting == Committed(new=1, known=0)
    await patient.close()


async def test_a_database_that_is_locked_when_it_is_opened(store: SqliteStore, path: Path) -> None:
    with _locked(path), pytest.raises(StoreError, match="is locked by another process"):
        await open_store(store.settings)
    again = await open_store(store.settings)
    await again.close()


def _limit_pages(connection: Connection, spare: int) -> None:
    """As if the disk had room for so many more pages."""
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + spare}")


async def test_a_full_disk(store: SqliteStore) -> None:
    await store.commit(alerts(1))
    await store.database.write(_limit_pages, 2)
    large = Commit(
        alerts=alerts(*range(500)).alerts, received=[received(str(number)) for number in range(500)]
    )
    for _ in range(2):
        with pytest.raises(
            StoreError, match=r"state\.db is full: no space is left on the disk: make room"
        ) as raised:
            await store.commit(large)
        assert "\n" not in str(raised.value)
    assert len(await store.outbox(OutboxFilter())) == 1
    assert await store.known("spool", ["0", "499"]) == {}
    await store.database.write(_limit_pages, 100_000)
    assert await store.commit(large) == Committed(new=499, known=1)


async def _open_and_list(store: SqliteStore) -> None:
    """Damage shows itself at the first page that is read, which may be either's."""
    await store.open()
    await store.outbox(OutboxFilter())


async def test_a_damaged_database(store: SqliteStore, path: Path) -> None:
    await store.commit(alerts(*range(500)))
    await store.close()
    content = bytearray(path.read_bytes())
    content[4096 : 4096 * 40] = b"\xff" * (4096 * 39)
    path.write_bytes(content)
    damaged = SqliteStore(store.settings)
    with pytest.raises(StoreError, match=r"state\.db is damaged: stop Trailwarden and restore"):
        await _open_and_list(damaged)
    await damaged.close()


async def test_a_store_that_is_not_open(path: Path) -> None:
    closed = SqliteStore(StoreSettings(url=f"sqlite:///{path}"))
    with pytest.raises(StoreError, match="is not open"):
        await closed.commit(alerts(1))
    with pytest.raises(StoreError, match="is not open"):
        await closed.summary()
    await closed.close()


async def test_closing_twice_is_once(store: SqliteStore) -> None:
    await store.close()
    await store.close()


async def test_a_broken_constraint_is_a_bug_and_stays_one(store: SqliteStore) -> None:
    orphan = "INSERT INTO deliveries VALUES ('none', 'siem', 'pending', 0, 0, NULL, NULL, 0, NULL, NULL, '')"
    with pytest.raises(IntegrityError):
        await store.database.write(lambda connection: connection.exec_driver_sql(orphan))
    assert await store.commit(alerts(1)) == Committed(new=1, known=0)


def test_a_message_shows_neither_statement_nor_parameters() -> None:
    driver = sqlite3.OperationalError("connection\nreset")
    wrapped = OperationalError("INSERT INTO alerts", {"document": "hunter2"}, driver)
    with pytest.raises(StoreError) as raised, translated("/var/lib/state.db"):
        raise wrapped
    assert str(raised.value) == (
        "the store /var/lib/state.db cannot be used now (connection reset): see that the database runs and is whole"
    )


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreError, "is locked by another process"),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreError, "input/output error"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, StoreError, "is read-only"),
        (sqlite3.SQLITE_CANTOPEN, StoreError, "cannot be opened"),
        (sqlite3.SQLITE_NOTADB, SchemaError, "is not a SQLite database"),
    ],
)
def test_extended_result_codes_are_understood(code: int, kind: type[StoreError], words: str) -> None:
    error = sqlite3.OperationalError("whatever SQLite says")
    error.sqlite_errorcode = code
    explained = explain(error, "/x.db")
    assert type(explained) is kind
    assert words in str(explained)


async def test_a_reader_does_not_wait_for_a_long_list_to_end(store: SqliteStore, path: Path) -> None:
    """A second process that reads for long does not keep the service from committing."""
    await store.commit(alerts(1))
    with closing(sqlite3.connect(path, isolation_level=None)) as reading:
        reading.execute("BEGIN")
        assert reading.execute("SELECT count(*) FROM alerts").fetchone() == (1,)
        assert await store.commit(alerts(2)) == Committed(new=1, known=0)
        assert await store.alert("alert_0002") == alert(2)
        assert reading.execute("SELECT count(*) FROM alerts").fetchone() == (1,)
