"""Runs commands as the console script does, errors included."""

from __future__ import annotations

import gc
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trailwarden.cli import main

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Result:
    """What a command left."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output as one document."""
        return json.loads(self.out)


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    """`run("scan", path)`; `stdin=b"..."` gives it standard input."""

    def running(*arguments: str, stdin: bytes = b"") -> Result:
        threshold = gc.get_threshold()
        monkeypatch.setattr(gc, "freeze", lambda: None)
        monkeypatch.setattr(sys, "argv", ["trailwarden", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capfdbinary.readouterr()
        try:
            main(leave=sys.exit)
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0
        else:
            code = 0
        finally:
            # The command has a process to itself, and sets the collector as it needs it.
            gc.set_threshold(*threshold)
            gc.enable()
        sys.stdout.flush()
        captured = capfdbinary.readouterr()
        return Result(code, captured.out.decode(), captured.err.decode())

    return running
