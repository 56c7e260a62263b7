"""Where the bytes come from: a contract, and a source behind it for each kind.

Read `base.py`, then `files.py`; `registry.py` is the list of all of them. The settings of any kind are given on demand.
"""

from typing import TYPE_CHECKING

from trailwarden.on_demand import on_demand
from trailwarden.sources.acknowledgement import AckPoint
from trailwarden.sources.base import Given, Source, SourceState, SourceStatus
from trailwarden.sources.registry import (
    SOURCE_MODELS,
    SOURCES,
    ack_point,
    build_source,
    in_runs,
    read_by_one,
)

if TYPE_CHECKING:
    from trailwarden.sources.any_kind import SourceSettings
else:
    __getattr__ = on_demand(__name__, {"any_kind": ("SourceSettings",)})

__all__ = [
    "SOURCES",
    "SOURCE_MODELS",
    "AckPoint",
    "Given",
    "Source",
    "SourceSettings",
    "SourceState",
    "SourceStatus",
    "ack_point",
    "build_source",
    "in_runs",
    "read_by_one",
]
