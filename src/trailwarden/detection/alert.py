"""A match becomes an alert: a versioned document that says who did what, where, from where, and whether it succeeded.

Keeps: the id is the same whenever the same rule meets the same event, so that a replay finds its alert already there; the
original event is in the document as it came; the same inputs give the same bytes.

Next: `trailwarden.detection.document` for what the fields mean, `trailwarden.pipeline.assemble`, which commits alerts.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import orjson

from trailwarden.detection.actor import Actor, actor_of
from trailwarden.detection.embedding import embedded
from trailwarden.detection.fields import MAX_PLACE, account, at, clean, is_account, text
from trailwarden.detection.identity import SCHEMA, alert_id, amended_id
from trailwarden.detection.outcome import outcome_of
from trailwarden.detection.resources import resources_of
from trailwarden.detection.rule import Cited, Rule, references
from trailwarden.detection.summary import summary_of
from trailwarden.model import Alert, Event, EventData, Origin, rfc3339

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
    data, fingerprint = event.data, hashlib.sha256(event.raw).hexdigest()
    event_time, region = _time(data), text(data, "awsRegion")
    actor, outcome = actor_of(data), outcome_of(data)
    account_id = _account(data, origin, actor)
    resources = resources_of(data, account_id, region)
    amends = amended_id(data)
    identity = alert_id(rule.id, event)
    summary = summary_of(data, actor, resources, outcome, region, account_id)
    cited = _references(rule.cited)
    document = {
        "schema": SCHEMA,
        "kind": "event_match",
        "id": identity,
        "summary": summary,
        "severity": rule.severity,
        "rule": _rule(rule, cited),
        "outcome": outcome,
        "actor": actor,
        "source_ip": text(data, "sourceIPAddress"),
        "user_agent": text(data, "userAgent"),
        "account": account_id,
        "region": region,
        "resources": resources,
        "event": _event(data, fingerprint),
        "event_time": rfc3339(event_time) if event_time is not None else None,
        "received_at": rfc3339(received_at),
        "delay_seconds": _seconds(event_time, received_at),
        "created_at": rfc3339(now),
        "amends": clean(amends) if amends is not None else None,
        "coverage": None,
        "origin": _origin(origin, event.index),
        "references": cited,
        "original": orjson.Fragment(embedded(event.raw)),
    }
    return Alert(
        id=identity,
        rule_id=rule.id,
        severity=rule.severity,
        event_time=event_time,
        created_at=now,
        summary=summary,
        fingerprint=fingerprint,
        document=orjson.dumps(document),
    )


@cache
def _references(cited: Cited) -> orjson.Fragment:
    """Written once for each rule that cites."""
    return orjson.Fragment(orjson.dumps(references(cited).model_dump(mode="json")))


def _rule(rule: Rule, cited: orjson.Fragment) -> dict[str, Any]:
    return {
        "id": rule.id,
        "title": rule.title,
        "description": rule.description,
        "severity": rule.severity,
        "pack": rule.pack,
        "references": cited,
    }


def _event(data: EventData, fingerprint: str) -> dict[str, Any]:
    read_only = at(data, "readOnly")
    return {
        "id": text(data, "eventID"),
        "name": text(data, "eventName"),
        "source": text(data, "eventSource"),
        "type": text(data, "eventType"),
        "category": text(data, "eventCategory"),
        "version": text(data, "eventVersion"),
        "time": text(data, "eventTime"),
        "request_id": text(data, "requestID"),
        "shared_event_id": text(data, "sharedEventID"),
        "read_only": read_only if isinstance(read_only, bool) else None,
        "sha256": fingerprint,
    }


def _time(data: EventData) -> datetime | None:
    """eventTime in UTC; a time without an offset is UTC (CloudTrail writes no other)."""
    value = data.get("eventTime")
    if not isinstance(value, str) or len(value) not in _TIME_LENGTH:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _seconds(event_time: datetime | None, received_at: datetime) -> float | None:
    return round((received_at - event_time).total_seconds(), 3) if event_time is not None else None


def _account(data: EventData, origin: Origin, actor: Actor) -> str | None:
    """The account that was changed: the one that got the record, else the one whose log it is in, else the caller's."""
    recipient = account(data, "recipientAccountId")
    if recipient is not None:
        return recipient
    detail = origin.details.get("account")
    if isinstance(detail, str) and is_account(detail):
        return detail
    in_key = _KEY_ACCOUNT.match(origin.locator)
    return in_key[1] or in_key[2] if in_key is not None else actor.account


def _origin(origin: Origin, index: int) -> dict[str, Any]:
    """Coordinates as they are, but for what JSON readers cannot take: lone surrogates of file names, integers beyond 64 bits."""
    head = {"source": clean(origin.source, MAX_PLACE), "kind": clean(origin.kind, MAX_PLACE)}
    place = {"locator": clean(origin.locator, MAX_PLACE), "index": index}
    more = {clean(name): _coordinate(value) for name, value in origin.details.items()}
    return {**head, **place, **{name: value for name, value in more.items() if name not in _FIXED}}


def _coordinate(value: str | int) -> str | int:
    if isinstance(value, str):
        return clean(value, MAX_PLACE)
    return value if abs(value) <= _MAX_INTEGER else str(value)
