"""What comes out of the inspection of a batch, for who commits and counts it.

Keeps: no event is in it any more. Events are given up in the worker thread that has made them, while the processor has them at
hand, and not in the loop.

Next: `trailwarden.pipeline.inspector`, which makes these; `trailwarden.pipeline.ingest`, which commits them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from trailwarden.decode import Rejected
from trailwarden.detection import Inspection, Rule
from trailwarden.model import Batch
from trailwarden.store import Commit


class Selected(NamedTuple):
    """The rules that selected an event, without the event."""

    rules: Sequence[Rule]


class Counted(NamedTuple):
    """As much of an inspection as is counted once it is committed. See `Inspection`."""

    seen: int
    matches: Sequence[Selected]
    unmatched: int
    rejected: Sequence[Rejected]
    labels: Mapping[str, int]
    content_size: int
    whole: bool


class Inspected(NamedTuple):
    """A batch that was inspected, and what it gave rise to."""

    batch: Batch
    inspection: Inspection | Counted
    commit: Commit


class Failed(NamedTuple):
    """A batch that could not be inspected, and why. bug: ours, not the input's or the world's."""

    batch: Batch
    why: str
    bug: bool


def counted(inspection: Inspection) -> Inspection | Counted:
    """What is counted of it; where nothing matched that is the inspection itself."""
    if not inspection.matches:
        return inspection
    return Counted(
        seen=inspection.seen,
        matches=tuple([Selected(match.rules) for match in inspection.matches]),
        unmatched=inspection.unmatched,
        rejected=inspection.rejected,
        labels=inspection.labels,
        content_size=inspection.content_size,
        whole=inspection.whole,
    )
