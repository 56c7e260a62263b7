"""Batches to what they give rise to: load, inspect, assemble. The part of the ingest that runs in worker threads.

Keeps: a batch that fails does not touch its neighbours; nothing here changes anything outside.

Next: `trailwarden.pipeline.ingest`, which commits and acks what comes out of here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, TypeVar, TypeVarTuple

import structlog

from trailwarden.decode import Limits, Rejected
from trailwarden.detection import Inspection, Matcher, inspect, inspect_many
from trailwarden.detection.many import TOGETHER
from trailwarden.errors import SourceError, UnusableError
from trailwarden.model import Batch, Clock, Run
from trailwarden.model.payloads import size_of
from trailwarden.pipeline.assemble import Router, assemble, assemble_run
from trailwarden.pipeline.inspected import Failed, Inspected, counted
from trailwarden.pipeline.looks import Looks
from trailwarden.telemetry import Metrics

if TYPE_CHECKING:
    from trailwarden.detection import RunInspection

log = structlog.get_logger(__name__)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


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

    @staticmethod
    def prepare(*, runs: bool) -> None:
        """Load what the first match takes, and the first run: in the midst of the work an import holds up everybody."""
        for name in ("references", *(("places", "runs") if runs else ())):
            import_module(f"trailwarden.detection.{name}")

    def portion(self, batches: Sequence[Batch]) -> list[Inspected | Failed]:
        """As many of the batches, from the first on, as one transaction may hold; at least one. In a worker thread.

        Of alerts it may be more than one may hold, which `transactions` sees to.
        """
        found: list[_Found | Failed] = []
        size = alerts = 0
        while len(found) < len(batches) and (not found or alerts < self.group_alerts):
            together = self._together(batches, len(found), self.group_bytes - size)
            if not together:
                break
            for item in self._found(together):
                found.append(item)
                alerts += _alerts(item.inspection) if isinstance(item, _Found) else 0
            size += sum(batch.size_hint for batch in together)
        # All alerts at the end: each text that is inspected pushes what makes them out of the processor's caches.
        now = self.clock.now()
        found.reverse()
        done: list[Inspected | Failed] = []
        while found:  # what is dealt with is given up
            item = found.pop()
            done.append(
                item if isinstance(item, Failed) else _guarded(item.batch, self._assembled, item, now)
            )
        return done

    def transactions(self, done: Sequence[Inspected | Failed]) -> Iterator[Sequence[Inspected | Failed]]:
        """What came of a portion, in parts to be committed: what is inspected in one call may hold more alerts than one may."""
        start = alerts = 0
        for end, item in enumerate(done, 1):
            alerts += len(item.commit.alerts) if isinstance(item, Inspected) else 0
            if alerts >= self.group_alerts or end == len(done):
                yield done[start:end]
                start, alerts = end, 0

    def _together(self, batches: Sequence[Batch], start: int, room: int) -> Sequence[Batch]:
        """Those from `start` on that are inspected in one call: small ones while there is room; the first of all in any case."""
        size = 0
        for end in range(start, len(batches)):
            batch = batches[end]
            size += batch.size_hint
            if (size > room and end > 0) or (end > start and (size > TOGETHER or isinstance(batch, Run))):
                return batches[start:end]
            if isinstance(batch, Run):
                return batches[start : end + 1]
        return batches[start:]

    def _found(self, batches: Sequence[Batch]) -> list[_Found | Failed]:
        if isinstance(batches[0], Run):
            return [_guarded(batches[0], self._in_run, batches[0])]
        _read_ahead(batches)
        loaded = [_guarded(batch, _load, batch) for batch in batches]
        self._look_into([item for item in loaded if isinstance(item, _Loaded) and item.inspection is None])
        return [
            item if isinstance(item, Failed) else _guarded(item.batch, self._in_payload, item)
            for item in loaded
        ]

    def _look_into(self, loaded: Sequence[_Loaded]) -> None:
        """All in one call. Where a bug shows itself none has an inspection, and each by itself will tell whose it is."""
        if not loaded:
            return
        with self.metrics.decode_timer(), suppress(Exception):
            payloads = [item.payload for item in loaded]
            found = inspect_many(payloads, self.matcher, self.limits, digest=True)
            for item, inspection in zip(loaded, found, strict=True):
                item.inspection = inspection

    def _in_payload(self, item: _Loaded) -> _Found:
        inspection = item.inspection
        if inspection is None:
            inspection = inspect(item.payload, self.matcher, self.limits, digest=True)
        return _Found(item.batch, item.size, inspection)

    def _in_run(self, run: Run) -> _Found:
        from trailwarden.detection.places import places_of  # noqa: PLC0415 - splitting is loaded by sources that have runs
        from trailwarden.detection.runs import inspect_run  # noqa: PLC0415 - likewise

        with self.metrics.decode_timer():
            payloads = run.payloads()
            found = inspect_run(payloads, self.matcher, self.limits)
            look = self.looks.take(run.origin.source, found.total.seen, self.clock.now())
            places = places_of(payloads, self.limits, look) if look else frozenset()
        return _Found(run, size_of(payloads), found.total, found, places)

    def _assembled(self, item: _Found, now: datetime) -> Inspected:
        batch, size, inspection, in_run, places = item
        if in_run is not None and isinstance(batch, Run):
            commit = assemble_run(batch, size, in_run, self.route, now, self.payload_limit, places)
        else:
            commit = assemble(batch, size, inspection, self.route, now, self.payload_limit)
        return Inspected(batch, counted(inspection), commit)


class _Found(NamedTuple):
    """What an inspection has found, before alerts are made of it. size: bytes as they came; in_run, places: of a run."""

    batch: Batch
    size: int
    inspection: Inspection
    in_run: RunInspection | None = None
    places: Collection[tuple[str, str]] = ()


def _alerts(inspection: Inspection) -> int:
    return sum(len(match.rules) for match in inspection.matches) if inspection.matches else 0


@dataclass(slots=True)
class _Loaded:
    """size: bytes as they came, or as announced where they were never read. inspection: None as long as there is none."""

    batch: Batch
    size: int
    payload: bytes = b""
    inspection: Inspection | None = None


def _read_ahead(batches: Sequence[Batch]) -> None:
    """Where that fails, for want of memory or by a bug, each is loaded by itself and tells whose fault it is."""
    try:
        type(batches[0]).load_ahead(batches)
    except Exception:
        log.exception("load_ahead_failed", locator=batches[0].origin.locator)


def _load(batch: Batch) -> _Loaded:
    try:
        payload = batch.load()
    except UnusableError as fault:
        # Where the bytes were never read, the origin in the quarantine row tells where they are.
        rejected = Rejected(fault.payload, fault.reason, fault.detail, None)
        return _Loaded(
            batch, batch.size_hint, inspection=Inspection(seen=1, rejected=(rejected,), whole=True)
        )
    return _Loaded(batch, len(payload), payload)


def _guarded(batch: Batch, act: Callable[[*Ts], T], *arguments: *Ts) -> T | Failed:
    """What `act` gives; where it raises, why, for this batch alone."""
    try:
        return act(*arguments)
    except SourceError as fault:
        return Failed(batch, fault.detail, bug=False)
    except Exception as fault:
        log.exception("inspection_failed", locator=batch.origin.locator)
        return Failed(batch, f"{type(fault).__name__} while inspecting {batch.origin.locator}", bug=True)
