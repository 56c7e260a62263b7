"""A command that runs long must not keep what nobody refers to: the collector is off while modules are loaded, and no longer."""

from __future__ import annotations

import gc

import pytest

from tests.running import Run
from trailwarden.cli import app, scan_run


@pytest.fixture
def collecting(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether it was on when the command's own work began."""
    seen: list[bool] = []
    monkeypatch.setattr(app, "app", lambda: seen.append(gc.isenabled()))
    return seen


def test_it_is_on_for_what_typer_reads(run: Run, collecting: list[bool]) -> None:
    run("audit", "--help")
    assert collecting == [True]


def test_it_is_on_after_the_rules_of_a_scan_are_loaded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    monkeypatch.setattr(scan_run, "Totals", lambda: seen.append(gc.isenabled()) or Totals())
    run("scan", "sample")
    assert seen == [True]


Totals = scan_run.Totals
