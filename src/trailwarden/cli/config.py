"""`trailwarden config`: can this configuration work, and what does it come to?"""

from __future__ import annotations

from typing import Annotated

import typer

from trailwarden.cli.configured import ConfigOption
from trailwarden.cli.output import Format, print_json, so_many, write

app = typer.Typer(no_args_is_help=True, help="Check and show the configuration.")


@app.command()
def check(config: ConfigOption) -> None:
    """Read the configuration and the rules; exit code 2 with a line per mistake.

    Example: trailwarden config check --config trailwarden.yaml
    """
    from trailwarden.detection import load_ruleset
    from trailwarden.settings import load_settings

    settings = load_settings(config)
    rules = load_ruleset(settings.rules.packs, settings.rules.files)
    parts = ((settings.sources, "source"), (rules, "rule"), (settings.sinks, "sink"))
    typer.echo(f"{config}: {', '.join(so_many(len(part), noun) for part, noun in parts)}: can be used")


@app.command()
def show(
    config: ConfigOption,
    output: Annotated[Format, typer.Option("--format", help="YAML for people, or json.")] = Format.TABLE,
) -> None:
    """Print the whole configuration with its defaults; secrets are masked.

    Example: trailwarden config show --config trailwarden.yaml
    """
    from trailwarden.settings import load_settings, shown

    visible = shown(load_settings(config))
    if output is Format.JSON:
        print_json(visible)
        return
    import yaml

    write(yaml.safe_dump(visible, sort_keys=False, allow_unicode=True).encode())


@app.command()
def schema() -> None:
    """Print the JSON Schema of the configuration, for editors.

    Example: trailwarden config schema > trailwarden.schema.json
    """
    from trailwarden.settings import Settings

    print_json(Settings.model_json_schema())
