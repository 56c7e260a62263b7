"""What health says of each part, from snapshots of them. Pure.

Keeps: fault is not absence: a part that could not be asked is a `fail` or a `warn` with the reason, never left out. What lies
outside of the process never touches liveness.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from trailwarden.health import Check, Status
from trailwarden.pipeline.acknowledgement import Acknowledger
from trailwarden.pipeline.delivery import SinkState, SinkStatus
from trailwarden.pipeline.ingest import IngestStatus
from trailwarden.sources import SourceState, SourceStatus
from trailwarden.store import SinkBacklog

UNREADY_AFTER: Final = timedelta(minutes=5)
"""A source that cannot be read for this long fails readiness; a shorter fault is a warning."""
MAX_AGE: Final = 30.0
"""Seconds after which a check that nobody renewed is stale."""
_SHOWN_PROBLEMS: Final = 3


def source_check(name: str, status: SourceStatus, now: datetime) -> Check:
    """A source: failing for long is `fail`; failing lately, or with units that it cannot read, is `warn`."""
    verdict, output = Status.PASS, ""
    if status.state is SourceState.FAILING:
        since = now - status.last_success if status.last_success is not None else None
        verdict = Status.FAIL if since is None or since > UNREADY_AFTER else Status.WARN
        output = status.detail or "cannot be read"
    elif status.problems:
        verdict = Status.WARN
        more = len(status.problems) - _SHOWN_PROBLEMS
        output = "; ".join(status.problems[:_SHOWN_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
    return Check(
        component="source", measurement=name, status=verdict, time=now, observed=status.state.value, output=output,
        affects_ready=True, max_age=MAX_AGE,
    )  # fmt: skip


def sink_check(name: str, status: SinkStatus, backlog: SinkBacklog | None, now: datetime) -> Check:
    """A sink: whatever it does is a `warn` at the most, since alerts are kept and intake need not stop."""
    pending = backlog.pending if backlog is not None else None
    dead = backlog.dead if backlog is not None else 0
    verdict, output = Status.PASS, ""
    if status.state is not SinkState.OK:
        verdict, output = Status.WARN, f"{status.failures} failures in a row; the last: {status.last_error}"
    elif dead:
        verdict, output = Status.WARN, f"{dead} dead letters; see `trailwarden outbox list --state dead`"
    return Check(
        component="sink", measurement=name, status=verdict, time=now, observed=pending, unit="alerts pending",
        output=output, max_age=MAX_AGE,
    )  # fmt: skip


def store_check(fault: str, now: datetime) -> Check:
    """The store: when it cannot be written, nothing can be acked, and the service is not ready."""
    return Check(
        component="store", measurement="writable", status=Status.FAIL if fault else Status.PASS, time=now,
        output=fault, affects_ready=True, max_age=MAX_AGE,
    )  # fmt: skip


def quarantine_check(count: int, now: datetime) -> Check:
    """Anything in quarantine asks for somebody to look."""
    output = f"{count} parts could not be decoded; see `trailwarden quarantine list`" if count else ""
    return Check(
        component="quarantine", measurement="rows", status=Status.WARN if count else Status.PASS, time=now,
        observed=count, unit="rows", output=output, max_age=MAX_AGE,
    )  # fmt: skip


def ack_check(name: str, acks: Acknowledger, now: datetime) -> Check:
    """Acks that wait for delivery: where so many are held that nothing more is read, the service is not ready."""
    verdict, output = Status.PASS, ""
    if acks.fault or acks.full:
        verdict = Status.FAIL
        output = acks.fault or (
            f"nothing more is read before the sinks have taken something: {acks.held} batches wait for it"
        )
    elif acks.dead:
        verdict = Status.WARN
        output = f"{acks.dead} batches are held by dead letters: `trailwarden outbox list --state dead`, then retry or discard"
    return Check(
        component="acks", measurement=name, status=verdict, time=now, observed=acks.held, unit="batches", output=output,
        affects_ready=True, max_age=MAX_AGE,
    )  # fmt: skip


def ingest_check(name: str, status: IngestStatus, now: datetime) -> Check:
    """A fault of the detection is a bug of ours: nothing may look well while it is there."""
    return Check(
        component="ingest", measurement=name, status=Status.FAIL if status.detector_fault else Status.PASS, time=now,
        observed=status.in_flight, unit="batches", output=status.detector_fault, affects_ready=True, max_age=MAX_AGE,
    )  # fmt: skip
