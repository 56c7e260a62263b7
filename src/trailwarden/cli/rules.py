"""`trailwarden rules`: what is looked for, and whether the rules' own examples hold."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trailwarden.cli.exit_codes import Exit
from trailwarden.cli.output import Format, print_json, print_table, so_many

if TYPE_CHECKING:
    from trailwarden.detection import Rule

app = typer.Typer(no_args_is_help=True, help="List, show and test detection rules.")

Packs = Annotated[
    list[str] | None, typer.Option("--pack", help="A bundled pack; may be repeated. Default: all of them.")
]
Files = Annotated[list[Path] | None, typer.Option("--rules", help="A file of rules; may be repeated.")]
FormatOption = Annotated[Format, typer.Option("--format", help="For people or for programs.")]


def _rules(packs: list[str] | None, files: list[Path] | None) -> tuple[Rule, ...]:
    from trailwarden.detection import PACKS, load_ruleset

    return load_ruleset(tuple(packs) if packs else (() if files else tuple(PACKS)), tuple(files or ()))


@app.command("list")
def list_rules(packs: Packs = None, files: Files = None, output: FormatOption = Format.TABLE) -> None:
    """List the rules of the packs and files.

    Example: trailwarden rules list --pack cis-vpc
    """
    rules = _rules(packs, files)
    if output is Format.JSON:
        print_json([_summary(rule) for rule in rules])
        return
    rows = ([rule.id, rule.severity.value, rule.pack, rule.title] for rule in rules)
    print_table(["rule", "severity", "pack", "title"], rows, "no rules")


@app.command()
def show(
    rule_id: Annotated[str, typer.Argument(metavar="RULE")],
    packs: Packs = None,
    files: Files = None,
    output: FormatOption = Format.TABLE,
) -> None:
    """Show one rule: pattern, references, examples.

    Example: trailwarden rules show cis-vpc-changes
    """
    for rule in _rules(packs, files):
        if rule.id == rule_id:
            detail = _summary(rule) | {
                "description": rule.description,
                "references": rule.references.model_dump(mode="json", exclude_defaults=True),
                "must_match": len(rule.must_match),
                "must_not_match": len(rule.must_not_match),
            }
            if output is Format.JSON:
                print_json(detail)
            else:
                for name, value in detail.items():
                    typer.echo(f"{name}:{_shown(value)}")
            return
    typer.echo(f"trailwarden: no rule {rule_id!r}; `trailwarden rules list` names them", err=True)
    raise typer.Exit(Exit.USAGE)


@app.command()
def test(packs: Packs = None, files: Files = None) -> None:
    """Load the rules; loading checks that every must_match example matches and no must_not_match does.

    Example: trailwarden rules test --rules my-rules.yaml
    """
    rules = _rules(packs, files)
    examples = sum(len(rule.must_match) + len(rule.must_not_match) for rule in rules)
    typer.echo(f"{so_many(len(rules), 'rule')}, {so_many(examples, 'example')}: all hold")


def _shown(value: object) -> str:
    """References line by line, everything else as it is."""
    if not isinstance(value, dict):
        return f" {value}"
    return "".join(f"\n  {name}: {', '.join(map(str, listed))}" for name, listed in value.items())


def _summary(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": rule.severity.value,
        "pack": rule.pack,
        "pattern": rule.pattern,
    }
