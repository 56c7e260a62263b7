"""Batches to what they give rise to: load, inspect, assemble. The part of the ingest that runs in worker threads.

Keeps: a batch that fails does not touch its neighbours; nothing here changes anything outside.

Next: `trailwarden.pipeline.ingest`, which commits and acks what comes out of here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from trailwarden.decode import Limits, Rejected
from trailwarden.detection import Inspection, Matcher, inspect
from trailwarden.errors import SourceError, UnusableError
from trailwarden.model import Batch, Clock, Run
from trailwarden.pipeline.assemble import Router, assemble, assemble_run
from trailwarden.pipeline.looks import Looks
from trailwarden.store import Commit
from trailwarden.telemetry import Metrics

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Inspected:
    """A batch that was inspected, and what it gave rise to."""

    batch: Batch
    inspection: Inspection
    commit: Commit


@dataclass(frozen=True, slots=True)
class Failed:
    """A batch that could not be inspected, and why. bug: ours, not the input's or the world's."""

    batch: Batch
    why: str
    bug: bool


@dataclass(frozen=True, slots=True)
class Inspector:
    """Thread-safe. payload_limit: bytes of a quarantined payload that are kept; group_bytes, group_alerts: of one transaction."""

    matcher: Matcher
    limits: Limits
    route: Router
    clock: Clock
    metrics: Metrics
    group_bytes: int
    group_alerts: int
    payload_limit: int
    looks: Looks = field(default_factory=Looks)

    def portion(self, batches: Sequence[Batch]) -> list[Inspected | Failed]:
        """As many of the batches, from the first on, as one transaction may hold; at least one. In a worker thread."""
        done: list[Inspected | Failed] = []
        size = alerts = 0
        for batch in batches:
            if done and (size + batch.size_hint > self.group_bytes or alerts >= self.group_alerts):
                break
            item = self._inspect(batch)
            done.append(item)
            size += batch.size_hint
            alerts += len(item.commit.alerts) if isinstance(item, Inspected) else 0
        return done

    def _inspect(self, batch: Batch) -> Inspected | Failed:
        try:
            return self._of_run(batch) if isinstance(batch, Run) else self._of_one(batch)
        except SourceError as fault:
            return Failed(batch, fault.detail, bug=False)
        except Exception as fault:
            log.exception("inspection_failed", locator=batch.origin.locator)
            return Failed(batch, f"{type(fault).__name__} while inspecting {batch.origin.locator}", bug=True)

    def _of_one(self, batch: Batch) -> Inspected:
        size, inspection = self._account_for(batch)
        commit = assemble(batch, size, inspection, self.route, self.clock.now(), self.payload_limit)
        return Inspected(batch, inspection, commit)

    def _of_run(self, run: Run) -> Inspected:
        from trailwarden.detection.places import places_of  # noqa: PLC0415 - splitting is loaded by sources that have runs
        from trailwarden.detection.runs import inspect_run  # noqa: PLC0415 - likewise

        with self.metrics.decode_timer():
            payloads = run.payloads()
            found = inspect_run(payloads, self.matcher, self.limits)
            look = self.looks.take(run.origin.source, found.total.seen, self.clock.now())
            places = places_of(payloads, self.limits, look) if look else frozenset()
        size = sum(len(payload) for payload in payloads if isinstance(payload, bytes))
        commit = assemble_run(run, size, found, self.route, self.clock.now(), self.payload_limit, places)
        return Inspected(run, found.total, commit)

    def _account_for(self, batch: Batch) -> tuple[int, Inspection]:
        try:
            payload = batch.load()
        except UnusableError as fault:
            # Where the bytes were never read, the origin in the quarantine row tells where they are.
            rejected = Rejected(fault.payload, fault.reason, fault.detail, None)
            return batch.size_hint, Inspection(seen=1, rejected=(rejected,), whole=True)
        with self.metrics.decode_timer():
            return len(payload), inspect(payload, self.matcher, self.limits, digest=True)
