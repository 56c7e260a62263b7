"""Lines of an earlier process that were cut short do not swallow an alert."""

from __future__ import annotations

import asyncio
import logging
import os
import select
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from tests.sinks.alerts import alert
from trailwarden.sinks import Verdict, stdout
from trailwarden.sinks.stdout import StdoutSettings, StdoutSink, _opened_again
from trailwarden.telemetry.logs import LineHandler


@pytest.fixture(params=["opened again", "as it came"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A pipe that the system opens once more, and one of another user's that it does not."""
    if request.param == "as it came":
        monkeypatch.setattr("trailwarden.sinks.stdout._opened_again", lambda _descriptor: None)
    return str(request.param)


@asynccontextmanager
async def piped(*, blocking: bool = False) -> AsyncIterator[tuple[StdoutSink, int]]:
    """A sink that writes into a pipe, and the end that is read. blocking: whether a read waits."""
    reading, writing = os.pipe()
    os.set_blocking(reading, blocking)
    sink = StdoutSink(StdoutSettings(kind="stdout", name="s"), writing)
    try:
        await sink.open()
        assert os.get_blocking(writing)  # whoever else has it finds it as it was
        yield sink, reading
    finally:
        await sink.close()
        os.close(reading)
        os.close(writing)


async def cut_short(sink: StdoutSink, reading: int) -> bytes:
    """What a pipe took of a line that is too large for it and was given up."""
    loop, begun = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(reading, begun.set)
    sending = asyncio.create_task(sink.send(alert()._replace(document=b"x" * (1 << 20)), 1))
    await begun.wait()
    loop.remove_reader(reading)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    return os.read(reading, 1 << 20)


@pytest.mark.parametrize(
    ("before", "after"), [(b"", b""), (b"{}\n", b"{}\n"), (b'{"id":"half', b'{"id":"half\n')]
)
async def test_an_alert_begins_on_a_line_of_its_own(tmp_path: Path, before: bytes, after: bytes) -> None:
    file = tmp_path / "alerts.jsonl"
    file.write_bytes(before)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    try:
        sink = StdoutSink(StdoutSettings(kind="stdout", name="s"), descriptor)
        await sink.open()
        await sink.send(alert(), 1)
    finally:
        os.close(descriptor)
    assert file.read_bytes() == after + alert().document + b"\n"


@pytest.mark.parametrize(
    ("named", "before", "after"),
    [(False, b"", b""), (False, b'{"id":"half', b'{"id":"half\n'), (True, b"", b"\n")],
    ids=["new", "unread", "with a name"],
)
async def test_an_alert_begins_on_a_line_of_its_own_in_a_pipe_that_outlives_who_writes(
    way: str, tmp_path: Path, named: bool, before: bytes, after: bytes
) -> None:
    """Whoever starts us again keeps the pipe. What a reader has taken already of one without a name, nobody can tell."""
    if named:
        os.mkfifo(tmp_path / "alerts")
        reading = os.open(tmp_path / "alerts", os.O_RDONLY | os.O_NONBLOCK)
        writing = os.open(tmp_path / "alerts", os.O_WRONLY)
    else:
        reading, writing = os.pipe()
    sink = StdoutSink(StdoutSettings(kind="stdout", name="s"), writing)
    try:
        os.write(writing, before)
        await sink.open()
        assert (await sink.send(alert(), 1)).verdict is Verdict.DELIVERED
        assert os.read(reading, 1 << 20) == after + alert().document + b"\n"
    finally:
        await sink.close()
        os.close(reading)
        os.close(writing)


def test_a_second_descriptor_that_waits_as_the_first_does_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is opened through /dev/fd is a copy on BSD and macOS: a write into a full pipe would hold up the loop."""
    reading, writing = os.pipe()
    try:
        before = len(os.listdir("/dev/fd"))
        monkeypatch.setattr(os, "open", lambda path, _flags: os.dup(int(path.removeprefix("/dev/fd/"))))
        assert _opened_again(writing) is None
        monkeypatch.undo()
        assert len(os.listdir("/dev/fd")) == before
    finally:
        os.close(reading)
        os.close(writing)


async def test_a_line_that_was_cut_short_is_ended_before_the_pipe_is_left_where_there_is_room() -> None:
    async with piped() as (sink, reading):
        assert (await cut_short(sink, reading)).endswith(b"x")
        await sink.close()
        assert os.read(reading, 1 << 20) == b"\n"


async def test_what_waits_is_written_together_and_each_is_told(way: str) -> None:
    async with piped() as (sink, reading):
        many = [alert(number) for number in range(40)]
        outcomes = await asyncio.gather(*(sink.send(one, 1) for one in many))
        assert {outcome.verdict for outcome in outcomes} == {Verdict.DELIVERED}
        assert os.read(reading, 1 << 20) == b"".join(one.document + b"\n" for one in many)


async def test_a_pipe_that_fills_up_tells_which_lines_it_took(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes some lines whole; the others are not delivered, and come again on lines of their own."""
    monkeypatch.setattr("trailwarden.sinks.stdout._WAIT_SECONDS", 0.0)
    async with piped() as (sink, reading):
        many = [alert(number)._replace(document=b"%d" % number * 999) for number in range(10, 99)]
        outcomes = await asyncio.gather(*(sink.send(one, 1) for one in many))
        taken = [
            one for one, outcome in zip(many, outcomes, strict=True) if outcome.verdict is Verdict.DELIVERED
        ]
        assert 0 < len(taken) < len(many)
        before = os.read(reading, 1 << 20)
        assert before.startswith(b"".join(one.document + b"\n" for one in taken))
        assert (await sink.send(many[-1], 2)).verdict is Verdict.DELIVERED
        whole = (before + os.read(reading, 1 << 20)).split(b"\n")
        assert many[-1].document in whole
        assert all(one.document in whole for one in taken)


async def test_more_than_a_pipe_holds_is_written_as_it_is_read(way: str) -> None:
    async with piped(blocking=True) as (sink, reading):
        many = [alert(number)._replace(document=b"%d" % number * 9999) for number in range(10, 60)]
        whole = b"".join(one.document + b"\n" for one in many)

        def read_all() -> bytes:
            got = bytearray()
            while len(got) < len(whole):
                got += os.read(reading, 1 << 20)
            return bytes(got)

        outcomes, got = await asyncio.gather(
            sink.send_many([(one, 1) for one in many]), asyncio.to_thread(read_all)
        )
        assert {outcome.verdict for outcome in outcomes} == {Verdict.DELIVERED}
        assert got == whole


async def test_a_line_that_was_cut_short_by_a_stop_is_ended_by_the_next_one() -> None:
    async with piped() as (sink, reading):
        cut = await cut_short(sink, reading)
        assert 0 < len(cut) < 1 << 20
        assert (await sink.send(alert(), 1)).verdict is Verdict.DELIVERED
        assert os.read(reading, 1 << 20) == b"\n" + alert().document + b"\n"


async def test_a_pipe_without_a_reader_is_told_of(way: str) -> None:
    reading, writing = os.pipe()
    try:
        sink = StdoutSink(StdoutSettings(kind="stdout", name="s"), writing)
        await sink.open()
        os.close(reading)
        outcome = await sink.send(alert(), 1)
        assert outcome.verdict is Verdict.RETRY
        assert outcome.detail == "standard output: Broken pipe"
        await sink.close()
    finally:
        os.close(writing)


async def test_a_line_that_the_log_came_into_the_midst_of_is_written_once_more(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`2>&1`: what has waited for room goes on behind the log, glued to it."""
    reading, writing = os.pipe()
    many = [alert(number)._replace(document=b"%d" % number * 9999) for number in range(10, 20)]
    got = b""
    waits = iter(range(99))
    loop, interrupted = asyncio.get_running_loop(), asyncio.Event()
    with os.fdopen(os.dup(writing), "w") as log:
        handler = LineHandler(log, str)

        def interrupt() -> None:
            nonlocal got
            if next(waits) == (7 if way == "as it came" else 0):
                got = os.read(reading, 2 * 4096)  # for which there is room again
                handler.handle(logging.LogRecord("trailwarden", logging.INFO, "", 0, "said", None, None))
                loop.call_soon_threadsafe(interrupted.set)

        async def has_room(pipe: int) -> bool:
            interrupt()
            return await really_has_room(pipe)

        def selected(*given: Any) -> Any:
            interrupt()
            return really_selected(*given)

        really_has_room, really_selected = stdout._has_room, select.select
        monkeypatch.setattr(stdout, "_has_room", has_room)
        monkeypatch.setattr(select, "select", selected)
        monkeypatch.setattr(sys, "stderr", log)
        sink = StdoutSink(StdoutSettings(kind="stdout", name="s"), writing)
        await sink.open()

        def rest() -> bytes:
            read = b""
            while not read.endswith(many[-1].document + b"\n"):
                read += os.read(reading, 1 << 20)
            return read

        sending = asyncio.create_task(sink.send_many([(one, 1) for one in many]))
        await interrupted.wait()
        outcomes, behind = await asyncio.gather(sending, asyncio.to_thread(rest))
        await sink.close()
    os.close(reading)
    os.close(writing)
    lines = (got + behind).split(b"\n")
    documents = [one.document for one in many]
    assert {outcome.verdict for outcome in outcomes} == {Verdict.DELIVERED}
    assert [line for line in lines if line in documents] == documents
    assert sum(b"said" in line for line in lines) == 1


def test_the_settings_can_be_had_where_files_have_no_fcntl(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows a configuration can be looked at."""
    for name in ("fcntl", "termios"):
        monkeypatch.setitem(sys.modules, name, None)
    spec = spec_from_file_location("stdout_elsewhere", stdout.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    assert module.StdoutSettings(kind="stdout", name="s").name == "s"
