"""`trailwarden pattern`: check, test and explain a filter pattern."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from trailwarden.cli.exit_codes import Exit
from trailwarden.cli.output import write
from trailwarden.errors import DecodeError, PatternError

if TYPE_CHECKING:
    from trailwarden.patterns import Pattern

app = typer.Typer(no_args_is_help=True, help="Check, test and explain a CloudWatch Logs JSON filter pattern.")

PatternArgument = Annotated[
    str, typer.Argument(metavar="PATTERN", help="For example '{ $.eventName = DeleteVpc }'.")
]


def parsed(text: str) -> Pattern:
    """The tree; ends the command with the text, a caret and the reason when there is none."""
    from trailwarden.patterns import parse

    try:
        return parse(text)
    except PatternError as fault:
        typer.echo(fault.render(), err=True)
        raise typer.Exit(Exit.USAGE) from fault


@app.command()
def check(pattern: PatternArgument) -> None:
    """Print the canonical form of a pattern, or where it is wrong (exit code 2).

    Example: trailwarden pattern check '{$.eventName=DeleteVpc}'
    """
    from trailwarden.patterns import to_text

    typer.echo(to_text(parsed(pattern)))


@app.command()
def test(
    pattern: PatternArgument,
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="JSON Lines, one event a line; - is standard input.")
    ],
) -> None:
    """Print each line whose event the pattern selects. Exits like grep: 0 some, 1 none, 2 trouble.

    Example: trailwarden pattern test '{ $.errorCode = "Client.*" }' events.jsonl
    """
    from trailwarden.patterns import compile_predicate

    selects = compile_predicate(parsed(pattern))
    found = trouble = False
    with _opened(file) as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                event = _event(line)
            except DecodeError as fault:
                typer.echo(f"trailwarden: {file}:{number}: {fault.detail}", err=True)
                trouble = True
                continue
            if selects(event):
                found = True
                write(line if line.endswith(b"\n") else line + b"\n")
    if trouble:
        raise typer.Exit(Exit.USAGE)
    raise typer.Exit(Exit.GOOD if found else Exit.BAD)


@app.command()
def explain(pattern: PatternArgument) -> None:
    """Print the tree of a pattern, and what an event's bytes must contain for it to match.

    Example: trailwarden pattern explain '{ $.eventName = "*Vpc" && $.errorCode NOT EXISTS }'
    """
    from trailwarden.patterns import explain as explained
    from trailwarden.patterns import required_needles

    tree = parsed(pattern)
    typer.echo(explained(tree))
    needles = required_needles(tree)
    if needles is None:
        typer.echo("required: nothing; every event must be parsed")
        return
    typer.echo("required: at least one of")
    for needle in sorted(needles, key=str):
        typer.echo(f"  {needle.describe()}")


def _event(line: bytes) -> dict[str, object]:
    from trailwarden.decode import parse_event

    return parse_event(line.strip())


def _opened(file: str) -> BinaryIO:
    if file == "-":
        return sys.stdin.buffer
    try:
        return Path(file).open("rb")
    except OSError as fault:
        typer.echo(f"trailwarden: {file}: {fault.strerror}", err=True)
        raise typer.Exit(Exit.USAGE) from fault
