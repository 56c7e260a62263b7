"""Values for the tests of the store: whole, valid, and told apart by a number."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from trailwarden.errors import Reason
from trailwarden.model import Alert, Severity
from trailwarden.store import Commit, Quarantined, Received, RoutedAlert

T0 = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
"""When alert 0 was created; alert n came n seconds later."""

LATER = T0 + timedelta(days=1)
"""After every alert of these tests."""


def at(seconds: float) -> datetime:
    """So many seconds after LATER."""
    return LATER + timedelta(seconds=seconds)


def alert(number: int, *, content: str = "") -> Alert:
    document = b'{"n":%d,"raw":"\\u00e9 \xc3\xa9 %s"}' % (number, content.encode())
    return Alert(
        id=f"alert_{number:04}",
        rule_id="vpc-changes",
        severity=list(Severity)[number % 5],
        event_time=None if number % 7 == 3 else T0 + timedelta(seconds=number, microseconds=1),
        created_at=T0 + timedelta(seconds=number),
        summary=f"role deploy deleted VPC vpc-{number:04}",
        fingerprint=hashlib.sha256(document).hexdigest(),
        document=document,
    )


def alerts(*numbers: int, sinks: tuple[str, ...] = ("siem",)) -> Commit:
    return Commit(alerts=[RoutedAlert(alert(number), sinks) for number in numbers])


def received(key: str, *, source: str = "spool", events: int = 20, moment: datetime = T0) -> Received:
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return Received(source, key, 1234, digest, events, 2, 1, moment)


def quarantined(
    number: int, *, reason: Reason = Reason.CORRUPT, payload: bytes = b"\x1f\x8b\x00"
) -> Quarantined:
    return Quarantined(
        id=f"q_{number:04}",
        source="spool",
        origin={"source": "spool", "kind": "files", "locator": f"/spool/{number}.json.gz", "index": number},
        reason=reason,
        detail="checksum is wrong",
        payload=payload,
        payload_truncated=False,
        created_at=T0 + timedelta(seconds=number),
    )
