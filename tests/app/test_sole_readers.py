"""A source whose place is kept in a shared store is read by one instance."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from trailwarden.app import sole_readers
from trailwarden.app.sole_readers import begin, keep, turns_of
from trailwarden.app.turns import Turn
from trailwarden.errors import StoreError
from trailwarden.model import SystemClock
from trailwarden.settings import Settings
from trailwarden.store import Store, StoreSettings, open_store

BRIEF = timedelta(seconds=3)
CLOCK = SystemClock()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sole_readers, "LASTS", BRIEF)
    monkeypatch.setattr(sole_readers, "_TRY", 0.05)
    monkeypatch.setattr(sole_readers, "_RENEW", 0.05)


def turn(store: Store, holder: str, name: str = "source/spool") -> Turn:
    return Turn(store, CLOCK, name, holder, BRIEF)


async def test_the_second_one_is_refused_while_the_first_goes_on(postgres_database: str) -> None:
    store = await open_store(StoreSettings(url=postgres_database))
    first, second = [turn(store, "host-a/1")], [turn(store, "host-b/2")]
    await begin(first, asyncio.Event())
    keeping = asyncio.create_task(keep(first, pytest.fail))
    with pytest.raises(
        StoreError, match=r"the source spool is read by another instance \(host-a/1\): .* name of its own"
    ):
        await begin(second, asyncio.Event())
    await begin([turn(store, "host-b/2", "source/other")], asyncio.Event())
    keeping.cancel()
    await first[0].give_up()
    await asyncio.wait_for(begin(second, asyncio.Event()), 2)
    await store.close()


async def test_a_killed_one_is_waited_for(postgres_database: str) -> None:
    store = await open_store(StoreSettings(url=postgres_database))
    await begin([turn(store, "host-a/1")], asyncio.Event())  # and never renewed
    await begin([turn(store, "host-b/2")], asyncio.Event())
    await store.close()


async def test_who_was_taken_over_is_told(postgres_database: str) -> None:
    store = await open_store(StoreSettings(url=postgres_database))
    first = [turn(store, "host-a/1")]
    await begin(first, asyncio.Event())
    await begin([turn(store, "host-b/2")], asyncio.Event())
    reasons: list[str] = []
    await asyncio.wait_for(keep(first, reasons.append), 10)
    assert "host-b/2" in reasons[0]
    await store.close()


def test_only_what_is_shared_needs_a_turn(tmp_path: object) -> None:
    sources = [
        {"kind": "files", "name": "spool", "path": "/tmp"},
        {"kind": "s3_poll", "name": "poll", "bucket": "trail"},
    ]
    alone = Settings.model_validate({"sources": sources})
    shared = Settings.model_validate({"sources": sources, "store": {"url": "postgresql://u@db.example/t"}})
    store: Store = None  # type: ignore[assignment]
    assert turns_of(alone, store, CLOCK) == []
    assert [one.name for one in turns_of(shared, store, CLOCK)] == ["source/spool"]
