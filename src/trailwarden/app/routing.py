"""Which sinks want an alert, from the sinks' settings."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from trailwarden.model import Alert, Severity
from trailwarden.pipeline.assemble import Router
from trailwarden.sinks import wants

if TYPE_CHECKING:
    from trailwarden.sinks import SinkSettings


def router(sinks: Sequence[SinkSettings]) -> Router:
    """A function from an alert to the names of the sinks that want it, in the order of the configuration."""

    @lru_cache(maxsize=4096)
    def names(rule_id: str, severity: Severity) -> tuple[str, ...]:
        return tuple(sink.name for sink in sinks if wants(sink, rule_id, severity))

    def route(alert: Alert) -> tuple[str, ...]:
        return names(alert.rule_id, alert.severity)

    return route
