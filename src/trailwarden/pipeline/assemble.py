"""From what an inspection found to what the store commits. Pure.

Keeps: every match becomes an alert, every rejected part a quarantine row, every batch but a run an inventory row; nothing of
an inspection is left out.

Next: `trailwarden.pipeline.ingest`, which commits it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from trailwarden.decode import Rejected
from trailwarden.detection.alert import Arrival
from trailwarden.model import Alert, Batch, Origin, Run
from trailwarden.store import Commit, Quarantined, Received, RoutedAlert

if TYPE_CHECKING:
    from trailwarden.detection import Inspection, RunInspection

Router = Callable[[Alert], tuple[str, ...]]
"""The names of the sinks that want an alert."""


def assemble(
    batch: Batch, size: int, inspection: Inspection, route: Router, now: datetime, payload_limit: int
) -> Commit:
    """What one batch gave rise to. size: bytes as they came; payload_limit: bytes of a rejected payload that are kept."""
    checkpoint = batch.checkpoint
    return Commit(
        alerts=_alerts(batch.origin, batch.received_at, inspection, route, now),
        received=(_received(batch, size, inspection, kept=True),),
        quarantined=_quarantined(batch.origin, batch.key, inspection, now, payload_limit),
        checkpoints=(checkpoint,) if checkpoint is not None else (),
    )


def assemble_run(
    run: Run,
    size: int,
    inspection: RunInspection,
    route: Router,
    now: datetime,
    payload_limit: int,
    places: Collection[tuple[str, str]] = (),
) -> Commit:
    """Likewise for a run: what came of a payload has the place of that payload. places: accounts and Regions of its events."""
    alerts: list[RoutedAlert] = []
    quarantined: list[Quarantined] = []
    for index, one in inspection.found:
        origin = run.origin_of(index)
        alerts += _alerts(origin, run.received_at, one, route, now)
        quarantined += _quarantined(origin, origin.locator, one, now, payload_limit)
    checkpoint = run.checkpoint
    return Commit(
        alerts=alerts,
        received=(_received(run, size, inspection.total, kept=False)._replace(places=places),),
        quarantined=quarantined,
        checkpoints=(checkpoint,) if checkpoint is not None else (),
    )


def merge(commits: Sequence[Commit]) -> Commit:
    """One transaction for several batches."""
    return Commit(
        alerts=[alert for commit in commits for alert in commit.alerts],
        received=[row for commit in commits for row in commit.received],
        quarantined=[row for commit in commits for row in commit.quarantined],
        checkpoints=[checkpoint for commit in commits for checkpoint in commit.checkpoints],
    )


def _alerts(
    origin: Origin, received_at: datetime, inspection: Inspection, route: Router, now: datetime
) -> list[RoutedAlert]:
    if not inspection.matches:
        return []
    routed: list[RoutedAlert] = []
    arrival = Arrival(origin, received_at, now)
    for match in inspection.matches:
        for rule in match.rules:
            alert = arrival.alert(rule, match.event)
            routed.append(RoutedAlert(alert, route(alert)))
    return routed


def _received(batch: Batch, size: int, inspection: Inspection, *, kept: bool) -> Received:
    return Received(
        source=batch.origin.source,
        key=batch.key,
        size=size,
        sha256=inspection.sha256,
        events=inspection.seen,
        matched=len(inspection.matches),
        quarantined=len(inspection.rejected),
        received_at=batch.received_at,
        kept=kept,
    )


def _quarantined(
    place: Origin, key: str, inspection: Inspection, now: datetime, payload_limit: int
) -> list[Quarantined]:
    """key: what tells the place from every other one of its source."""
    rows: list[Quarantined] = []
    for rejected in inspection.rejected:
        raw = bytes(rejected.raw)
        origin: Mapping[str, str | int] = place.as_dict()
        if rejected.index is not None:
            origin = {**origin, "index": rejected.index}
        rows.append(
            Quarantined(
                id=_quarantine_id(place.source, key, rejected, raw),
                source=place.source,
                origin=origin,
                reason=rejected.reason,
                detail=rejected.detail,
                payload=raw[:payload_limit],
                payload_truncated=len(raw) > payload_limit,
                created_at=now,
            )
        )
    return rows


def _quarantine_id(source: str, key: str, rejected: Rejected, raw: bytes) -> str:
    """The same bad bytes at the same place are one row, however often they come."""
    place = "\0".join((source, key, str(rejected.index), rejected.reason))
    digest = hashlib.sha256(place.encode("utf-8", "surrogateescape"))
    digest.update(b"\0" + raw)
    return f"q_{digest.hexdigest()[:24]}"
