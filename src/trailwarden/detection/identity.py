"""Which event is which: the id of an alert.

Keeps: the same rule and the same event give the same id, however often, from wherever and in whatever envelope the event
comes; an event that amends another is that other event.

Source: CloudTrail record contents, `eventID` and `addendum`. Next: `trailwarden.detection.alert`.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from trailwarden.model import Event, EventData

SCHEMA: Final = "trailwarden.alert/1"
"""The version of the alert's document."""
ID_PATTERN: Final = r"^alert_[0-9a-f]{40}$"
_ID_DIGITS: Final = 40
_AMENDMENT: Final = "UPDATED_DATA"


def alert_id(rule_id: str, event: Event) -> str:
    """`alert_` and 40 hexadecimal digits of SHA-256 over rule id and event; no full stop, which Standard Webhooks forbids."""
    digest = hashlib.sha256(f"{rule_id}\0{dedupe_key(event.data)}".encode("utf-8", "surrogatepass"))
    return f"alert_{digest.hexdigest()[:_ID_DIGITS]}"


def dedupe_key(event: EventData) -> str:
    """What tells an event from every other: the eventID of the event that it amends, else its own, else its content.

    The last is `sha256:` and the hash of the content as a value: blanks, the order of keys and the way of escaping do not count.
    """
    amended = amended_id(event)
    if amended is not None:
        return amended
    event_id = event.get("eventID")
    if isinstance(event_id, str) and event_id:
        return event_id
    content = "".join(_canonical(event)).encode("ascii")
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def amended_id(event: EventData) -> str | None:
    """`addendum.originalEventID` of an event that replaces an earlier one; None for one that is merely late."""
    addendum = event.get("addendum")
    if not isinstance(addendum, dict) or addendum.get("reason") != _AMENDMENT:
        return None
    original = addendum.get("originalEventID")
    return original if isinstance(original, str) and original else None


def _canonical(value: Any) -> list[str]:
    """JSON in ASCII, without blanks, with sorted keys. No recursion: an event may be nested as deep as its parser allows."""
    parts: list[str] = []
    waiting: list[tuple[bool, Any]] = [(False, value)]
    while waiting:
        written, one = waiting.pop()
        if written:
            parts.append(one)
        elif isinstance(one, dict):
            parts.append("{")
            waiting.append((True, "}"))
            for key in sorted(one, reverse=True):
                waiting += [(True, ","), (False, one[key]), (True, json.dumps(key) + ":")]
        elif isinstance(one, list):
            parts.append("[")
            waiting.append((True, "]"))
            for element in reversed(one):
                waiting += [(True, ","), (False, element)]
        else:
            # A forwarder may write 1 as 1.0: the same number, hence the same event.
            whole = isinstance(one, float) and one.is_integer()
            parts.append(json.dumps(int(one) if whole else one))
    return parts
