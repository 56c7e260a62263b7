"""Every kind of sink: its settings and how it is made. A new sink is a file of its own and a line here."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trailwarden.model import Clock
from trailwarden.sinks.base import Sink
from trailwarden.sinks.stdout import StdoutSettings, StdoutSink
from trailwarden.sinks.webhook_settings import WebhookSettings

SinkSettings = Annotated[StdoutSettings | WebhookSettings, Field(discriminator="kind")]
"""The settings of a sink of any kind."""


def build_sink(settings: StdoutSettings | WebhookSettings, clock: Clock) -> Sink:
    """The sink that the settings describe, not yet open. Raises ConfigError."""
    match settings:
        case StdoutSettings():
            return StdoutSink(settings)
        case WebhookSettings():
            from trailwarden.sinks.webhook import WebhookSink  # noqa: PLC0415 - loads an HTTP client

            return WebhookSink(settings, clock)
