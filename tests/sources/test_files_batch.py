from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sources.spools import TurnedClock
from trailwarden.errors import Reason, SourceError
from trailwarden.model import Checkpoint, Origin
from trailwarden.sources.files_batch import Answer, FileBatch, Found, Result, Version

LIMIT = 1024 * 1024


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.json"
    path.write_bytes(b'{"Records":[]}')
    return path


def batch(
    file: Path, answers: list[Answer] | None = None, strict: bool = False, limit: int = LIMIT
) -> FileBatch:
    found = Found(str(file), Version.of(file.stat()))
    origin = Origin("spool", "files", str(file))
    taken = answers if answers is not None else []
    return FileBatch(found, origin, TurnedClock().now(), limit, strict, taken.append)


def before_each_read(monkeypatch: pytest.MonkeyPatch, act: Callable[[int], None]) -> None:
    """act(number) runs before the content is read for the nth time."""
    real, count = os.read, 0

    def read(descriptor: int, size: int) -> bytes:
        nonlocal count
        count += 1
        act(count)
        return real(descriptor, size)

    monkeypatch.setattr(os, "read", read)


def fault_of(one: FileBatch) -> SourceError:
    with pytest.raises(SourceError) as caught:
        one.load()
    return caught.value


@pytest.mark.parametrize("size", [0, 1, LIMIT])
def test_the_content_is_what_is_there(file: Path, size: int) -> None:
    content = os.urandom(size)
    file.write_bytes(content)
    one = batch(file)
    assert one.checkpoint is None
    assert one.load() == content
    assert one.size_hint == size
    assert one.checkpoint == Checkpoint("spool", str(file), f"{size}:{file.stat().st_mtime_ns}")


def test_content_that_arrives_in_pieces_is_put_together(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = os.urandom(10_000)
    file.write_bytes(content)
    real = os.read
    monkeypatch.setattr(os, "read", lambda descriptor, size: real(descriptor, min(size, 777)))
    assert batch(file).load() == content


def test_a_file_that_grows_while_it_is_read_is_read_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def grow(number: int) -> None:
        if number == 1:
            file.write_bytes(b'{"Records":[{}]}')

    before_each_read(monkeypatch, grow)
    one = batch(file)
    assert one.load() == b'{"Records":[{}]}'
    assert one.checkpoint is not None
    assert one.checkpoint.value == Version.of(file.stat()).text


def test_a_file_that_changes_without_a_change_of_size_is_read_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def touch(number: int) -> None:
        if number == 1:
            os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))

    before_each_read(monkeypatch, touch)
    one = batch(file)
    one.load()
    assert one.checkpoint is not None
    assert one.checkpoint.value == Version.of(file.stat()).text


def test_a_file_that_gives_fewer_bytes_than_it_has_is_not_handed_over(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = {1: b'{"Records":'}
    count = 0

    def read(_descriptor: int, _size: int) -> bytes:
        nonlocal count
        count += 1
        return pieces.get(count, b"")

    monkeypatch.setattr(os, "read", read)
    assert fault_of(batch(file)).reason is Reason.UNREADABLE


async def test_a_file_that_does_not_stop_growing_is_not_read_half(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before_each_read(monkeypatch, lambda number: file.write_bytes(b"x" * 100 * number))
    answers: list[Answer] = []
    one = batch(file, answers)
    fault = fault_of(one)
    assert fault.reason is Reason.UNREADABLE
    assert "still being written" in fault.detail
    assert one.checkpoint is None
    await one.nack(fault.detail)
    assert answers[0].result is Result.CHANGED


async def test_a_later_version_than_the_one_that_rested_is_left_alone(file: Path) -> None:
    answers: list[Answer] = []
    one = batch(file, answers, strict=True)
    file.write_bytes(b'{"Records":[{')
    fault = fault_of(one)
    await one.nack(fault.detail)
    assert answers[0].result is Result.CHANGED


async def test_a_vanished_file(file: Path) -> None:
    answers: list[Answer] = []
    one = batch(file, answers)
    file.unlink()
    fault = fault_of(one)
    assert fault.reason is Reason.UNREADABLE
    assert fault.detail == f"{file}: vanished before it could be read"
    await one.nack(fault.detail)
    assert answers[0].result is Result.VANISHED


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "Permission denied; give the user that runs Trailwarden the right to read it"),
        (errno.EIO, "cannot be read: Input/output error; it is tried again by itself"),
        (errno.EMFILE, "cannot be read: Too many open files; it is tried again by itself"),
    ],
)
@pytest.mark.parametrize("call", ["open", "read"])
async def test_a_file_that_cannot_be_read(
    file: Path, monkeypatch: pytest.MonkeyPatch, call: str, number: int, said: str
) -> None:
    def refuse(*_arguments: object) -> int:
        raise OSError(number, os.strerror(number), str(file))

    answers: list[Answer] = []
    one = batch(file, answers)
    with monkeypatch.context() as patched:
        patched.setattr(os, call, refuse)
        fault = fault_of(one)
    assert (fault.reason, fault.detail) == (Reason.UNREADABLE, f"{file}: {said}")
    assert one.checkpoint is None
    await one.nack(fault.detail)
    assert answers == [Answer(str(file), Version.of(file.stat()), Result.FAILED, fault.detail)]


def test_a_file_over_the_limit_is_not_read_but_has_a_checkpoint(file: Path) -> None:
    one = batch(file, limit=13)
    fault = fault_of(one)
    assert fault.reason is Reason.TOO_LARGE
    assert fault.detail == f"{file}: 14 bytes, more than max_file_size (13); raise it or split the file"
    assert one.size_hint == 14
    assert one.checkpoint is not None
    assert batch(file, limit=14).load()


def test_a_pipe_in_the_place_of_the_file_does_not_hang(file: Path) -> None:
    one = batch(file)
    file.unlink()
    os.mkfifo(file)
    assert fault_of(one).detail == f"{file}: is not a regular file any more"


async def test_one_answer_counts_and_it_is_the_first(file: Path) -> None:
    answers: list[Answer] = []
    one = batch(file, answers)
    one.load()
    await one.ack()
    await one.ack()
    await one.nack("too late")
    assert [answer.result for answer in answers] == [Result.DONE]


async def test_the_reason_of_a_nack_names_the_file(file: Path) -> None:
    answers: list[Answer] = []
    await batch(file, answers).nack("was not dealt with")
    await batch(file, answers).nack(f"{file}: denied")
    assert [answer.why for answer in answers] == [f"{file}: was not dealt with", f"{file}: denied"]
