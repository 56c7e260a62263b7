from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from tests.sources.spools import NOW, Rig, age, folder_of_a_user
from trailwarden.sources.files_batch import Result
from trailwarden.sources.files_ledger import Ledger
from trailwarden.sources.files_spool import FULL_EVERY

HOUR = timedelta(hours=1)


def test_a_link_to_itself_is_a_problem_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to(tmp_path / "a.json")
    (tmp_path / "b.json").write_bytes(b"{}")
    rig = Rig(tmp_path, NOW)
    assert rig.names() == ["b.json"]
    assert len(rig.problems.lines()) == 1
    assert "symbolic links" in rig.problems.lines()[0]


def test_a_failed_file_is_a_problem_until_it_is_done(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    rig = Rig(tmp_path, NOW)
    (found,) = rig.found()
    rig.answer(found, Result.FAILED, "a.json: denied")
    assert rig.problems.lines() == ["a.json: denied"]
    assert rig.names() == []
    rig.clock.turn(timedelta(seconds=1))
    assert rig.done() == ["a.json"]
    assert rig.problems.lines() == []


def test_a_failed_file_that_is_deleted_is_no_problem_any_more(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    rig = Rig(tmp_path, NOW)
    (found,) = rig.found()
    rig.answer(found, Result.FAILED, "a.json: denied")
    (tmp_path / "a.json").unlink()
    rig.clock.turn(timedelta(seconds=1))
    assert rig.names() == []
    assert rig.problems.lines() == []


def test_a_vanished_file_is_shown_until_the_next_full_pass(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    rig = Rig(tmp_path, NOW)
    (found,) = rig.found()
    (tmp_path / "a.json").unlink()
    rig.answer(found, Result.VANISHED, "a.json: vanished")
    assert rig.names() == []
    assert rig.problems.lines() == ["a.json: vanished"]
    rig.clock.turn(FULL_EVERY)
    assert rig.names() == []
    assert rig.problems.lines() == []


def test_a_file_that_never_rests_is_shown(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    for size in range(12):
        (tmp_path / "busy.log").write_bytes(b"x" * size)
        age(tmp_path / "busy.log", rig, NOW)
        assert rig.names() == []
        rig.clock.turn(timedelta(seconds=30))
    assert "busy.log: written to for more than" in rig.problems.lines()[0]
    assert rig.done() == ["busy.log"]
    assert rig.problems.lines() == []


def test_a_folder_without_permission_is_a_problem_and_the_rest_goes_on() -> None:
    with folder_of_a_user() as root:
        for name in ("closed/a.json", "open/b.json", "names-only/c.json"):
            (root / name).parent.mkdir()
            (root / name).write_bytes(b"{}")
        (root / "closed").chmod(0)
        (root / "names-only").chmod(0o400)
        rig = Rig(root, NOW)
        assert rig.done() == ["open/b.json"]
        closed, names_only = sorted(rig.problems.lines())
        assert closed.startswith(f"{root}/closed: Permission denied; give the user")
        assert names_only.startswith(f"{root}/names-only/c.json: Permission denied; give the user")
        (root / "closed").chmod(0o700)
        (root / "names-only").chmod(0o700)
        rig.clock.turn(timedelta(seconds=1))
        assert sorted(rig.done()) == ["closed/a.json", "names-only/c.json"]
        assert rig.problems.lines() == []


def test_a_folder_that_is_closed_for_a_while_does_not_make_its_files_new() -> None:
    with folder_of_a_user() as root:
        (root / "sub" / "inner").mkdir(parents=True)
        (root / "sub" / "inner" / "a.json").write_bytes(b"{}")
        rig = Rig(root, NOW)
        assert rig.done() == ["sub/inner/a.json"]
        for mode in (0, 0o700):
            (root / "sub").chmod(mode)
            rig.clock.turn(HOUR)
            assert rig.done() == []
            assert bool(rig.problems.lines()) is (mode == 0)


def test_a_removed_folder_is_no_problem_and_its_files_are_forgotten(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.json").write_bytes(b"{}")
    rig = Rig(tmp_path, NOW)
    assert rig.done() == ["sub/a.json"]
    (tmp_path / "sub" / "a.json").unlink()
    (tmp_path / "sub").rmdir()
    rig.clock.turn(HOUR)
    assert rig.names() == []
    assert rig.problems.lines() == []
    assert list(rig.ledger.names_done(str(tmp_path / "sub"))) == []


def test_a_root_that_is_missing_is_a_fault_until_it_is_there(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "spool", NOW)
    assert rig.names() == []
    assert isinstance(rig.spool.root_fault, FileNotFoundError)
    assert "No such file or directory" in rig.problems.lines()[0]
    (tmp_path / "spool").mkdir()
    (tmp_path / "spool" / "a.json").write_bytes(b"{}")
    assert rig.names() == ["a.json"]
    assert rig.spool.root_fault is None
    assert rig.problems.lines() == []


@pytest.mark.parametrize("year", [-9000, 20_000])
def test_a_folder_of_another_age_is_read_like_any_other(
    tmp_path: Path, year: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.json").write_bytes(b"{}")
    rig = Rig(tmp_path, NOW)
    look = rig.spool._look

    def from_another_age(path: str) -> os.stat_result:
        return _Aged(look(path), year) if path == str(tmp_path) else look(path)  # type: ignore[return-value]

    monkeypatch.setattr(rig.spool, "_look", from_another_age)
    assert rig.names() == ["a.json"]


class _Aged:
    """What a file system may say that knows more years than a datetime."""

    def __init__(self, status: os.stat_result, year: int) -> None:
        self._status = status
        self.st_mtime_ns = year * 31_556_952 * 10**9

    def __getattr__(self, name: str) -> object:
        return getattr(self._status, name)


def test_what_was_found_before_a_bug_is_handed_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(b"{}")
    rig = Rig(tmp_path, NOW)
    wanted = rig.ledger.is_wanted

    def breaks(path: str, *rest: object) -> bool:
        if path.endswith("b.json"):
            raise KeyError("ours")
        return wanted(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "is_wanted", lambda _ledger, path, *rest: breaks(path, *rest))
    assert rig.names() == ["a.json"]
    with pytest.raises(KeyError):
        rig.names()
