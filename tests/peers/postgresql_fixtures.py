"""PostgreSQL as fixtures: one server for the session, an empty database for each test."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.peers.absent import AbsentError, not_here
from tests.peers.postgresql import PostgresServer, drop_database, new_database, running_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a database on a PostgreSQL server, whose user may create others."""
    named = os.environ.get("POSTGRES_URL")
    if named:
        yield named
        return
    try:
        with running_server() as server:
            yield server.url
    except AbsentError as absent:
        not_here(absent)


@pytest.fixture
def postgres_server() -> Iterator[PostgresServer]:
    """A server of the test's own, to be stopped and started."""
    try:
        with running_server() as server:
            yield server
    except AbsentError as absent:
        not_here(absent)


@pytest.fixture
async def postgres_database(postgres: str) -> AsyncIterator[str]:
    """URL of an empty database."""
    url = await new_database(postgres)
    yield url
    await drop_database(url)
