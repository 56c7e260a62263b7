"""Where the bytes come from: a contract, and a source behind it for each kind.

Read `base.py`, then `files.py`; `registry.py` is the list of all of them.
"""

from trailwarden.sources.acknowledgement import AckPoint
from trailwarden.sources.base import Given, Source, SourceState, SourceStatus
from trailwarden.sources.registry import (
    SOURCES,
    SourceSettings,
    ack_point,
    build_source,
    in_runs,
    read_by_one,
)

__all__ = [
    "SOURCES",
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
