"""`trailwarden pattern`: check, test and explain a filter pattern."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import typer

from trailwarden.cli.exit_codes import Exit
from trailwarden.cli.output import Format, write
from trailwarden.errors import DecodeError, PatternError

if TYPE_CHECKING:
    from trailwarden.audit.controls import Control
    from trailwarden.audit.deployed import Deployed
    from trailwarden.audit.judgement import Judgement, Loss
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


@app.command()
def covers(
    patterns: Annotated[
        list[str],
        typer.Argument(metavar="PATTERN...", help="One pattern, or several filters that count together."),
    ],
    control: Annotated[
        str,
        typer.Option(
            "--control",
            metavar="NUMBER",
            help="4.14, 5.14 (from version 6.0 on), CloudWatch.14, or a key: vpc-changes.",
        ),
    ] = "4.14",
    output: Annotated[Format, typer.Option("--format", help="For people, or for programs.")] = Format.TABLE,
) -> None:
    """Tell whether patterns select every event of a monitoring control of CIS AWS Foundations, and what they lose.

    Decided by running them on sample events of every name in every shape, and not by their text. Exit code 0 for all,
    1 where events are lost, 3 where AWS leaves open whether they are.

    Example: trailwarden pattern covers --control 4.14 '{ $.eventName = "*Vpc*" }'
    """
    from trailwarden.audit.controls import chosen
    from trailwarden.audit.judgement import judge
    from trailwarden.cli.output import print_json

    (only, *others) = chosen([control])
    if others:
        raise typer.BadParameter("one control at a time", param_hint="--control")
    found = judge(only, [_deployed(text) for text in patterns])
    if output is Format.JSON:
        print_json(_judged(only, found))
    else:
        typer.echo(f"{only.name}: {'covered' if found.covers else 'not covered' if found.missed else 'open'}")
        typer.echo(found.sentence())
        for why in found.never:
            typer.echo(f"never matches: {why}")
    raise typer.Exit(Exit.GOOD if found.covers else Exit.BAD if found.missed else Exit.UNKNOWN)


def _deployed(text: str) -> Deployed:
    from trailwarden.audit.deployed import deployed, of_tree

    return of_tree(parsed(text), text) if text.lstrip().startswith("{") else deployed(text)


def _judged(control: Control, found: Judgement) -> dict[str, Any]:
    return {
        "control": {
            "key": control.key,
            "numbers": dict(control.numbers),
            "security_hub": control.security_hub or None,
        },
        "covers": found.covers,
        "tried": found.tried,
        "missed": [_loss(one) for one in found.missed],
        "open": [_loss(one) for one in found.open],
        "never": list(found.never),
    }


def _loss(loss: Loss) -> dict[str, Any]:
    return {
        "term": loss.term,
        "names": list(loss.names),
        "when": loss.when,
        "samples": loss.count,
        "example": loss.example.event,
    }


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
