"""Writes the reference pages from the code: `python -m tests.docs.reference`. A test compares them with what is committed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import typer.main
from pydantic import TypeAdapter

from trailwarden.audit.document import AuditDocument
from trailwarden.cli.app import app
from trailwarden.detection.document import AlertDocument
from trailwarden.model.units import duration_text, size_text
from trailwarden.settings import Settings

DOCS = Path(__file__).resolve().parents[2] / "docs"

CONFIGURATION_HEAD = """\
# Configuration

One YAML file, read once at start. Any string may say `${NAME}` for an environment variable (`$${NAME}` for the text
itself). Durations are written `30s`, `5m`, `1h`, `2d`; sizes `64MiB`, `10kB` or a number of bytes. An unknown key is an
error that names the place and the nearest known key. Each secret has a twin ending in `_file`, which names a file that
holds it. Relative paths are relative to the directory in which the service is started.

`trailwarden config check --config FILE` says whether a configuration can work, `config show` prints it with all defaults and
without secrets, `config schema` prints its JSON Schema for editors.
"""

COMMANDS_HEAD = """\
# Commands

Exit codes, everywhere: 0 good; 1 the thing looked for is bad (a match with `--fail-on-match`, no line found); 2 the command
line or the configuration cannot be used; 3 it could not be decided or done (the store is away, alerts are left
undelivered); 4 part of the input could not be read or decoded. Output for programs: `--format json`.
"""


def configuration() -> str:
    """docs/configuration.md"""
    schema = Settings.model_json_schema()
    parts = [CONFIGURATION_HEAD]
    for name, field in schema["properties"].items():
        parts.append(f"\n## {name}\n")
        if "description" in field:
            parts.append(f"\n{field['description']}\n")
        parts.extend(_section(name, model, schema) for model in _models(field, schema))
    return "".join(parts)


def commands() -> str:
    """docs/commands.md"""
    parts = [COMMANDS_HEAD]
    for path, command in every_command(typer.main.get_command(app), "trailwarden"):
        parts.append(f"\n## {path}\n\n{_help(command)}\n")
        rows = [row for parameter in command.params if (row := _parameter(parameter))]
        if rows:
            parts.append("\n| option | meaning |\n| --- | --- |\n" + "".join(rows))
    return "".join(parts)


def alert_schema() -> dict[str, Any]:
    """docs/alert.schema.json"""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return head | AlertDocument.model_json_schema(mode="serialization")


def audit_schema() -> dict[str, Any]:
    """docs/audit.schema.json"""
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return head | AuditDocument.model_json_schema(mode="serialization")


PAGES = {"configuration.md": configuration, "commands.md": commands}
_WRITTEN: dict[str, Callable[[Any], Any]] = {
    "duration": lambda value: (
        duration_text(TypeAdapter(timedelta).validate_python(value)) if str(value).startswith("P") else value
    ),
    "size": size_text,
}
"""Defaults as people write them in the file."""


def _section(name: str, model: dict[str, Any], schema: dict[str, Any]) -> str:
    kind = model.get("properties", {}).get("kind", {}).get("const")
    head = f"\n### {name}: kind `{kind}`\n" if kind else ""
    if "description" in model:
        head += f"\n{model['description'].split(chr(10) * 2)[0].strip()}\n"
    rows = []
    for key, field in model.get("properties", {}).items():
        if key == "kind":
            continue
        rows.append(
            f"| `{key}` | {_type(field, schema)} | {_default(key, field, model)} | {_text(field)} |\n"
        )
        for inner in _models(field, schema):
            for inner_key, inner_field in inner.get("properties", {}).items():
                rows.append(
                    f"| `{key}.{inner_key}` | {_type(inner_field, schema)} | {_default(inner_key, inner_field, inner)} "
                    f"| {_text(inner_field)} |\n"
                )
    return f"{head}\n| key | type | default | meaning |\n| --- | --- | --- | --- |\n" + "".join(rows)


def _text(field: dict[str, Any]) -> str:
    return " ".join(str(field.get("description", "")).split()).replace("|", "\\|")


def _default(key: str, field: dict[str, Any], model: dict[str, Any]) -> str:
    if key in model.get("required", ()):
        return "required"
    default = field.get("default")
    if default is None:
        return "none"
    written = _WRITTEN.get(field.get("format", ""), lambda value: value)
    return f"`{written(default)}`"


def _type(field: dict[str, Any], schema: dict[str, Any]) -> str:
    if "$ref" in field:
        field = _resolved(field, schema)
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        kinds = dict.fromkeys(_type(one, schema) for one in field["anyOf"] if one.get("type") != "null")
        return " or ".join(kinds)
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}), schema)}"
    if field.get("type") == "object":
        return "mapping"
    return str(field.get("format") or field.get("type") or "")


def _resolved(field: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return dict(schema["$defs"][field["$ref"].rsplit("/", 1)[1]])


def _models(field: dict[str, Any], schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The models that a field holds: itself, the items of a list, the members of a union."""
    if "$ref" in field:
        resolved = _resolved(field, schema)
        if "properties" in resolved:
            yield resolved
    for one in (*field.get("anyOf", ()), *field.get("oneOf", ()), *field.get("allOf", ())):
        yield from _models(one, schema)
    if isinstance(field.get("items"), dict):
        yield from _models(field["items"], schema)


def every_command(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    children: dict[str, click.Command] = getattr(command, "commands", {})
    if children:
        for name, child in children.items():
            yield from every_command(child, f"{path} {name}")
    else:
        yield path, command


def _help(command: click.Command) -> str:
    return "\n".join(line.strip() for line in (command.help or "").strip().splitlines())


def _parameter(parameter: click.Parameter) -> str:
    if parameter.name == "help":
        return ""
    names = ", ".join((*parameter.opts, *parameter.secondary_opts))
    label = (
        names
        if parameter.param_type_name == "option"
        else str(getattr(parameter, "metavar", None) or parameter.name)
    )
    return f"| `{label.replace('|', ' or ')}` | {getattr(parameter, 'help', None) or ''} |\n"


def main() -> int:
    """Write the pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")
    (DOCS / "alert.schema.json").write_text(json.dumps(alert_schema(), indent=2) + "\n", encoding="utf-8")
    (DOCS / "audit.schema.json").write_text(json.dumps(audit_schema(), indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
