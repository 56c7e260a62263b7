"""Whoever starts us may have closed standard input, output or error: nothing else gets their numbers."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.test_run_plain import configured

COMMAND = [str(Path(sys.executable).with_name("trailwarden"))]


def closed(which: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command, without some of the three."""
    shell = ["sh", "-c", f'exec "$@" {which}', "sh", *COMMAND, *arguments]
    return subprocess.run(shell, capture_output=True, check=False, text=True, timeout=60)


def counted(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "state.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (count,) = database.execute("SELECT count(*) FROM deliveries WHERE state = 'delivered'").fetchone()
        return int(count)


@pytest.mark.parametrize("which", ["<&-", "2>&-", "<&- 2>&-"])
def test_a_run_needs_neither_input_nor_error(tmp_path: Path, which: str) -> None:
    done = closed(which, "run", "--once", "--config", str(configured(tmp_path)))
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == counted(tmp_path) == 1


def test_alerts_for_a_standard_output_that_is_closed_are_not_written_elsewhere(tmp_path: Path) -> None:
    done = closed(">&-", "run", "--once", "--config", str(configured(tmp_path)))
    assert done.returncode == 2
    assert done.stderr == (
        "trailwarden: sink console: standard output is closed: open it, or remove the sink\n"
    )


def test_a_run_without_such_a_sink_needs_no_output(tmp_path: Path) -> None:
    config = configured(tmp_path)
    text = config.read_text().replace('[{"kind": "stdout", "name": "console"}]', "[]")
    config.write_text(text)
    assert closed("<&- >&- 2>&-", "run", "--once", "--config", str(config)).returncode == 0
    assert counted(tmp_path) == 0


@pytest.mark.parametrize("arguments", [("rules", "list"), ("scan", "nowhere"), ("--help",)])
def test_what_only_answers_says_that_it_cannot(arguments: tuple[str, ...]) -> None:
    done = closed(">&-", *arguments)
    assert (done.returncode, done.stderr) == (
        2,
        "trailwarden: standard output is closed, and there the answer goes: open it, or use /dev/null\n",
    )
    assert closed(">&- 2>&-", *arguments).returncode == 2
