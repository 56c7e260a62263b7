"""What typer makes of a command line, for the commands that are also read without it."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import pytest
import typer.main

from trailwarden.cli.app import app

COMMAND = typer.main.get_command(app)


def by_typer(arguments: Sequence[str], patch: pytest.MonkeyPatch, module: ModuleType, act: str) -> Any:
    """What `act` of the module, which carries the request out, would be given; None where typer refuses, or shows help."""
    asked: list[Any] = []

    def note(request: Any) -> int:
        asked.append(request)
        return 0

    patch.setattr(module, act, note)
    with contextlib.suppress(SystemExit):
        COMMAND.main(list(arguments), prog_name="trailwarden", standalone_mode=True)
    return asked[0] if asked else None
