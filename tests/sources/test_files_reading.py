"""Looking at and reading many files in one call gives what doing it one by one gives, or nothing."""

from __future__ import annotations

import os
import random
import socket
from pathlib import Path

import pytest

from tests.sources.test_files_batch import batch
from trailwarden.sources.files_batch import FileBatch
from trailwarden.sources.files_reading import COMPILED, contents, statuses

pytestmark = pytest.mark.skipif(not COMPILED, reason="needs a C compiler at installation")


def version(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def read(path: Path, size: int, mtime_ns: int) -> bytes | None:
    (content,) = contents([(str(path), (size, mtime_ns))])
    return content


def test_many_files_side_by_side(tmp_path: Path) -> None:
    chance = random.Random(1)
    files = []
    for number in range(300):
        file = tmp_path / f"{number}"
        file.write_bytes(chance.randbytes(chance.choice([0, 1, 10, 5000, 70_000])))
        files.append(file)
    paths = [str(file) for file in files]
    seen = statuses([*paths, str(tmp_path), str(tmp_path / "none")])
    for file, status in zip([*files, tmp_path], seen, strict=False):
        about = file.stat()
        assert status == (about.st_mode, about.st_size, about.st_mtime_ns)
    assert seen[-1] is None
    found = contents([(path, version(file)) for path, file in zip(paths, files, strict=True)])
    assert found == [file.read_bytes() for file in files]


def test_a_file_of_another_version_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"12345")
    size, mtime_ns = version(file)
    assert read(file, size, mtime_ns) == b"12345"
    assert read(file, size - 1, mtime_ns) is None
    assert read(file, size + 1, mtime_ns) is None
    assert read(file, size, mtime_ns + 1) is None


def test_what_is_no_regular_file_is_not_read(tmp_path: Path) -> None:
    folder, pipe, lost, closed = (tmp_path / name for name in ("folder", "pipe", "lost", "closed"))
    folder.mkdir()
    os.mkfifo(pipe)
    lost.symlink_to(tmp_path / "nowhere")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(closed))
        for place in (folder, pipe, closed):
            assert read(place, *version(place)) is None
    assert read(lost, 0, 0) is None
    assert statuses([str(lost)]) == [None]


def test_a_link_is_followed_and_a_name_need_not_be_text(tmp_path: Path) -> None:
    file = os.fsencode(tmp_path) + b"/\xff\xfe"
    with open(file, "wb") as opened:
        opened.write(b"x")
    name = os.fsdecode(file)
    os.symlink(file, tmp_path / "link")
    assert read(Path(name), *version(Path(name))) == b"x"
    assert read(tmp_path / "link", *version(Path(name))) == b"x"
    assert statuses([name]) == statuses([str(tmp_path / "link")]) != [None]


def test_a_time_that_64_bits_do_not_hold_is_left_to_python(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x")
    os.utime(file, ns=(2**63 + 5, 2**63 + 5))  # the year 2262
    if file.stat().st_mtime_ns < 2**63:
        pytest.skip("this file system has no such times")
    assert statuses([str(file)]) == [None]
    assert read(file, *version(file)) is None
    assert read(file, 1, version(file)[1] - 2**64) is None
    one = batch(file)
    FileBatch.load_ahead([one])
    assert one.load() == b"x"


@pytest.mark.parametrize("mtime_ns", [2**70, -(2**70), 2**63, -(2**63) - 1])
def test_a_version_that_no_file_has_is_not_read(tmp_path: Path, mtime_ns: int) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"x")
    assert read(file, 1, mtime_ns) is None


def test_what_says_no_size_is_not_taken_for_empty() -> None:
    assert read(Path("/proc/self/status"), *version(Path("/proc/self/status"))) is None


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((["x"], ((1, 1),)), TypeError),
        (((1,), ((1, 1),)), TypeError),
        ((("x\0",), ((1, 1),)), ValueError),
        ((("x",), ()), ValueError),
        ((("x",), (1,)), TypeError),
        ((("x",), ((-1, 1),)), ValueError),
        ((("x",), ((2**70, 1),)), OverflowError),
        ((("x",), ((1, "1"),)), TypeError),
        ((("x",), ((2**62, 1),)), MemoryError),
        ((("x",) * 4097, ((1, 1),) * 4097), ValueError),
    ],
)
def test_arguments_out_of_range_are_refused(arguments: tuple[object, ...], error: type[Exception]) -> None:
    from trailwarden.sources import _files

    with pytest.raises(error):
        _files.contents(*arguments)  # type: ignore[arg-type]
