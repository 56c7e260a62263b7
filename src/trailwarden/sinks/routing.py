"""Which alerts a sink wants, and how long and how hard it is tried: what the settings of every sink have in common."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field

from trailwarden.model import Severity
from trailwarden.model.units import Duration


class RoutingSettings(BaseModel):
    """The part of a sink's settings that the pipeline reads."""

    # Made when it is first asked, which this part alone never is, nor a sink's outside of a configuration.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    name: str = Field(
        min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.-]+$", description="Tells it apart everywhere."
    )
    min_severity: Severity = Field(
        default=Severity.INFORMATIONAL, description="Alerts below it are not for this sink."
    )
    rules: tuple[str, ...] = Field(
        default=("*",), min_length=1, description="Rule ids it wants; * and ? as in file names."
    )
    required: bool = Field(default=True, description="Whether coverage depends on it.")
    concurrency: int = Field(default=4, ge=1, le=64, description="Attempts under way at once.")
    max_age: Duration = Field(
        default=timedelta(days=3),
        gt=timedelta(0),
        description="An alert that was tried for longer than this becomes a dead letter.",
    )
    retry_base: Duration = Field(
        default=timedelta(seconds=1),
        gt=timedelta(0),
        description="First pause after a failed attempt, at the most.",
    )
    retry_cap: Duration = Field(
        default=timedelta(minutes=10), gt=timedelta(0), description="Longest pause between two attempts."
    )

    @property
    def longest_attempt(self) -> timedelta:
        """How long one attempt may take: a claim must outlive it."""
        return timedelta(seconds=15)


def wants(settings: RoutingSettings, rule_id: str, severity: Severity) -> bool:
    """Whether the alerts of a rule, of that severity, are for this sink."""
    if severity.rank < settings.min_severity.rank:
        return False
    return any(fnmatchcase(rule_id, glob) for glob in settings.rules)
