"""Every kind of sink: where its settings are and how it is made. A new sink is a file of its own, a line in SINK_MODELS and in
`any_kind`, and a case in `build_sink`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from trailwarden.model import Clock
from trailwarden.sinks.base import Sink

if TYPE_CHECKING:
    from trailwarden.sinks.any_kind import SinkSettings

SINK_MODELS: Final[Mapping[str, str]] = {
    "stdout": "trailwarden.sinks.stdout:StdoutSettings",
    "webhook": "trailwarden.sinks.webhook_settings:WebhookSettings",
}
"""Kind to the model of its settings, which is loaded when it is named."""


def build_sink(settings: SinkSettings, clock: Clock) -> Sink:
    """The sink that the settings describe, not yet open. Raises ConfigError."""
    if settings.kind == "stdout":
        from trailwarden.sinks.stdout import StdoutSink  # noqa: PLC0415 - as its settings: by who names it

        return StdoutSink(settings)
    from trailwarden.sinks.webhook import WebhookSink  # noqa: PLC0415 - loads an HTTP client

    return WebhookSink(settings, clock)
