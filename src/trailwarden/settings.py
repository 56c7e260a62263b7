"""The whole configuration: one YAML file, parsed once into one frozen model.

Keeps: unknown keys are errors that name the key, the place and the nearest known key; a secret is never shown, neither
in an error nor by `config show`.

Next: `trailwarden.app`, the only reader of the root model.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from trailwarden.aws import AwsSettings
from trailwarden.coverage.settings import CoverageSettings
from trailwarden.decode import Limits
from trailwarden.errors import ConfigError
from trailwarden.health import HealthSettings
from trailwarden.model.units import Size
from trailwarden.model.validation import one_line_each
from trailwarden.pipeline.settings import PipelineSettings
from trailwarden.sinks import SinkSettings
from trailwarden.sources import AckPoint, SourceSettings, ack_point
from trailwarden.store import StoreSettings

MAX_CONFIG_BYTES: Final = 1024 * 1024
_VARIABLE = re.compile(r"\$(\$)?\{([A-Za-z_][A-Za-z0-9_]*)\}")


class RulesSettings(BaseModel):
    """Which rules are loaded."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    packs: tuple[str, ...] = Field(default=("cis-vpc",), description="Bundled packs.")
    files: tuple[Path, ...] = Field(default=(), description="Files of rules of your own.")

    @model_validator(mode="after")
    def _something_to_look_for(self) -> RulesSettings:
        if not self.packs and not self.files:
            raise ValueError("no packs and no files: nothing would be looked for")
        return self


class DecodeSettings(BaseModel):
    """Limits of what is decompressed and parsed; beyond them a payload goes into quarantine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_output: Size = Field(
        default=Limits().max_output_bytes, ge=1024, description="Bytes after decompression."
    )
    max_ratio: int = Field(default=Limits().max_ratio, ge=10, description="Bytes out per byte in.")

    def limits(self) -> Limits:
        """As the decoder takes them."""
        return Limits(max_output_bytes=self.max_output, max_ratio=self.max_ratio)


class LogSettings(BaseModel):
    """The service's own log, on standard error."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["json", "console"] = "json"
    level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseModel):
    """The root."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="Trailwarden configuration")

    sources: tuple[SourceSettings, ...] = Field(min_length=1, description="Where the events come from.")
    rules: RulesSettings = RulesSettings()
    sinks: tuple[SinkSettings, ...] = Field(default=(), description="Where the alerts go.")
    coverage: CoverageSettings | None = Field(default=None, description="The trails that are verified.")
    aws: AwsSettings = AwsSettings()
    store: StoreSettings = StoreSettings()
    pipeline: PipelineSettings = PipelineSettings()
    decode: DecodeSettings = DecodeSettings()
    http: HealthSettings = HealthSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Settings:
        for place, named in (("sources", self.sources), ("sinks", self.sinks)):
            names = [one.name for one in named]
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"{place}: two are named {name!r}; names tell them apart everywhere")
        tables = [table for one in self.sources if (table := getattr(one, "lease_table", None)) is not None]
        for table in tables:
            if tables.count(table) > 1:
                raise ValueError(
                    f"sources: two share the lease table {table!r}; give each a table of its own"
                )
        return self

    @model_validator(mode="after")
    def _acks_can_wait(self) -> Settings:
        waiting = [source.name for source in self.sources if ack_point(source) is AckPoint.DELIVERED]
        if waiting and not any(sink.required for sink in self.sinks):
            raise ValueError(
                f"sources: {waiting[0]!r} waits with its acks for the required sinks, and there is none: "
                "add a sink, or `ack: committed`"
            )
        return self


def load_settings(path: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """Read and check a configuration. Raises ConfigError with a line per mistake."""
    environment = os.environ if environment is None else environment
    document = _read(path)
    try:
        return Settings.model_validate(_interpolated(document, environment, path, ()))
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
