from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.sources.spools import TurnedClock, folder_of_a_user
from trailwarden.errors import ConfigError, Reason, SourceError
from trailwarden.model import Batch, Clock, SystemClock
from trailwarden.sources import Given, Source, SourceState, build_source
from trailwarden.sources.files import FilesSettings

FAST = {"settle": "0s", "poll_interval": "5ms"}


@asynccontextmanager
async def source(path: Path, clock: Clock | None = None, **settings: Any) -> AsyncIterator[Source]:
    document = {"kind": "files", "name": "spool", "path": str(path), **FAST, **settings}
    opened = build_source(FilesSettings.model_validate(document), Given(clock or SystemClock()))
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


async def acked(batches: Sequence[Batch]) -> dict[str, bytes]:
    """Name -> content, after the ack."""
    contents = {os.path.basename(batch.key): batch.load() for batch in batches}
    for batch in batches:
        await batch.ack()
    return contents


async def comes_true(condition: Callable[[], bool]) -> None:
    """Of something that the polls of the source bring about."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a status is a snapshot; no event tells of it
            await asyncio.sleep(0.002)


async def test_a_file_that_is_written_in_parts_is_read_when_it_has_rested(tmp_path: Path) -> None:
    clock = TurnedClock()
    file = tmp_path / "a.json"
    async with source(tmp_path, clock, settle="2s") as spool:
        reading = asyncio.create_task(spool.read(10))
        for part in (b'{"Records":', b"[{}", b"]}"):
            with file.open("ab") as written:
                written.write(part)
            clock.turn(timedelta(seconds=1.5))
            await comes_true(lambda: spool.status().last_success == clock.now())
            assert not reading.done()
        clock.turn(timedelta(seconds=2))
        assert await acked(await reading) == {"a.json": b'{"Records":[{}]}'}


async def test_a_file_that_changes_after_it_was_found_rests_anew(tmp_path: Path) -> None:
    clock = TurnedClock()
    file = tmp_path / "a.json"
    file.write_bytes(b"{}")
    clock.turn(timedelta(hours=1))
    async with source(tmp_path, clock, settle="2s") as spool:
        (batch,) = await spool.read(10)
        file.write_bytes(b'{"Records":[')
        with pytest.raises(SourceError):
            batch.load()
        await batch.nack("half")
        reading = asyncio.create_task(spool.read(10))
        file.write_bytes(b'{"Records":[]}')
        os.utime(file, (clock.now().timestamp(),) * 2)
        clock.turn(timedelta(seconds=1))
        await comes_true(lambda: spool.status().last_success == clock.now())
        assert not reading.done()
        clock.turn(timedelta(seconds=2))
        assert await acked(await reading) == {"a.json": b'{"Records":[]}'}


async def test_once_a_fresh_file_is_read_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    async with source(tmp_path, follow=False, settle="1h") as spool:
        assert await acked(await spool.read(10)) == {"a.json": b"{}"}
        assert await spool.read(10) == ()
        assert spool.status().state is SourceState.FINISHED


async def test_once_it_ends_only_when_every_file_was_answered_for(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    async with source(tmp_path, follow=False) as spool:
        (batch,) = await spool.read(10)
        reading = asyncio.create_task(spool.read(10))
        await asyncio.wait([reading], timeout=0.05)
        assert not reading.done()
        await batch.nack("store is away")
        assert await acked(await reading) == {"a.json": b"{}"}
        assert await spool.read(10) == ()


async def test_once_a_file_that_always_fails_is_given_up_and_shown(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(b"{}")
    came = []
    async with source(tmp_path, follow=False) as spool:
        while batches := await spool.read(10):
            for batch in batches:
                came.append(os.path.basename(batch.key))
                await (batch.ack() if "b.json" in batch.key else batch.nack("denied"))
        assert sorted(came) == ["a.json", "a.json", "a.json", "b.json"]
        assert spool.status().problems == [f"{tmp_path}/a.json: denied"]


async def test_an_unreadable_file_is_shown_and_read_when_it_can_be() -> None:
    with folder_of_a_user() as root:
        for name in ("closed.json", "open.json"):
            (root / name).write_bytes(b"{}")
        (root / "closed.json").chmod(0)
        async with source(root) as spool:
            closed, opened = await spool.read(10)
            with pytest.raises(SourceError, match="Permission denied; give the user") as caught:
                closed.load()
            assert caught.value.reason is Reason.UNREADABLE
            await closed.nack(caught.value.detail)
            assert await acked([opened]) == {"open.json": b"{}"}
            reading = asyncio.create_task(spool.read(10))
            await comes_true(lambda: spool.status().problems == [caught.value.detail])
            assert spool.status().state is SourceState.RUNNING
            (root / "closed.json").chmod(0o600)
            assert await acked(await reading) == {"closed.json": b"{}"}
            reading = asyncio.create_task(spool.read(10))
            await comes_true(lambda: spool.status().problems == [])
            reading.cancel()


async def test_a_file_deleted_after_it_was_found_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    async with source(tmp_path, follow=False) as spool:
        (batch,) = await spool.read(10)
        (tmp_path / "a.json").unlink()
        with pytest.raises(SourceError, match="vanished"):
            batch.load()
        await batch.nack(f"{batch.key}: vanished before it could be read")
        assert await spool.read(10) == ()
        assert spool.status().problems == [f"{batch.key}: vanished before it could be read"]


async def test_a_batch_says_where_it_is_from(tmp_path: Path) -> None:
    name = os.fsdecode(b"\xff\n.json")
    (tmp_path / name).write_bytes(b"{}")
    clock = TurnedClock()
    async with source(tmp_path, clock, follow=False) as spool:
        (batch,) = await spool.read(1)
        assert batch.origin.as_dict() == {
            "source": "spool",
            "kind": "files",
            "locator": f"{tmp_path}/\\xff\\x0a.json",
        }
        assert batch.key == batch.origin.locator
        assert (batch.received_at, batch.size_hint) == (clock.now(), 2)
        await batch.ack()


async def test_a_relative_path_has_an_absolute_locator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    monkeypatch.chdir(tmp_path)
    async with source(Path("a.json"), follow=False) as spool:
        (batch,) = await spool.read(1)
        assert batch.origin.locator == str(tmp_path / "a.json")
        await batch.ack()


async def test_while_watching_a_missing_path_may_come_yet(tmp_path: Path) -> None:
    async with source(tmp_path / "spool") as spool:
        assert spool.status().state is SourceState.STARTING
        reading = asyncio.create_task(spool.read(10))
        await comes_true(lambda: spool.status().state is SourceState.FAILING)
        assert spool.status().last_success is None
        assert "No such file or directory" in spool.status().problems[0]
        (tmp_path / "spool").mkdir()
        (tmp_path / "spool" / "a.json").write_bytes(b"{}")
        assert await acked(await reading) == {"a.json": b"{}"}
        assert spool.status().state is SourceState.RUNNING
        assert spool.status().problems == []


async def test_once_a_missing_path_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file or directory"):
        async with source(tmp_path / "spool", follow=False):
            pass


async def test_what_is_neither_a_file_nor_a_directory_is_an_error() -> None:
    with pytest.raises(ConfigError, match="/dev/null is neither a file nor a directory"):
        async with source(Path("/dev/null")):
            pass


async def test_ten_thousand_files_each_comes_once_and_in_order(tmp_path: Path) -> None:
    names = [f"{number:05}.json" for number in range(10_000)]
    for name in names:
        (tmp_path / name).touch()
    came = []
    async with source(tmp_path, follow=False) as spool:
        while batches := await spool.read(64):
            assert len(batches) <= 64
            came += await acked(batches)
    assert came == names


def test_ten_thousand_files_are_not_all_held_at_once(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"{number:05}.json").touch()

    async def most_found() -> int:
        most = 0
        async with source(tmp_path) as spool:
            for _ in range(100):
                await acked(await spool.read(100))
                most = max(most, int(spool.status().detail.split()[0]))
        return most

    assert asyncio.run(most_found()) <= 2048
