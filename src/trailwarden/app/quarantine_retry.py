"""`trailwarden quarantine retry`: decode again what could not be decoded, with the rules and limits of today.

Keeps: a row leaves the quarantine only after everything that it gave rise to is committed, and only when nothing of it
had to be rejected again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from trailwarden.app.routing import router
from trailwarden.decode import Limits
from trailwarden.detection import Matcher, inspect, load_ruleset
from trailwarden.model import Batch, Clock, Origin, SystemClock
from trailwarden.pipeline.assemble import Router, assemble
from trailwarden.settings import Settings
from trailwarden.sources.files_paths import path_of
from trailwarden.store import Commit, Quarantined, QuarantineFilter, Store, open_store


@dataclass(slots=True)
class RetryOutcome:
    """released: rows that left the quarantine; kept: rows that stay; alerts: new ones."""

    released: int = 0
    kept: int = 0
    alerts: int = 0


class _Again(Batch):
    """A quarantined payload as a batch. It is acked by leaving the quarantine, so ack() and nack() have nothing to do."""

    def __init__(self, row: Quarantined, payload: bytes) -> None:
        origin: Mapping[str, str | int] = row.origin
        fixed = {"source", "kind", "locator"}
        details = {name: value for name, value in origin.items() if name not in fixed}
        self.origin = Origin(row.source, str(origin.get("kind", "")), str(origin.get("locator", "")), details)
        self.key = row.id
        self.received_at = row.created_at
        self.size_hint = len(payload)
        self._payload = payload

    def load(self) -> bytes:
        return self._payload

    async def ack(self) -> None:
        return None

    async def nack(self, reason: str) -> None:
        del reason  # it is still in quarantine, with the reason that it had


async def retry_quarantine(
    settings: Settings, which: QuarantineFilter, clock: Clock | None = None
) -> RetryOutcome:
    """Decode the chosen rows again; see the module. Raises StoreError and ConfigError."""
    clock = clock or SystemClock()
    matcher = Matcher(load_ruleset(settings.rules.packs, settings.rules.files))
    store = await open_store(settings.store)
    outcome = RetryOutcome()
    try:
        for head in await store.quarantine(replace(which, payloads=False)):
            (row,) = await store.quarantine(replace(which, ids=(head.id,)))  # one payload in memory at a time
            await _retry_row(
                row, store, matcher, settings.decode.limits(), router(settings.sinks), clock.now(), outcome
            )
    finally:
        await store.close()
    return outcome


async def _retry_row(
    row: Quarantined,
    store: Store,
    matcher: Matcher,
    limits: Limits,
    route: Router,
    now: datetime,
    outcome: RetryOutcome,
) -> None:
    payload = _whole(row, limits)
    if payload is None:
        outcome.kept += 1
        return
    inspection = inspect(payload, matcher, limits)
    made = assemble(_Again(row, payload), len(payload), inspection, route, now, len(payload))
    committed = await store.commit(Commit(alerts=made.alerts))
    outcome.alerts += committed.new
    if inspection.rejected:
        outcome.kept += 1
        return
    outcome.released += await store.release([row.id])


def _whole(row: Quarantined, limits: Limits) -> bytes | None:
    """The payload; read again from the file that it came from when only its beginning was kept;
    None when it cannot be had, or when something else stands there by now."""
    if not row.payload_truncated and row.payload:
        return row.payload
    if row.origin.get("kind") != "files" or "index" in row.origin:
        return None
    try:
        with Path(path_of(str(row.origin["locator"]))).open("rb") as file:
            data = file.read(limits.max_output_bytes + 1)
    except OSError:
        return None
    # Another file may stand there by now: what its events are says nothing about the bytes that were quarantined.
    same = data.startswith(row.payload)
    return data if same and len(data) <= limits.max_output_bytes else None
