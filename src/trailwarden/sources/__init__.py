"""Where the bytes come from: a contract, and a source behind it for each kind.

Read `base.py`, then `files.py`; `registry.py` is the list of all of them.
"""

from trailwarden.sources.base import Given, Source, SourceState, SourceStatus
from trailwarden.sources.registry import SOURCES, SourceSettings, build_source

__all__ = ["SOURCES", "Given", "Source", "SourceSettings", "SourceState", "SourceStatus", "build_source"]
