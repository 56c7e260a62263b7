"""How much work may be under way at once."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from trailwarden.model.units import Duration, Size


class PipelineSettings(BaseModel):
    """Limits of the ingest. The defaults keep the process well under 200 MB."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workers: int = Field(default=2, ge=1, le=64, description="Threads that decompress, search and parse.")
    group_batches: int = Field(
        default=512, ge=1, le=1000, description="Batches committed in one transaction at the most."
    )
    group_bytes: Size = Field(
        default=32 * 1024 * 1024,
        ge=1,
        description="Announced bytes of the batches of one transaction, at the most.",
    )
    group_alerts: int = Field(
        default=200,
        ge=1,
        description="A group is committed early once it gave rise to this many alerts.",
    )
    groups_in_flight: int = Field(
        default=4, ge=1, le=64, description="Groups that are inspected or committed at once."
    )
    held_batches: int = Field(
        default=1000,
        ge=1,
        le=100_000,
        description="Batches of a source with `ack: delivered` that wait for their delivery; then no more are read.",
    )
    drain_timeout: Duration = Field(
        default="20s", validate_default=True, description="How long a stop waits for work in flight."
    )
