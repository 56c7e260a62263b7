from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sources.spools import NOW, Rig, age
from trailwarden.sources.files_spool import FULL_EVERY, Selection

HOUR = timedelta(hours=1)


def test_a_file_that_grows_is_found_when_it_has_rested(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    file = tmp_path / "a.json"
    file.write_bytes(b'{"Records":[')
    for _ in range(3):
        assert rig.names() == []
        rig.clock.turn(timedelta(seconds=1.5))
        with file.open("ab") as half:
            half.write(b"{}")
    assert rig.names() == []
    rig.clock.turn(timedelta(seconds=2))
    assert [found.version.size for found in rig.found()] == [file.stat().st_size]


def test_a_file_of_the_same_size_but_another_time_has_not_rested(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    file = tmp_path / "a.json"
    file.write_bytes(b"12345")
    rig.rest()
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    assert rig.names() == []
    rig.clock.turn(timedelta(seconds=2))
    assert rig.names() == ["a.json"]


def test_a_file_is_found_once_and_again_when_it_grew(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NOW)
    (tmp_path / "a.jsonl").write_bytes(b"{}\n")
    (found,) = rig.found()
    assert rig.names() == []
    rig.answer(found)
    assert rig.names() == []
    with (tmp_path / "a.jsonl").open("ab") as more:
        more.write(b"{}\n")
    assert rig.done() == ["a.jsonl"]
    assert rig.names() == []


def test_a_file_that_grew_while_it_was_in_flight_is_found_again(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NOW)
    (tmp_path / "a.jsonl").write_bytes(b"{}\n")
    (found,) = rig.found()
    (tmp_path / "a.jsonl").write_bytes(b"{}\n{}\n")
    assert rig.names() == []
    rig.answer(found)
    assert rig.names() == ["a.jsonl"]


def test_a_file_renamed_into_place_is_found_under_its_final_name_only(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NOW)
    part = tmp_path / "a.json.tmp"
    part.write_bytes(b"{}")
    assert rig.names() == []
    part.rename(tmp_path / "a.json")
    assert rig.done() == ["a.json"]
    part.write_bytes(b"{} ")
    os.replace(part, tmp_path / "a.json")
    assert rig.done() == ["a.json"]


def test_the_order_is_by_name_and_depth_first(tmp_path: Path) -> None:
    for name in ("b/2.json", "b/1.json", "a/z/9.json", "c.json", "a.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    assert Rig(tmp_path, NOW).names() == ["a.json", "c.json", "a/z/9.json", "b/1.json", "b/2.json"]
    assert Rig(tmp_path, NOW, Selection(False, ("*",), ())).names() == ["a.json", "c.json"]


def test_hidden_and_unwanted_names_are_passed_over_folders_too(tmp_path: Path) -> None:
    for name in ("a.json", ".b.json", "c.tmp", ".git/d.json", "sub/e.json", "sub/f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"{}")
    assert Rig(tmp_path, NOW, Selection(True, ("*.json",), (".*", "*.tmp"))).names() == [
        "a.json",
        "sub/e.json",
    ]
    assert ".git/d.json" in Rig(tmp_path, NOW, Selection(True, ("*",), ())).names()


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    spool = tmp_path / "spool"
    for folder in (outside, spool / "sub"):
        folder.mkdir(parents=True)
    (outside / "x.json").write_bytes(b"{}")
    (spool / "file-link.json").symlink_to(outside / "x.json")
    (spool / "folder-link").symlink_to(outside)
    (spool / "sub" / "up").symlink_to(spool)
    (spool / "sub" / "self").symlink_to(spool / "sub")
    (spool / "sub" / "dangling.json").symlink_to(outside / "nowhere")
    rig = Rig(spool, NOW)
    assert rig.names() == ["file-link.json", "folder-link/x.json"]
    assert rig.problems.lines() == []


def test_pipes_and_sockets_are_ignored(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.json"))
        assert Rig(tmp_path, NOW).names() == []


@pytest.mark.parametrize("name", [b"\xff\xfe.json", b"new\nline.json", b" .json", b"-rf", "ü.json".encode()])
def test_odd_names_are_found_and_remembered(tmp_path: Path, name: bytes) -> None:
    (tmp_path / os.fsdecode(name)).write_bytes(b"{}")
    rig = Rig(tmp_path, NOW)
    assert rig.done() == [os.fsdecode(name)]
    assert rig.names() == []


def test_the_root_may_be_a_file_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / ".a.tmp").write_bytes(b"{}")
    (tmp_path / "b").write_bytes(b"{}")
    rig = Rig(tmp_path / ".a.tmp", NOW)
    assert len(rig.done()) == 1
    assert rig.names() == []


def test_a_quiet_directory_costs_one_look(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NOW)
    for number in range(200):
        (tmp_path / f"{number}.json").write_bytes(b"{}")
        age(tmp_path / f"{number}.json", rig, HOUR)
    age(tmp_path, rig, HOUR)
    assert len(rig.done()) == 200
    rig.looks = 0
    assert rig.names() == []
    assert rig.looks == 1
    rig.clock.turn(FULL_EVERY)
    assert rig.names() == []
    assert rig.looks == 202


def test_a_new_file_costs_no_look_at_the_old_ones(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NOW)
    for number in range(200):
        (tmp_path / f"{number}.json").write_bytes(b"{}")
        age(tmp_path / f"{number}.json", rig, HOUR)
    rig.done()
    (tmp_path / "new.json").write_bytes(b"{}")
    rig.looks = 0
    assert rig.names() == ["new.json"]
    assert rig.looks == 2


def test_a_file_that_came_in_the_same_instant_as_the_listing_is_found(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NOW)
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(b"{}")
        age(tmp_path, rig, NOW)
        assert rig.done() == [name]


def test_an_old_file_that_grows_again_is_found_by_the_full_pass(tmp_path: Path) -> None:
    rig = Rig(tmp_path, NOW)
    (tmp_path / "a.jsonl").write_bytes(b"{}\n")
    age(tmp_path / "a.jsonl", rig, HOUR)
    age(tmp_path, rig, HOUR)
    assert rig.done() == ["a.jsonl"]
    (tmp_path / "a.jsonl").write_bytes(b"{}\n{}\n")
    rig.clock.turn(FULL_EVERY)
    assert rig.done() == ["a.jsonl"]


def test_a_pass_is_taken_in_slices_and_loses_nothing(tmp_path: Path) -> None:
    for number in range(25):
        (tmp_path / f"{number:02}.json").write_bytes(b"{}")
    rig = Rig(tmp_path, NOW)
    rig.spool.begin()
    sizes = []
    names: list[str] = []
    while rig.spool.passing:
        found = rig.spool.take(10, [])
        sizes.append(len(found))
        names += [os.path.basename(one.path) for one in found]
        for one in found:
            rig.answer(one)
    assert sizes == [10, 10, 5]
    assert names == [f"{number:02}.json" for number in range(25)]
