"""The configuration with all kinds of sources and sinks: for type checkers, the JSON Schema, and to say what is wrong with it."""

from __future__ import annotations

from trailwarden.coverage.settings import CoverageSettings
from trailwarden.settings.root import Root
from trailwarden.sinks import SinkSettings
from trailwarden.sources import SourceSettings


class Settings(Root[SourceSettings, SinkSettings, CoverageSettings]):
    """The root."""
