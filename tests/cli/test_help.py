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


@pytest.mark.parametrize(
    ("compiled", "looks", "said"),
    [
        (False, False, "(without the compiled pass)"),
        (True, False, "(with the compiled pass, a payload at a time)"),
        (True, True, "(with the compiled pass)"),
    ],
)
def test_version_says_what_is_compiled(
    run: Run, monkeypatch: pytest.MonkeyPatch, compiled: bool, looks: bool, said: str
) -> None:
    monkeypatch.setattr("trailwarden.decode.COMPILED", compiled)
    monkeypatch.setattr("trailwarden.decode.payloads.can_look", lambda *, digest: looks and digest)
    assert said in run("--version").out


def test_an_unknown_command(run: Run) -> None:
    result = run("scann")
    assert result.code == 2
    assert "scan" in result.err
