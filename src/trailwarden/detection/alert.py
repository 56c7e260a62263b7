"""The alert: a versioned document that says who did what, where, from where, and whether it succeeded.

Keeps: the id is the same whenever the same rule meets the same event, so that a replay finds its alert already there; the
original event is in the document as it came; the same inputs give the same bytes.

The schema is published as docs/alert.schema.json. Next: `trailwarden.pipeline.assemble`, which commits alerts.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any, Final, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field

from trailwarden.detection.actor import Actor, actor_of
from trailwarden.detection.embedding import embedded
from trailwarden.detection.fields import account, at, clean, text
from trailwarden.detection.outcome import CallOutcome, outcome_of
from trailwarden.detection.resources import Resource, resources_of
from trailwarden.detection.rules import References, Rule
from trailwarden.detection.summary import summary_of
from trailwarden.model import Alert, Event, EventData, Origin, Severity, rfc3339

SCHEMA: Final = "trailwarden.alert/1"
_ID_HEX: Final = 40
_MAX_ID: Final = 256


class RuleReference(BaseModel):
    """The rule that selected the event."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    pack: str
    references: References


class EventReference(BaseModel):
    """The event in brief; the whole of it is under `original`."""

    model_config = ConfigDict(frozen=True)

    id: str | None = Field(default=None, description="eventID.")
    name: str | None = Field(default=None, description="eventName.")
    source: str | None = Field(default=None, description="eventSource: the service that was called.")
    type: str | None = Field(default=None, description="eventType.")
    category: str | None = Field(default=None, description="eventCategory.")
    request_id: str | None = None
    shared_event_id: str | None = Field(
        default=None, description="The same for the copies that several accounts get."
    )
    read_only: bool | None = None


class AlertDocument(BaseModel):
    """A match, as sinks get it. Fields may be added within a schema version; none is removed or changes its meaning."""

    model_config = ConfigDict(frozen=True, title="Trailwarden alert", json_schema_extra={"$id": SCHEMA})

    schema_: Literal["trailwarden.alert/1"] = Field(
        default=SCHEMA, alias="schema", description="Version of this document."
    )
    kind: Literal["event_match"] = Field(default="event_match", description="What gave rise to the alert.")
    id: str = Field(description="Derived from rule id and eventID: the idempotency key.")
    summary: str = Field(description="One sentence for people.")
    severity: Severity
    rule: RuleReference
    outcome: CallOutcome
    actor: Actor
    source_ip: str | None = Field(
        default=None, description="sourceIPAddress: an address, or the name of a service."
    )
    user_agent: str | None = None
    account: str | None = Field(default=None, description="The account that was changed.")
    region: str | None = None
    resources: tuple[Resource, ...] = ()
    event: EventReference
    event_time: str | None = Field(default=None, description="When it happened, RFC 3339.")
    received_at: str = Field(description="When it reached us, RFC 3339.")
    delay_seconds: float | None = Field(default=None, description="From event_time to received_at.")
    created_at: str = Field(description="When this document was made, RFC 3339.")
    amends: str | None = Field(
        default=None, description="The eventID that this event is an amended version of."
    )
    origin: dict[str, str | int] = Field(
        description="Where the bytes were: source, kind, locator, index and more."
    )
    original: dict[str, Any] = Field(description="The whole event, as it came.")


def alert_id(rule_id: str, event: Event) -> str:
    """`alert_` and 40 hex digits of SHA-256 over rule id and event. An amended version (addendum UPDATED_DATA) counts as the
    event that it amends; an event without an id counts by its own bytes."""
    digest = hashlib.sha256(f"{rule_id}\0{_identity(event)}".encode("utf-8", "surrogatepass"))
    return f"alert_{digest.hexdigest()[:_ID_HEX]}"


def build_alert(rule: Rule, event: Event, origin: Origin, received_at: datetime, now: datetime) -> Alert:
    """The alert for a match. Pure; raises nothing for what the event holds."""
    data = event.data
    event_time = _time(data)
    where = clean(origin.locator)
    actor, outcome, resources = actor_of(data), outcome_of(data), tuple(resources_of(data))
    account_id = account(data, "recipientAccountId") or _account_of_key(origin) or actor.account
    region = text(data, "awsRegion")
    document = AlertDocument(
        id=alert_id(rule.id, event),
        summary=summary_of(data, actor, resources, outcome, region, account_id),
        severity=rule.severity,
        rule=RuleReference(id=rule.id, title=rule.title, pack=rule.pack, references=rule.references),
        outcome=outcome,
        actor=actor,
        source_ip=text(data, "sourceIPAddress"),
        user_agent=text(data, "userAgent"),
        account=account_id,
        region=region,
        resources=resources,
        event=_reference(data),
        event_time=rfc3339(event_time) if event_time is not None else None,
        received_at=rfc3339(received_at),
        delay_seconds=round((received_at - event_time).total_seconds(), 3)
        if event_time is not None
        else None,
        created_at=rfc3339(now),
        amends=_amended(data),
        origin={**_clean_origin(origin), "locator": where, "index": event.index},
        original={},
    )
    return Alert(
        id=document.id,
        rule_id=rule.id,
        severity=rule.severity,
        event_time=event_time,
        created_at=now,
        summary=document.summary,
        fingerprint=hashlib.sha256(event.raw).hexdigest(),
        document=_bytes(document, event),
    )


def _bytes(document: AlertDocument, event: Event) -> bytes:
    """The document with the event's own text in it."""
    fields = document.model_dump(mode="json", by_alias=True)
    fields["original"] = orjson.Fragment(embedded(event))
    return orjson.dumps(fields)


def _identity(event: Event) -> str:
    amended = _amended(event.data)
    if amended is not None:
        return amended
    event_id = at(event.data, "eventID")
    if isinstance(event_id, str) and 0 < len(event_id) <= _MAX_ID:
        return event_id
    return f"sha256:{hashlib.sha256(event.raw).hexdigest()}"


def _amended(data: EventData) -> str | None:
    addendum = at(data, "addendum")
    if text(addendum, "reason") != "UPDATED_DATA":
        return None
    original = at(addendum, "originalEventID")
    return (
        original
        if isinstance(original, str) and 0 < len(original) <= _MAX_ID and original.isprintable()
        else None
    )


def _reference(data: EventData) -> EventReference:
    read_only = at(data, "readOnly")
    return EventReference(
        id=text(data, "eventID"),
        name=text(data, "eventName"),
        source=text(data, "eventSource"),
        type=text(data, "eventType"),
        category=text(data, "eventCategory"),
        request_id=text(data, "requestID"),
        shared_event_id=text(data, "sharedEventID"),
        read_only=read_only if isinstance(read_only, bool) else None,
    )


def _time(data: EventData) -> datetime | None:
    value = at(data, "eventTime")
    if not isinstance(value, str) or not 19 <= len(value) <= 40:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _account_of_key(origin: Origin) -> str | None:
    """Account in a CloudTrail object key: `…/AWSLogs/[o-…/]<account>/CloudTrail…/`."""
    parts = origin.locator.rpartition("AWSLogs/")[2].split("/") if "AWSLogs/" in origin.locator else []
    return next((part for part in parts[:2] if len(part) == 12 and part.isascii() and part.isdigit()), None)


def _clean_origin(origin: Origin) -> dict[str, str | int]:
    return {
        name: clean(value) if isinstance(value, str) else value for name, value in origin.as_dict().items()
    }
