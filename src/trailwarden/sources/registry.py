"""Which sources there are: a table, and the settings of any of them as one type.

To add one: its file with settings and class, a line in SOURCES and in SourceSettings, a row in the contract suite, a
section in the docs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from trailwarden.model import Clock
from trailwarden.sources.base import Source
from trailwarden.sources.files import FilesSettings, FilesSource

SourceSettings = FilesSettings
"""The settings of any source. With a second kind: a union, told apart by `kind` (pydantic takes no union of one)."""

SOURCES: Final[Mapping[str, Callable[[Any, Mapping[str, str], Clock], Source]]] = {
    FilesSource.kind: FilesSource,
}
"""Kind to source."""


def build_source(settings: SourceSettings, checkpoints: Mapping[str, str], clock: Clock) -> Source:
    """checkpoints: key -> value, as the store has them of the source of this name."""
    return SOURCES[settings.kind](settings, checkpoints, clock)
