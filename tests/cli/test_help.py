"""Every command has help with an example."""

from __future__ import annotations

import pytest
import typer.main

from tests.docs.reference import every_command
from tests.running import Run
from trailwarden.cli.app import app

COMMANDS = dict(every_command(typer.main.get_command(app), "trailwarden"))


@pytest.mark.parametrize("path", COMMANDS)
def test_help_has_an_example(path: str, run: Run) -> None:
    result = run(*path.split()[1:], "--help")
    assert result.code == 0
    assert f"Example: {path}" in " ".join(result.out.split()), result.out


def test_version(run: Run) -> None:
    assert run("--version").out.startswith("trailwarden ")


def test_an_unknown_command(run: Run) -> None:
    result = run("scann")
    assert result.code == 2
    assert "scan" in result.err
