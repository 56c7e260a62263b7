"""The settings of a sink of any kind as one type, told apart by `kind`; loads all of them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from trailwarden.sinks.stdout import StdoutSettings
from trailwarden.sinks.webhook_settings import WebhookSettings

SinkSettings = Annotated[StdoutSettings | WebhookSettings, Field(discriminator="kind")]
