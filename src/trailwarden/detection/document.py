"""The alert's document: its fields, what they mean, and how long they may be. The published schema is made of this.

Keeps: every field is always there; null means that it is not known, or that an alert of this kind has none. Within a version of
the schema fields may be added; none is removed or changes its meaning.

Published as docs/alert.schema.json. `trailwarden.detection.alert` writes these fields without going through the model,
which would take longer than all the rest of an alert; tests hold every document that is written against it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from trailwarden.detection.actor import Actor
from trailwarden.detection.fields import MAX_PLACE, PART, AccountId, Text
from trailwarden.detection.identity import ID_PATTERN, SCHEMA
from trailwarden.detection.outcome import CallOutcome
from trailwarden.detection.references import References
from trailwarden.detection.resource import Resource
from trailwarden.detection.resources import MAX_RESOURCES
from trailwarden.detection.rules import Description, Id, Title
from trailwarden.detection.summary import MAX_SUMMARY
from trailwarden.model import Severity

Time = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$")]
Place = Annotated[str, Field(max_length=MAX_PLACE)]


class RuleReference(BaseModel):
    """The rule that gave rise to the alert."""

    model_config = PART

    id: Id = Field(description="Unique over all rules that are loaded.")
    title: Title = Field(description="A short sentence: what was done.")
    description: Description = Field(description="What it means, and what to look at first; may be empty.")
    severity: Severity = Field(description="The rule's severity.")
    pack: Id = Field(description="The pack, or file, that the rule comes from.")
    references: References = Field(description="Where the rule comes from.")


class EventReference(BaseModel):
    """The event in brief; the whole of it is under `original`."""

    model_config = PART

    id: Text | None = Field(default=None, description="eventID.")
    name: Text | None = Field(default=None, description="eventName.")
    source: Text | None = Field(default=None, description="eventSource: the service that was called.")
    type: Text | None = Field(default=None, description="eventType.")
    category: Text | None = Field(default=None, description="eventCategory.")
    version: Text | None = Field(default=None, description="eventVersion: major.minor, two integers.")
    time: Text | None = Field(default=None, description="eventTime as it is written in the event.")
    request_id: Text | None = Field(default=None, description="requestID.")
    shared_event_id: Text | None = Field(
        default=None,
        description="sharedEventID: the same for the copies that several accounts get of one action.",
    )
    read_only: bool | None = Field(
        default=None, description="readOnly: of the operation, whatever came of it."
    )
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="SHA-256 (hexadecimal) of the event's bytes as they came."
    )


class OriginReference(BaseModel):
    """Where the bytes were. Sources add coordinates of their own: bucket, key, topic, partition, offset, ..."""

    model_config = PART | ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Place | int]

    source: Place = Field(description="The name that the configuration gives to the source.")
    kind: Place = Field(description="The kind of source: files, stdin, s3_sqs, ...")
    locator: Place = Field(description="One line that leads back to the bytes.")
    index: int = Field(ge=0, description="The position of the event among those of the same payload, from 0.")


class ConditionReference(BaseModel):
    """One condition of a verdict that changed."""

    model_config = PART

    account: Text = Field(description="Empty: the condition lies with Trailwarden itself.")
    region: Text = Field(description="The Region that it was judged for.")
    condition: Text = Field(description="Its id.")
    status: Literal["verified", "unknown", "gap"] = Field(description="What it is now.")
    sentence: Text = Field(description="What was found.")
    remedy: Text = Field(description="What to do; empty where there is nothing to be done.")
    evidence: dict[str, Any] = Field(description="The answer that it rests on.")


class CoverageReference(BaseModel):
    """A verdict that changed: whether the feed would show a VPC change."""

    model_config = PART

    before: Literal["verified", "unknown", "gap"] | None = Field(
        description="What was announced last; null for the first verdict."
    )
    after: Literal["verified", "unknown", "gap"] = Field(description="What it is now.")
    regions: tuple[Text, ...] = Field(description="Of the account; empty: Trailwarden itself.")
    trail: Text | None = Field(description="ARN of the trail that it is about.")
    conditions: tuple[ConditionReference, ...] = Field(
        description="Those that are not verified; after a recovery those that decide now."
    )


class AlertDocument(BaseModel):
    """What sinks get."""

    model_config = PART | ConfigDict(title="Trailwarden alert")

    schema_: Literal["trailwarden.alert/1"] = Field(
        default=SCHEMA, alias="schema", description="Version of this document."
    )
    kind: Literal["event_match", "coverage_change", "test"] = Field(
        default="event_match",
        description="What gave rise to it: an event that a rule selected, a verdict that changed, or a test of the way.",
    )
    id: Annotated[str, Field(pattern=ID_PATTERN)] = Field(
        description="Derived from rule and event: the idempotency key."
    )
    summary: str = Field(max_length=MAX_SUMMARY, description="One sentence for people.")
    severity: Severity = Field(description="How much it matters.")
    rule: RuleReference = Field(description="The rule behind it.")
    outcome: CallOutcome | None = Field(default=None, description="Whether the call changed anything.")
    actor: Actor | None = Field(default=None, description="Who did it.")
    source_ip: Text | None = Field(
        default=None, description="sourceIPAddress: an address, or the name of a service."
    )
    user_agent: Text | None = Field(default=None, description="userAgent: chosen by the caller.")
    account: AccountId | None = Field(default=None, description="The account that was changed.")
    region: Text | None = Field(default=None, description="awsRegion: where it was changed.")
    resources: Annotated[tuple[Resource, ...], Field(max_length=MAX_RESOURCES)] = Field(
        default=(), description="What was touched: the subject first."
    )
    event: EventReference | None = Field(default=None, description="The event in brief.")
    event_time: Time | None = Field(
        default=None, description="When it happened; null if the event does not say."
    )
    received_at: Time = Field(description="When the bytes reached us.")
    delay_seconds: float | None = Field(
        default=None,
        description="From event_time to received_at. Below zero where clocks differ.",
    )
    created_at: Time = Field(description="When this document was made.")
    amends: Text | None = Field(
        default=None,
        description="The eventID that this event replaces (addendum UPDATED_DATA); the alert has the id of that event's.",
    )
    coverage: CoverageReference | None = Field(
        default=None, description="For a verdict that changed: before and after, with the evidence."
    )
    origin: OriginReference = Field(description="Where the bytes were.")
    references: References = Field(description="As in `rule`: where to read on.")
    original: dict[str, Any] | None = Field(default=None, description="The whole event, as it came.")
