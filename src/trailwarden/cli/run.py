"""`trailwarden run`: the service."""

from __future__ import annotations

from typing import Annotated

import typer

from trailwarden.cli import run_plain
from trailwarden.cli.configured import ConfigOption


def run(
    config: ConfigOption,
    once: Annotated[
        bool, typer.Option("--once", help="Read what is there, deliver it, and end; do not wait for more.")
    ] = False,
) -> None:
    """Run the service: read the sources, raise alerts, deliver them, show health.

    SIGTERM and Ctrl-C drain it within pipeline.drain_timeout; a second one ends it at once. With --once: exit code 3
    when alerts are left undelivered (they stay in the outbox), 4 when something went into quarantine or
    could not be read.

    Example: trailwarden run --config config/trailwarden.yaml
    """
    raise typer.Exit(run_plain.run_service(run_plain.Asked(config, once)))
