"""From a file to the settings.

Keeps: the file is read once, and what stands in it is held against the models of the kinds that it names; a mistake is one
line, as good as if all kinds had been there.

Next: `root` for what a configuration has.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, cast

import yaml
from pydantic import ValidationError

from trailwarden.errors import ConfigError
from trailwarden.model.kinds import type_of_items
from trailwarden.settings.root import Root
from trailwarden.sinks import SINK_MODELS
from trailwarden.sources import SOURCE_MODELS

if TYPE_CHECKING:
    from trailwarden.settings.whole import Settings

MAX_CONFIG_BYTES: Final = 1024 * 1024
_VARIABLE = re.compile(r"\$(\$)?\{([A-Za-z_][A-Za-z0-9_]*)\}")


def load_settings(path: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check a configuration. Raises ConfigError with a line per mistake."""
    environment = os.environ if environment is None else environment
    document = _interpolated(_read(path), environment, path, ())
    try:
        return _narrowed(document).model_validate(document)
    except ValidationError:  # whatever is wrong is said by the whole, which knows what else there could be
        return _checked(document, path)


def _narrowed(document: Mapping[str, Any]) -> type[Settings]:
    """The root for the kinds that the document names: a third of the time that all of them take to load and to make."""
    source = type_of_items(document.get("sources"), SOURCE_MODELS)
    sink = type_of_items(document.get("sinks", []), SINK_MODELS)
    coverage: Any = NoneType
    if document.get("coverage") is not None:
        from trailwarden.coverage.settings import CoverageSettings as coverage  # noqa: N813, PLC0415 - where there is one
    if source is None or sink is None:
        from trailwarden.settings.whole import Settings  # noqa: PLC0415 - loads every kind

        return Settings
    return cast("type[Settings]", Root.__class_getitem__((source, sink, coverage)))


def _checked(document: Mapping[str, Any], path: Path) -> Settings:
    from trailwarden.model.validation import one_line_each  # noqa: PLC0415 - for mistakes alone
    from trailwarden.settings.whole import Settings  # noqa: PLC0415 - loads every kind

    try:
        return Settings.model_validate(document)
    except ValidationError as fault:
        raise ConfigError("\n".join(one_line_each(fault, Settings, str(path)))) from None


def shown(settings: Settings) -> dict[str, Any]:
    """Plain values for `config show`, secrets masked."""
    return settings.model_dump(mode="json")


def _read(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as fault:
        raise ConfigError(
            f"{path}: cannot be read: {fault.strerror}; name the configuration with --config"
        ) from fault
    if len(data) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_CONFIG_BYTES} bytes; this is not a configuration")
    try:
        document = yaml.safe_load(data)
    except yaml.YAMLError as fault:
        raise ConfigError(f"{path}: not YAML: {_place(fault)}") from fault
    if not isinstance(document, dict):
        raise ConfigError(
            f"{path}: must be a mapping with sources, rules, sinks, ...; it is empty or something else"
        )
    return document


def _place(fault: yaml.YAMLError) -> str:
    mark = getattr(fault, "problem_mark", None)
    problem = getattr(fault, "problem", None) or "unreadable"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}" if mark is not None else problem


def _interpolated(
    value: Any, environment: Mapping[str, str], path: Path, place: tuple[str | int, ...]
) -> Any:
    """`${NAME}` in any string becomes the variable's value; `$${NAME}` stays as `${NAME}`."""
    if isinstance(value, dict):
        return {key: _interpolated(inner, environment, path, (*place, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_interpolated(inner, environment, path, (*place, index)) for index, inner in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replaced(found: re.Match[str]) -> str:
        if found[1]:
            return found[0][1:]
        try:
            return environment[found[2]]
        except KeyError:
            where = ".".join(str(part) for part in place)
            raise ConfigError(
                f"{path}: {where}: the environment has no variable {found[2]}; set it"
            ) from None

    return _VARIABLE.sub(replaced, value)
