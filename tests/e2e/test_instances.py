"""Instances on one database: what one committed another delivers, and a database that is away for a while costs nothing."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service import Service, command, configured, running
from tests.peers.postgresql import PostgresServer
from tests.receiver import answer, receiving

AWAY = [3.0, pytest.param(60.0, marks=pytest.mark.long)]
"""Seconds."""


def put(folder: Path, name: str, *ids: str) -> None:
    events = [{"eventVersion": "1.08", "eventName": "DeleteVpc", "eventID": one} for one in ids]
    folder.mkdir(exist_ok=True, parents=True)
    part = folder / f"{name}.tmp"
    part.write_bytes(gzip.compress(json.dumps({"Records": events}).encode()))
    part.rename(folder / f"{name}.json.gz")


def instance(folder: Path, name: str, url: str, store: str, **more: Any) -> Path:
    """Its own folder and source, the common store."""
    home = folder / name
    home.mkdir()
    config = configured(home, url, store={"url": store, "statement_timeout": "2s", **more})
    document = json.loads(config.read_text())
    document["sources"][0]["name"] = name
    config.write_text(json.dumps(document))
    return config


async def test_what_one_committed_another_delivers(tmp_path: Path, postgres_database: str) -> None:
    async with receiving(always=answer(503)) as receiver:
        a, b = (instance(tmp_path, name, receiver.url, postgres_database) for name in "ab")
        async with running(a) as first, running(b):
            ids = [f"e{number}" for number in range(20)]
            put(tmp_path / "a" / "spool", "one", *ids)
            await first.until("/metrics", lambda _, body: f'matched_total{{source="a"}} {len(ids)}.0' in body)
            first.process.kill()
            receiver.always = None
            receiver.ids.clear()
            async with asyncio.timeout(60), receiver.changed:
                await receiver.changed.wait_for(lambda: len(set(receiver.ids)) == len(ids))
        bodies = [json.loads(body)["data"] for body in receiver.bodies]
        assert len({one["id"] for one in bodies}) == len({one["event"]["id"] for one in bodies}) == len(ids)


async def test_an_event_that_two_received_is_one_alert(tmp_path: Path, postgres_database: str) -> None:
    async with receiving() as receiver:
        a, b = (instance(tmp_path, name, receiver.url, postgres_database) for name in "ab")
        async with running(a) as first, running(b) as second:
            for name in "ab":
                put(tmp_path / name / "spool", "same", *(f"e{number}" for number in range(50)))
            for service, name in ((first, "a"), (second, "b")):
                await service.until(
                    "/metrics", lambda _, body, name=name: f'matched_total{{source="{name}"}} 50.0' in body
                )
            await receiver.until(50)
            assert (
                await first.metric("alert_duplicates_total") + await second.metric("alert_duplicates_total")
                == 50
            )
        assert len(receiver.ids) == len(set(receiver.ids)) == 50
        code, out, _ = await command("outbox", "list", "--config", str(a), "--format", "json")
        assert (code, len(json.loads(out))) == (0, 50)


@pytest.mark.parametrize("away", AWAY)
async def test_a_database_that_is_away_for_a_while(
    tmp_path: Path, postgres_server: PostgresServer, away: float
) -> None:
    async with receiving() as receiver:
        config = instance(tmp_path, "a", receiver.url, postgres_server.url, connect_timeout="1s")
        async with running(config) as service:
            put(tmp_path / "a" / "spool", "before", "e1", "e2")
            await receiver.until(2)
            await service.until("/readyz", lambda status, _: status == 200)
            await asyncio.to_thread(postgres_server.crash)
            put(tmp_path / "a" / "spool", "during", "e3", "e4")
            body = await _unready(service)
            assert "cannot be reached" in body
            assert postgres_server.password not in body
            await asyncio.sleep(away)
            assert len(receiver.ids) == 2
            await asyncio.to_thread(postgres_server.start)
            await receiver.until(4)
            await service.until("/readyz", lambda status, _: status == 200)
            assert await service.end() == 0
        assert len(set(receiver.ids)) == 4
        assert postgres_server.password not in json.dumps(service.log)


async def test_a_start_that_meets_no_database_waits_for_it(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    async with receiving() as receiver:
        config = instance(tmp_path, "a", receiver.url, postgres_server.url)
        postgres_server.stop()
        put(tmp_path / "a" / "spool", "one", "e1")
        starting = asyncio.create_task(_started(config, receiver.until(1)))
        await asyncio.sleep(1)  # it may meet the server away, or not be there yet: either is right
        await asyncio.to_thread(postgres_server.start)
        assert await starting == 0


async def _started(config: Path, reached: Any) -> int:
    async with running(config) as service:
        await reached
        return await service.end()


async def _unready(service: Service) -> str:
    return await service.until("/readyz?verbose", lambda status, body: status == 503 and "store" in body)
