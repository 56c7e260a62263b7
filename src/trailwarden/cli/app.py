"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from trailwarden import __version__
from trailwarden.cli import audit, config, iam_policy, outbox, pattern, quarantine, rules, run, scan, verify

app = typer.Typer(
    name="trailwarden",
    help="Finds every VPC change in a CloudTrail feed, and tells whether the feed would have shown it one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"trailwarden {__version__} ({_way()})")
        raise typer.Exit


def _way() -> str:
    """What of the compiled parts is at work: without some of it everything is found all the same, slower."""
    from trailwarden.decode import COMPILED
    from trailwarden.decode.payloads import can_look

    if not COMPILED:
        return "without the compiled pass"
    return (
        "with the compiled pass" if can_look(digest=True) else "with the compiled pass, a payload at a time"
    )


@app.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Finds every VPC change in a CloudTrail feed, and tells whether the feed would have shown it one."""


app.command("run")(run.run)
app.command("scan")(scan.scan)
app.command("verify")(verify.verify)
app.command("audit")(audit.audit)
app.command("iam-policy")(iam_policy.iam_policy)
app.add_typer(pattern.app, name="pattern")
app.add_typer(rules.app, name="rules")
app.add_typer(config.app, name="config")
app.add_typer(outbox.app, name="outbox")
app.add_typer(quarantine.app, name="quarantine")
