"""Processes: one that is killed, and several on one database."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from contextlib import closing

from tests.store.values import LATER, alerts, at
from trailwarden.store import OutboxFilter, Store, StoreSettings, open_store

KILLS = 6
CLAIMERS = 3
ALERTS = 400


async def _child(action: str, settings: StoreSettings, number: int) -> Process:
    command = (sys.executable, "-m", "tests.store.child", action, settings.url, str(number))
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)


async def _read_and_kill(child: Process, lines: int, pause: float) -> list[int]:
    """The numbers that the child printed, up to and after its death at a moment of no significance."""
    assert child.stdout is not None
    printed = [int(await child.stdout.readline()) for _ in range(lines)]
    await asyncio.sleep(pause)  # not to wait for anything: to die somewhere within a commit
    child.kill()
    printed += [
        int(line) for line in (await child.stdout.read()).splitlines(keepends=True) if line.endswith(b"\n")
    ]
    await child.wait()
    return printed


async def test_what_was_committed_survives_a_kill(settings: StoreSettings) -> None:
    chance = random.Random(20260131)
    printed: list[int] = []
    for _ in range(KILLS):
        child = await _child("commit", settings, start := len(printed) + 1000 * bool(printed))
        printed += await _read_and_kill(child, chance.randrange(1, 40), chance.random() / 100)
        assert printed[-1] >= start
        store = await open_store(settings)
        ids = {row.alert_id for row in await store.outbox(OutboxFilter(limit=100_000))}
        assert {f"alert_{number:04}" for number in printed} <= ids
        keys = await store.known("spool", [str(number) for number in printed])
        assert set(keys) == {str(number) for number in printed}
        last = (await store.checkpoints("spool"))["last"]
        assert int(last) - printed[-1] in (0, 1)  # the last commit may have returned to nobody
        await store.close()
        if settings.shared:
            continue
        with closing(sqlite3.connect(settings.path)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_processes_that_claim_never_overlap(settings: StoreSettings, store: Store) -> None:
    await store.commit(alerts(*range(ALERTS)))
    children = [await _child("claim", settings, portion) for portion in range(3, 3 + CLAIMERS)]
    for child in children:
        assert child.stdout is not None
        assert await child.stdout.readline() == b"ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
    firsts = [
        (await child.stdout.readuntil(b"claimed\n")).decode().split()[:-1]
        for child in children
        if child.stdout
    ]
    outputs = await asyncio.gather(*(child.communicate(b"go on\n") for child in children))
    claimed = [first + output.decode().split() for first, (output, _) in zip(firsts, outputs, strict=True)]
    assert [child.returncode for child in children] == [0] * CLAIMERS
    assert Counter(alert_id for ids in claimed for alert_id in ids) == {
        f"alert_{n:04}": 1 for n in range(ALERTS)
    }
    assert all(claimed), "they did not run at once: the test shows nothing"


async def test_a_second_process_may_write_while_the_service_runs(store: Store, other: Store) -> None:
    await store.commit(alerts(1, 2))
    await store.claim("siem", 1, LATER, at(60))
    assert await other.discard(OutboxFilter(alert_ids=("alert_0002",)), LATER) == 1
    assert await store.claim("siem", 9, at(1), at(60)) == []
    assert (await store.summary()).backlog["siem"].pending == 1
