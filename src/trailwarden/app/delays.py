"""How long a feed takes: from the call to the log file in S3, and from there to here.

Next: `trailwarden.telemetry.definitions`, the histogram.
"""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from trailwarden.model import Batch
from trailwarden.model.log_key import parse_log_key
from trailwarden.store import Commit
from trailwarden.telemetry import Metrics


def note_delays(metrics: Metrics, batches: Sequence[Batch], commit: Commit) -> None:
    """Batches were committed, of which those are objects whose names tell when they were delivered, to the minute."""
    named = False
    for batch in batches:
        parsed = parse_log_key(str(batch.origin.details.get("key") or ""))
        if parsed is not None:
            named = True
            metrics.feed_delay("s3_to_here", (batch.received_at - parsed.delivered).total_seconds())
    if not named:
        return  # nor does an alert of theirs name one: its document need not be read
    for alert in (routed.alert for routed in commit.alerts):
        if alert.event_time is None:
            continue
        key = orjson.loads(alert.document).get("origin", {}).get("key")
        parsed = parse_log_key(key) if isinstance(key, str) else None
        if parsed is not None:
            metrics.feed_delay("event_to_s3", (parsed.delivered - alert.event_time).total_seconds())
