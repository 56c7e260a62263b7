"""`trailwarden run`: the service."""

from __future__ import annotations

from typing import Annotated

import typer

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
    from trailwarden.app import serve
    from trailwarden.settings import load_settings

    raise typer.Exit(serve(load_settings(config), once=once))
