"""Which sinks want an alert, from the sinks' settings."""

from __future__ import annotations

from collections.abc import Sequence

from trailwarden.model import Alert
from trailwarden.pipeline.assemble import Router
from trailwarden.sinks import SinkSettings, wants


def router(sinks: Sequence[SinkSettings]) -> Router:
    """A function from an alert to the names of the sinks that want it, in the order of the configuration."""

    def route(alert: Alert) -> tuple[str, ...]:
        return tuple(sink.name for sink in sinks if wants(sink, alert))

    return route
