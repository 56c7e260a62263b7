"""A PostgreSQL that cannot: one line that says why, nothing half-done, and it goes on when the cause is gone."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from tests.peers.postgresql import PostgresServer, statements
from tests.store.servers import opened
from tests.store.values import LATER, alerts, at
from trailwarden.errors import StoreError
from trailwarden.store import Committed, OutboxFilter, open_store
from trailwarden.store.postgresql_faults import ConflictError, explain

BRIEF = timedelta(seconds=1)


async def test_a_server_that_crashes_and_comes_back(postgres_server: PostgresServer) -> None:
    store = await opened(postgres_server.url)
    await store.commit(alerts(1))
    (claim,) = await store.claim("siem", 1, LATER, at(60))
    postgres_server.crash()
    for attempt in (store.commit(alerts(2)), store.settle([]), store.claim("siem", 1, LATER, at(60))):
        with pytest.raises(StoreError, match=r"broke off the connection|cannot be reached") as raised:
            await attempt
        assert "\n" not in str(raised.value)
        assert postgres_server.password not in str(raised.value)
    with pytest.raises(StoreError, match=r"cannot be reached \(.*\): see that the server runs"):
        await open_store(store.settings)
    postgres_server.start()
    assert await store.commit(alerts(1, 2)) == Committed(new=1, known=1)
    assert await store.alert(claim.alert.id) == claim.alert
    await store.close()


async def test_an_ordered_stop_under_load(postgres_server: PostgresServer) -> None:
    store = await opened(postgres_server.url)
    stopping = asyncio.create_task(asyncio.to_thread(postgres_server.stop))

    async def commits() -> None:
        for number in range(100_000):
            await store.commit(alerts(number))

    with pytest.raises(StoreError) as raised:
        await asyncio.wait_for(commits(), 30)
    assert "\n" not in str(raised.value)
    await stopping
    await store.close()


async def test_a_lock_is_not_waited_for_without_end(postgres_database: str) -> None:
    store = await opened(postgres_database, statement_timeout=BRIEF)
    other = await asyncpg.connect(postgres_database)
    async with other.transaction():
        await other.execute("LOCK TABLE trailwarden.alerts")
        with pytest.raises(StoreError, match=r"is locked by another session|takes too long"):
            await store.commit(alerts(1))
    await other.close()
    assert await store.commit(alerts(1)) == Committed(new=1, known=0)
    await store.close()


async def test_a_statement_that_takes_too_long(postgres_database: str) -> None:
    store = await opened(postgres_database, statement_timeout=BRIEF)
    with pytest.raises(StoreError, match=r"takes too long: .* raise store\.statement_timeout"):
        await store.database.write(lambda connection: connection.execute(text("SELECT pg_sleep(30)")).all())
    await store.close()


async def test_a_server_that_falls_silent(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailwarden.store.postgresql._MARGIN", 0.2)
    store = await opened(postgres_server.url, statement_timeout=BRIEF, pool_size=2)
    await store.summary()  # so that there is a connection
    (row,) = await statements(
        postgres_server.url, "SELECT pid FROM pg_stat_activity WHERE application_name = 'trailwarden'"
    )
    os.kill(row["pid"], signal.SIGSTOP)
    try:
        with pytest.raises(StoreError, match="does not answer in time"):
            await store.commit(alerts(1))
    finally:
        os.kill(row["pid"], signal.SIGCONT)
    assert await store.commit(alerts(1)) in (Committed(new=1, known=0), Committed(new=0, known=1))
    rows = await statements(
        postgres_server.url, "SELECT pid FROM pg_stat_activity WHERE application_name = 'trailwarden'"
    )
    for row in rows:
        os.kill(row["pid"], signal.SIGSTOP)
    try:
        await asyncio.wait_for(store.close(), 20)
    finally:
        for row in rows:
            os.kill(row["pid"], signal.SIGCONT)


async def test_a_server_that_only_reads(postgres_database: str) -> None:
    store = await opened(postgres_database)
    await store.close()
    name = postgres_database.rpartition("/")[2]
    await statements(postgres_database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    store = await opened(postgres_database)
    with pytest.raises(StoreError, match=r"is read-only: name the primary server in store\.url"):
        await store.commit(alerts(1))
    await store.close()


class Crossing:
    """Two transactions that each lock one row, wait until both have, and then want the other's."""

    def __init__(self) -> None:
        self.tries = 0

    def act(self, connection: Connection, first: str, second: str) -> None:
        self.tries += 1
        lock = text("UPDATE deliveries SET attempts = attempts WHERE alert_id = :id")
        connection.execute(lock, {"id": first})
        if self.tries <= 2:
            connection.execute(text("SELECT pg_advisory_xact_lock(:own)"), {"own": self.tries})
            held = text(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON database = pg_database.oid "
                "WHERE locktype = 'advisory' AND datname = current_database()"
            )
            while connection.execute(held).scalar_one() < 2:
                connection.execute(text("SELECT pg_sleep(0.01)"))
        connection.execute(lock, {"id": second})


