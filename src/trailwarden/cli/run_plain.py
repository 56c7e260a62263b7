"""The command line of a plain `run`, read without typer, which would be a tenth of a second of each start.

Keeps: what is read here is what typer would have read from the same arguments; a test holds the two against each other. Whatever
is not plainly `run --config FILE`, with or without `--once`, is left to typer, which knows how to say it.

Next: `trailwarden.cli.run` for the options as typer shows them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Asked(NamedTuple):
    """A run."""

    config: Path
    once: bool


def plainly(arguments: Sequence[str]) -> Asked | None:
    """arguments: without the program's name. None: not plainly a run."""
    if not arguments or arguments[0] != "run":
        return None
    config, once = "", False
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "--once":
            once = True
        elif argument in ("--config", "-c"):
            config = next(rest, "")
        elif argument.startswith("--config="):
            config = argument.removeprefix("--config=")
        else:
            return None
        if argument != "--once" and (not config or config.startswith("-")):
            return None
    return Asked(Path(config), once) if config else None


def run_service(asked: Asked) -> int:
    """Until it ends; returns the exit code."""
    import trailwarden.model.pydantic_alone  # before pydantic
    import trailwarden.telemetry  # noqa: F401 - before all that logs: see its structlog_alone
    from trailwarden.app.service import serve
    from trailwarden.settings import load_settings

    return serve(load_settings(asked.config), once=asked.once)
