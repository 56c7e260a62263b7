"""What health says of each part, from snapshots of them. Pure.

Keeps: fault is not absence: a part that could not be asked is a `fail` or a `warn` with the reason, never left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from trailwarden.health import Check, Status
from trailwarden.pipeline.delivery import SinkState, SinkStatus
from trailwarden.pipeline.ingest import IngestStatus
from trailwarden.sources import SourceState, SourceStatus
from trailwarden.store import StoreSummary

FAILING_IS_UNREADY_AFTER = timedelta(minutes=5)
"""A source that cannot be read for this long fails readiness; a shorter fault is a warning."""


def source_check(name: str, status: SourceStatus, ingest: IngestStatus, now: datetime) -> Check:
    """A source: failing for long is `fail`; failing lately, or with units that it cannot read, is `warn`."""
    since = now - status.last_success if status.last_success is not None else None
    verdict = Status.PASS
    output = "; ".join(status.problems[:3])
    if status.state is SourceState.FAILING:
        long = since is None or since > FAILING_IS_UNREADY_AFTER
        verdict, output = (Status.FAIL if long else Status.WARN), status.detail or "cannot be read"
    elif status.problems:
        verdict = Status.WARN
    return Check(
        component="source",
        measurement=name,
        status=verdict,
        observed=status.state.value,
        time=now,
        output=output or (f"{ingest.in_flight} batches in flight" if ingest.in_flight else ""),
        affects_ready=True,
    )
