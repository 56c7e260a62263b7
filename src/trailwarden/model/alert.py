"""What the store and the sinks know of an alert: its id, what routing asks for, and the document itself.

The document's fields are defined by `trailwarden.detection.alert`; here it is bytes that are kept and sent as they are,
so that what was signed and what was stored is what is read.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from trailwarden.model.severity import Severity


class Alert(NamedTuple):
    """One durable message.

    id:         derived from (rule id, eventID); the idempotency key everywhere; no full stop in it
    rule_id:    the rule that selected the event (or the condition that changed)
    severity:   for routing
    event_time: when it happened, if known; UTC
    created_at: when the document was made; UTC
    summary:    one sentence, for lists
    fingerprint: SHA-256 (hex) of the event's own bytes: two alerts of one id with different fingerprints are suspicious
    document:   the JSON document, UTF-8, exactly as sinks send it
    """

    id: str
    rule_id: str
    severity: Severity
    event_time: datetime | None
    created_at: datetime
    summary: str
    fingerprint: str
    document: bytes
