"""Where alerts go: one file a sink, one contract for all.

Read `base` for the contract, `routing` for what all settings share, `registry` for the kinds.
"""

from trailwarden.sinks.base import DELIVERED, Attempt, Outcome, Sink, TakesMany, Verdict
from trailwarden.sinks.registry import SinkSettings, build_sink
from trailwarden.sinks.routing import RoutingSettings, wants
from trailwarden.sinks.stdout import StdoutSettings, StdoutSink
from trailwarden.sinks.webhook_settings import WebhookSettings

__all__ = [
    "DELIVERED",
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
