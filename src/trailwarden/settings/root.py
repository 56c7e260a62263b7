"""What a configuration has: its sections, and the root that holds them.

Keeps: the root is written once, for whatever kinds of sources and sinks it is made for: all of them (`whole`), or those that a
document names (`reading`).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from trailwarden.aws import AwsSettings
from trailwarden.decode import Limits
from trailwarden.health import HealthSettings
from trailwarden.model.units import Size
from trailwarden.pipeline.settings import PipelineSettings
from trailwarden.sources import AckPoint, ack_point
from trailwarden.store import StoreSettings

if TYPE_CHECKING:
    from trailwarden.coverage.settings import CoverageSettings
    from trailwarden.sinks import SinkSettings
    from trailwarden.sources import SourceSettings

SourceT = TypeVar("SourceT", bound="SourceSettings")
SinkT = TypeVar("SinkT", bound="SinkSettings")
CoverageT = TypeVar("CoverageT", bound="CoverageSettings")


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


class Root(BaseModel, Generic[SourceT, SinkT, CoverageT]):
    """The root, for some kinds of sources and sinks, with coverage or without."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", title="Trailwarden configuration", defer_build=True
    )

    sources: tuple[SourceT, ...] = Field(min_length=1, description="Where the events come from.")
    rules: RulesSettings = RulesSettings()
    sinks: tuple[SinkT, ...] = Field(default=(), description="Where the alerts go.")
    coverage: CoverageT | None = Field(default=None, description="The trails that are verified.")
    aws: AwsSettings = AwsSettings()
    store: StoreSettings = StoreSettings()
    pipeline: PipelineSettings = PipelineSettings()
    decode: DecodeSettings = DecodeSettings()
    http: HealthSettings = HealthSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
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
    def _acks_can_wait(self) -> Self:
        waiting = [source.name for source in self.sources if ack_point(source) is AckPoint.DELIVERED]
        if waiting and not any(sink.required for sink in self.sinks):
            raise ValueError(
                f"sources: {waiting[0]!r} waits with its acks for the required sinks, and there is none: "
                "add a sink, or `ack: committed`"
            )
        return self