async def test_what_was_undone_by_a_deadlock_is_done_again(postgres_database: str) -> None:
    store, crossing = await opened(postgres_database), Crossing()
    await store.commit(alerts(1, 2))
    one, two = "alert_0001", "alert_0002"
    await asyncio.wait_for(
        asyncio.gather(
            store.database.write(crossing.act, one, two), store.database.write(crossing.act, two, one)
        ),
        60,
    )
    assert crossing.tries == 3
    await store.close()


async def test_what_is_always_in_the_way_is_given_up(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await opened(postgres_database)
    tried = 0

    def always(connection: Connection) -> None:
        nonlocal tried
        tried += 1
        connection.execute(text("DO $$ BEGIN RAISE serialization_failure; END $$"))

    with pytest.raises(ConflictError, match="was written by two at once"):
        await store.database.write(always)
    assert tried == 5
    await store.close()


async def test_a_broken_constraint_is_a_bug_and_stays_one(postgres_database: str) -> None:
    store = await opened(postgres_database)
    orphan = "INSERT INTO deliveries VALUES ('none', 'siem', 'pending', 0, 0, NULL, NULL, 0, NULL, NULL, '')"
    with pytest.raises(IntegrityError):
        await store.database.write(lambda connection: connection.exec_driver_sql(orphan))
    assert await store.commit(alerts(1)) == Committed(new=1, known=0)
    await store.close()


async def test_commits_are_on_the_disk_and_everything_is_bounded(postgres_database: str) -> None:
    name = postgres_database.rpartition("/")[2]
    await statements(postgres_database, f"ALTER DATABASE {name} SET synchronous_commit = off")
    store = await opened(postgres_database)
    for run in (store.database.write, store.database.read):
        for setting, value in (
            ("synchronous_commit", "on"),
            ("statement_timeout", "30s"),
            ("lock_timeout", "30s"),
            ("idle_in_transaction_session_timeout", "30s"),
        ):
            shown = await run(
                lambda connection, setting=setting: connection.exec_driver_sql(f"SHOW {setting}").scalar_one()
            )
            assert (setting, shown) == (setting, value)
    await store.close()


async def test_a_reader_sees_one_moment(postgres_database: str) -> None:
    store, other = await opened(postgres_database), await opened(postgres_database)
    await store.commit(alerts(1))

    def twice(connection: Connection) -> tuple[int, int]:
        count = text("SELECT count(*) FROM alerts")
        before = connection.execute(count).scalar_one()
        connection.execute(text("SELECT pg_sleep(0.3)"))
        return before, connection.execute(count).scalar_one()

    reading = asyncio.create_task(store.database.read(twice))
    await asyncio.sleep(0.1)  # into the pause: had it not begun by then, it would see 2 and 2
    await other.commit(alerts(2))
    before, after = await reading
    assert before == after
    assert len(await store.outbox(OutboxFilter())) == 2
    await store.close()
    await other.close()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("53100", "is full: no space is left on the disk"),
        ("53300", "has no connection left: lower store.pool_size"),
        ("57P03", "is being stopped or started"),
        ("57P01", "is being stopped or started"),
        ("25006", "is read-only"),
        ("XX001", "is damaged"),
        ("42501", "does not allow it: let the user create a schema"),
    ],
)
def test_states_are_told_in_words(state: str, words: str) -> None:
    told = explain(state, "postgresql://db/t")
    assert told is not None
    assert str(told).startswith(f"the store postgresql://db/t {words}")


@pytest.mark.parametrize("state", ["23505", "42601", "22001", "42703"])
def test_what_we_are_to_blame_for_is_no_fault_of_the_store(state: str) -> None:
    assert explain(state, "postgresql://db/t") is None
