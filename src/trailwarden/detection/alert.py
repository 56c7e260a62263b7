"""A match becomes an alert: a versioned document that says who did what, where, from where, and whether it succeeded.

Keeps: the id is the same whenever the same rule meets the same event, so that a replay finds its alert already there; the
original event is in the document as it came; the same inputs give the same bytes.

Next: `trailwarden.detection.document` for what the fields mean, `trailwarden.pipeline.assemble`, which commits alerts.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import orjson

from trailwarden.detection.actor import Actor, known_actor
from trailwarden.detection.embedding import embedded
from trailwarden.detection.fields import MAX_PLACE, account, clean, is_account, texts
from trailwarden.detection.identity import SCHEMA, alert_id, amended_id
from trailwarden.detection.outcome import outcome_of
from trailwarden.detection.resources import resources_of
from trailwarden.detection.rule import Cited, Rule, references
from trailwarden.detection.spellings import spelled
from trailwarden.detection.summary import Call, summary_of
from trailwarden.model import Alert, Event, EventData, Origin, Severity, rfc3339

_KEY_ACCOUNT: Final = re.compile(
    r".*(?:^|/)AWSLogs/(?:o-[a-z0-9]{10,32}/)?([0-9]{12})/|.*(?:^|/)([0-9]{12})_CloudTrail",
    re.ASCII | re.DOTALL,
)
"""The last such part of a locator: a prefix may look alike. Source: CloudTrail user guide, "log file name format"."""
_TIME_LENGTH: Final = range(19, 41)
_FIXED: Final = frozenset({"source", "kind", "locator", "index"})
"""Of an origin: what a coordinate of the same name does not touch."""
_MAX_INTEGER: Final = 2**63 - 1


def build_alert(rule: Rule, event: Event, origin: Origin, received_at: datetime, now: datetime) -> Alert:
    """The alert for a match. received_at, now: timezone-aware. Pure; raises nothing for what the event or the origin holds."""
    return Arrival(origin, received_at, now).alert(rule, event)


class Arrival:
    """What the alerts of one payload have in common, written once: where its bytes were, when they came, when this is."""

    def __init__(self, origin: Origin, received_at: datetime, now: datetime) -> None:
        self._origin = origin
        self._received_at = received_at
        self._now = now
        self._place, self._more = _coordinates(origin)
        self._times = {"received_at": _said(received_at), "created_at": _said(now)}

    def alert(self, rule: Rule, event: Event) -> Alert:
        """The alert for a match in it."""
        data, fingerprint = spelled(event.data), hashlib.sha256(event.raw).hexdigest()
        region, source_ip, user_agent, *said = texts(map(data.get, _TEXTS))
        event_time, written_time = _time(event.data)  # of the one name that CloudTrail has for it
        actor, outcome = known_actor(data), outcome_of(data)
        account_id = _account(data, self._origin, actor.actor)
        resources = resources_of(data, account_id, region)
        amends = amended_id(event.data)
        identity = alert_id(rule.id, event)
        call = Call(said[1], said[2], region, account_id, source_ip)
        summary = summary_of(actor.said, call, resources, outcome)
        written_rule, cited = _written(
            rule.id, rule.title, rule.description, rule.severity, rule.pack, rule.cited
        )
        document = {
            "schema": SCHEMA,
            "kind": "event_match",
            "id": identity,
            "summary": summary,
            "severity": rule.severity,
            "rule": written_rule,
            "outcome": outcome,
            "actor": actor.written,
            "source_ip": source_ip,
            "user_agent": user_agent,
            "account": account_id,
            "region": region,
            "resources": resources,
            "event": _event(data, said, fingerprint),
            "event_time": written_time,
            "received_at": self._times["received_at"],
            "delay_seconds": _seconds(event_time, self._received_at),
            "created_at": self._times["created_at"],
            "amends": clean(amends) if amends is not None else None,
            "coverage": None,
            "origin": {**self._place, "index": event.index, **self._more},
            "references": cited,
            "original": orjson.Fragment(embedded(event.raw, event.strict)),
        }
        return Alert(
            id=identity,
            rule_id=rule.id,
            severity=rule.severity,
            event_time=event_time,
            created_at=self._now,
            summary=summary,
            fingerprint=fingerprint,
            # Copied: what orjson has written into is three times as large, and would be kept with the alert.
            document=bytes(memoryview(orjson.dumps(document))),
        )


@lru_cache(maxsize=1024)
def _written(
    rule_id: str, title: str, description: str, severity: Severity, pack: str, cited: Cited
) -> tuple[orjson.Fragment, orjson.Fragment]:
    """The rule and its references, written once for each rule."""
    quoted = orjson.Fragment(orjson.dumps(references(cited).model_dump(mode="json")))
    rule = {
        "id": rule_id,
        "title": title,
        "description": description,
        "severity": severity,
        "pack": pack,
        "references": quoted,
    }
    return orjson.Fragment(orjson.dumps(rule)), quoted


_TEXTS: Final = (
    "awsRegion", "sourceIPAddress", "userAgent",
    "eventID", "eventName", "eventSource", "eventType", "eventCategory", "eventVersion", "eventTime", "requestID",
    "sharedEventID",
)  # fmt: skip
_EVENT: Final = (
    "id",
    "name",
    "source",
    "type",
    "category",
    "version",
    "time",
    "request_id",
    "shared_event_id",
)


def _event(data: EventData, said: list[str | None], fingerprint: str) -> dict[str, Any]:
    event: dict[str, Any] = dict(zip(_EVENT, said, strict=True))
    read_only = data.get("readOnly")
    event["read_only"] = read_only if isinstance(read_only, bool) else None
    event["sha256"] = fingerprint
    return event


def _time(data: EventData) -> tuple[datetime | None, str | None]:
    """eventTime in UTC, and as we write it; a time without an offset is UTC (CloudTrail writes no other)."""
    value = data.get("eventTime")
    if not isinstance(value, str) or len(value) not in _TIME_LENGTH:
        return None, None
    return _moment(value)


_said: Final = lru_cache(maxsize=64)(rfc3339)  # what comes together has its times in common


@lru_cache(maxsize=1024)  # the events of one file are of a few seconds
def _moment(value: str) -> tuple[datetime | None, str | None]:
    try:
        read = datetime.fromisoformat(value)
        if read.tzinfo is not UTC:
            read = read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        return read, rfc3339(read)
    except (ValueError, OverflowError):
        return None, None


def _seconds(event_time: datetime | None, received_at: datetime) -> float | None:
    return round((received_at - event_time).total_seconds(), 3) if event_time is not None else None


def _account(data: EventData, origin: Origin, actor: Actor) -> str | None:
    """The account that was changed: the one that got the record, else the one whose log it is in, else the caller's."""
    recipient = account(data.get("recipientAccountId"))
    if recipient is not None:
        return recipient
    detail = origin.details.get("account")
    if isinstance(detail, str) and is_account(detail):
        return detail
    in_key = _KEY_ACCOUNT.match(origin.locator)
    return in_key[1] or in_key[2] if in_key is not None else actor.account


def _coordinates(origin: Origin) -> tuple[dict[str, str], dict[str, str | int]]:
    """Coordinates as they are, but for what JSON readers cannot take: lone surrogates of file names, integers beyond 64 bits."""
    place = {
        "source": clean(origin.source, MAX_PLACE),
        "kind": clean(origin.kind, MAX_PLACE),
        "locator": clean(origin.locator, MAX_PLACE),
    }
    more = {clean(name): _coordinate(value) for name, value in origin.details.items() if name not in _FIXED}
    return place, more


def _coordinate(value: str | int) -> str | int:
    if isinstance(value, str):
        return clean(value, MAX_PLACE)
    return value if abs(value) <= _MAX_INTEGER else str(value)
