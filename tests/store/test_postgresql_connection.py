"""The way to a PostgreSQL: who is let in, what travels in the clear, and that no secret is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.peers.certificates import certified
from tests.peers.postgresql import PostgresServer, statements
from tests.store.servers import opened
from tests.store.values import alerts
from trailwarden.errors import StoreError
from trailwarden.store import Committed, StoreSettings
from trailwarden.store.postgresql import password, tls


def without_password(url: str) -> str:
    head, _, rest = url.partition("://")
    user, _, place = rest.partition("@")
    return f"{head}://{user.partition(':')[0]}@{place}"


async def test_a_wrong_password_is_not_shown(postgres_database: str) -> None:
    with pytest.raises(
        StoreError, match=r"does not let us in: check the user and the password in store\.url"
    ) as raised:
        await opened(without_password(postgres_database), password="hunter2")
    assert "hunter2" not in str(raised.value)


async def test_a_password_in_a_file_is_read_again(
    postgres_database: str, tmp_path: Path, postgres: str
) -> None:
    file = tmp_path / "password"
    secret = postgres.partition("://")[2].partition("@")[0].partition(":")[2]
    file.write_text(f"{secret}\n")
    store = await opened(without_password(postgres_database), password_file=file)
    assert await store.commit(alerts(1)) == Committed(new=1, known=0)
    await store.close()
    file.write_text("hunter2")
    with pytest.raises(StoreError, match="does not let us in"):
        await store.open()
    file.unlink()
    with pytest.raises(StoreError, match=r"store\.password_file .* cannot be read: No such file"):
        await store.open()


async def test_a_database_that_is_not_there(postgres: str) -> None:
    with pytest.raises(StoreError, match=r"/nowhere is not there: create the database"):
        await opened(f"{postgres.rpartition('/')[0]}/nowhere")


async def test_a_host_that_is_not_there() -> None:
    with pytest.raises(StoreError, match=r"cannot be reached \("):
        await opened("postgresql://u@nowhere.invalid/t", allow_plain=True)


async def test_tls_is_verified(postgres_server: PostgresServer, tmp_path: Path) -> None:
    ours, theirs = certified(tmp_path / "a", "127.0.0.1"), certified(tmp_path / "b", "127.0.0.1")
    named = certified(tmp_path / "c", "db.example")
    for files, authority, said in (
        (ours, ours.authority, ""),
        (ours, theirs.authority, "cannot be trusted"),
        (named, named.authority, "cannot be trusted"),
    ):
        postgres_server.use_certificate(files.certificate, files.key)
        postgres_server.stop()
        postgres_server.start()
        url = postgres_server.url
        if said:
            with pytest.raises(StoreError, match=rf"{said} \(.*\): name its authority in store\.ca_file"):
                await opened(url, ca_file=authority)
            continue
        store = await opened(url, ca_file=authority)
        await store.summary()  # so that there is a connection
        (row,) = await statements(
            url,
            "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'trailwarden'",
        )
        assert row["ssl"]
        await store.close()


async def test_a_server_without_tls_where_it_is_asked_for(postgres_database: str, tmp_path: Path) -> None:
    authority = certified(tmp_path / "a", "127.0.0.1").authority
    with pytest.raises(StoreError, match=r"does not speak TLS: give the server a certificate"):
        await opened(postgres_database, ca_file=authority)


def test_to_another_machine_nothing_travels_in_the_clear() -> None:
    remote = "postgresql://u:p@db.example/t"
    context = tls(StoreSettings(url=remote))
    assert not isinstance(context, bool)
    assert (context.check_hostname, context.verify_mode.name) == (True, "CERT_REQUIRED")
    assert tls(StoreSettings(url=remote, allow_plain=True)) is False
    for local in ("127.0.0.1", "[::1]", "localhost"):
        assert tls(StoreSettings(url=f"postgresql://u:p@{local}/t")) is False
    assert tls(StoreSettings(url="postgresql:///t?host=/run/postgresql")) is False
    with pytest.raises(StoreError, match=r"store\.ca_file /nowhere cannot be used"):
        tls(StoreSettings(url=remote, ca_file=Path("/nowhere")))


def test_the_password_has_three_places() -> None:
    assert password(StoreSettings(url="postgresql://u:p%40@db.example/t")) == "p@"
    assert password(StoreSettings(url="postgresql://u@db.example/t", password="p")) == "p"
    assert password(StoreSettings(url="postgresql://u@db.example/t")) is None
