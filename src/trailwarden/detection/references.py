"""Where a rule comes from: the part of a rule that each of its alerts shows.

Keeps: apart from the models of a whole rule, which only a file of rules needs that is not plainly sound.

Next: `trailwarden.detection.rules`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Entries = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=500)], ...], Field(max_length=32)]
Techniques = Annotated[
    tuple[Annotated[str, Field(pattern=r"^T[0-9]{4}(?:\.[0-9]{3})?$")], ...], Field(max_length=32)
]


class References(BaseModel):
    """Where a rule comes from, so that a reader can look it up."""

    # Unknown keys are refused in a file of rules; in the alert, whose schema this is part of, keys may be added.
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"additionalProperties": True},
        json_schema_serialization_defaults_required=True,
    )

    cis: Entries = Field(
        default=(),
        description="Controls of the CIS AWS Foundations Benchmark, as `version: number`.",
    )
    security_hub: Entries = Field(default=(), description="Controls of AWS Security Hub.")
    cce: Entries = Field(default=(), description="Common Configuration Enumeration ids.")
    mitre_attack: Techniques = Field(default=(), description="Techniques of MITRE ATT&CK.")
    urls: Entries = Field(default=(), description="Further reading.")
