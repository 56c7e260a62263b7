"""`trailwarden verify`: would the feed show a VPC change?"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from trailwarden.cli.configured import ConfigOption
from trailwarden.cli.exit_codes import Exit


class VerifyFormat(StrEnum):
    """`--format` of `verify`."""

    TABLE = "table"
    JSON = "json"
    OCSF = "ocsf"


def verify(
    config: ConfigOption,
    output: Annotated[
        VerifyFormat,
        typer.Option(
            "--format", help="For people; the document of /coverage; or OCSF Compliance Findings, as a list."
        ),
    ] = VerifyFormat.TABLE,
) -> None:
    """Verify once that the trails behind the feed would show a VPC change, and that they feed it.

    Asks AWS, and takes from the store what a running service recorded of the feed and of its sinks. Exit code 0 for
    verified, 1 for a gap, 3 for unknown.

    Example: trailwarden verify --config trailwarden.yaml --format json
    """
    import asyncio

    from trailwarden.app.verification import verified_once
    from trailwarden.cli.output import print_json
    from trailwarden.cli.verify_format import as_ocsf, as_shown, print_report
    from trailwarden.coverage.conditions import State
    from trailwarden.model import SystemClock
    from trailwarden.settings import load_settings
    from trailwarden.telemetry import setup_logging

    settings = load_settings(config)
    setup_logging("console", "warning")
    report = asyncio.run(verified_once(settings, SystemClock()))
    if output is VerifyFormat.TABLE:
        print_report(report)
    else:
        print_json(as_shown(report) if output is VerifyFormat.JSON else as_ocsf(report))
    codes = {State.VERIFIED: Exit.GOOD, State.GAP: Exit.BAD, State.UNKNOWN: Exit.UNKNOWN}
    raise typer.Exit(codes[report.state])
