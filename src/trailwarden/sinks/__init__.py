"""Where alerts go: one file a sink, one contract for all.

Read `base` for the contract, `routing` for what all settings share, `registry` for the kinds. What belongs to one kind, and the
settings of any, are given on demand.
"""

from typing import TYPE_CHECKING

from trailwarden.on_demand import on_demand
from trailwarden.sinks.base import DELIVERED, Attempt, Outcome, Sink, TakesMany, Verdict
from trailwarden.sinks.registry import SINK_MODELS, build_sink
from trailwarden.sinks.routing import RoutingSettings, wants

if TYPE_CHECKING:
    from trailwarden.sinks.any_kind import SinkSettings
    from trailwarden.sinks.stdout import StdoutSettings, StdoutSink
    from trailwarden.sinks.webhook_settings import WebhookSettings
else:
    __getattr__ = on_demand(
        __name__,
        {
            "any_kind": ("SinkSettings",),
            "stdout": ("StdoutSettings", "StdoutSink"),
            "webhook_settings": ("WebhookSettings",),
        },
    )

__all__ = [
    "DELIVERED",
    "SINK_MODELS",
    "Attempt",
    "Outcome",
    "RoutingSettings",
    "Sink",
    "SinkSettings",
    "StdoutSettings",
    "StdoutSink",
    "TakesMany",
    "Verdict",
    "WebhookSettings",
    "build_sink",
    "wants",
]
