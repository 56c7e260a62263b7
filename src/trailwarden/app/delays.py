"""How long a feed takes: from the call to the log file in S3, and from there to here.

Next: `trailwarden.telemetry.definitions`, the histogram.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from trailwarden.model import Alert, Batch
from trailwarden.model.log_key import parse_log_key
from trailwarden.store import Commit
from trailwarden.telemetry import Metrics


def note_delays(metrics: Metrics, batches: Sequence[Batch], commit: Commit) -> None:
    """Batches were committed, of which those are objects whose names tell when they were delivered, to the minute."""
    delivered: dict[str, datetime] = {}
    to_here: list[float] = []
    for batch in batches:
        key = batch.origin.details.get("key")
        parsed = parse_log_key(key) if isinstance(key, str) else None
        if parsed is not None:
            delivered[str(key)] = parsed.delivered
            to_here.append((batch.received_at - parsed.delivered).total_seconds())
    if not delivered:
        return  # nor does an alert of theirs name one: its document need not be read
    metrics.feed_delays("s3_to_here", to_here)
    to_s3 = [
        (delivered[place] - alert.event_time).total_seconds()
        for alert in (routed.alert for routed in commit.alerts)
        if alert.event_time is not None and (place := _key(alert)) in delivered
    ]
    metrics.feed_delays("event_to_s3", to_s3)


@cache
def _reader() -> Callable[[bytes], Any]:
    """Reads that one field of an alert's document, and steps over the rest."""
    from msgspec import defstruct  # noqa: PLC0415 - for sources that have objects
    from msgspec.json import Decoder  # noqa: PLC0415 - likewise

    origin = defstruct("Origin", [("key", str | int, "")])
    return Decoder(defstruct("Document", [("origin", origin)])).decode


def _key(alert: Alert) -> str:
    """Of the object that an alert's event came from."""
    return str(_reader()(alert.document).origin.key)
