"""The table of envelopes: how each is recognised by its members, and what is inside.

Keeps: recognising never parses more than one level and never tries by exception; the first row that fits decides, so the
order of the rows matters. Both an S3 notification and a log file are `{"Records":[…]}` of objects with an
`eventVersion`: what an element is, it says itself, by its `eventSource`.

Source of the shapes: the AWS documents of each service, and the documents of the log shippers named.
Next: `trailwarden.decode.split`, which acts on the steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from trailwarden.decode.probe import Members, elements_of, lead, members_of, string_of
from trailwarden.decode.steps import (
    Elements,
    Event,
    Label,
    Step,
    Unreadable,
    Value,
    encoded,
    inner_text,
)
from trailwarden.errors import Reason

Opener = Callable[[Members], Iterable[Step]]

_AWS_ITSELF: Final = b'"aws:'
"""Records of S3 and of Lambda's triggers say `aws:s3`, CloudTrail says `s3.amazonaws.com`."""
_SURE: Final = ("eventVersion", "eventID", "eventCategory")
_LIKELY: Final = frozenset(
    {
        "eventName",
        "eventSource",
        "eventTime",
        "eventType",
        "awsRegion",
        "userIdentity",
        "requestParameters",
        "eventId",
    }
)
_TEXT_KEYS: Final = ("message", "log", "event.original", "body")


def _is(members: Members, key: str, *values: str) -> bool:
    """Whether a member is one of these strings."""
    return key in members and string_of(members[key]) in values


def _text(members: Members, key: str) -> str:
    return string_of(members.get(key)) or ""


def _of_aws_itself(members: Members) -> bool:
    source = members.get("eventSource")
    return source is not None and bytes(memoryview(source)[: len(_AWS_ITSELF)]) == _AWS_ITSELF


def is_record(members: Members) -> bool:
    """Whether an object is a CloudTrail record. An Insight has no eventName, one of version 1.0 no eventID."""
    if _of_aws_itself(members):
        return False
    return any(key in members for key in _SURE) or len(_LIKELY.intersection(members)) > 1


def _records(members: Members) -> Iterable[Step]:
    yield Elements(members["Records"], of_records=True)


def _sns(members: Members) -> Iterable[Step]:
    if not _is(members, "Type", "Notification"):
        yield Label("sns_subscription")
    elif _text(members, "Message").startswith("CloudTrail validation message"):
        yield Label("sns_validation")
    else:
        yield inner_text(members.get("Message"))


def _lambda_sns(members: Members) -> Iterable[Step]:
    yield inner_text((members_of(members["Sns"]) or {}).get("Message"))


def _lambda_kinesis(members: Members) -> Iterable[Step]:
    yield encoded((members_of(members["kinesis"]) or {}).get("data"))


def _event_bridge(members: Members) -> Iterable[Step]:
    kind, source = _text(members, "detail-type"), _text(members, "source")
    inner = members_of(members["detail"])
    if kind.endswith("via CloudTrail") or (inner is not None and is_record(inner)):
        yield Value(members["detail"], in_event_place=True)
    elif source == "aws.s3":
        yield Label("s3_notification")
    else:
        yield Label("config" if source == "aws.config" else "eventbridge_other")


def _subscription(members: Members) -> Iterable[Step]:
    if _is(members, "messageType", "CONTROL_MESSAGE"):
        yield Label("control_message")
        return
    yield from _of_each("logEvents", "message", inner_text)(members)


def _lambda_kafka(members: Members) -> Iterable[Step]:
    """The records of each partition, under its name."""
    partitions = members_of(members["records"]) or {"": b""}
    for partition in partitions.values():
        for message in elements_of(partition) or (b"",):
            yield encoded((members_of(message) or {}).get("value"))


def _foreign(_members: Members) -> Iterable[Step]:
    yield Unreadable(None, Reason.UNKNOWN_ENVELOPE, "a record of another service")


def _logs_lambda(members: Members) -> Iterable[Step]:
    yield encoded((members_of(members["awslogs"]) or {}).get("data"))


def _shipped(members: Members) -> Iterable[Step]:
    present = [key for key in _TEXT_KEYS if key in members]
    texts = [key for key in present if _text(members, key).lstrip().startswith(("{", "["))]
    yield _text_or_value(members[(texts or present)[0]])


def _nested_original(members: Members) -> Iterable[Step]:
    yield inner_text((members_of(members["event"]) or {}).get("original"))


def _text_or_value(raw: bytes | memoryview) -> Step:
    """A string is a payload of its own, `null` a tombstone (Kafka), everything else stands for itself."""
    if lead(raw) == "n":
        return Label("tombstone")
    return inner_text(raw) if lead(raw) == '"' else Value(raw)


def _member(key: str) -> Opener:
    return lambda members: (_text_or_value(members[key]),)


def _label(name: str) -> Opener:
    return lambda _members: (Label(name),)


def _of_each(array: str, key: str, opener: Callable[[bytes | memoryview | None], Step]) -> Opener:
    """The member `key` of each element of the array."""

    def steps(members: Members) -> Iterable[Step]:
        parts: Sequence[bytes | memoryview] | None = elements_of(members[array])
        if parts is None:
            yield Unreadable(members[array], Reason.UNKNOWN_ENVELOPE, f"{array} is not an array")
            return
        if not parts:
            yield Label("empty_records")
        for part in parts:
            inner = members_of(part) if lead(part) == "{" else None
            if inner is None or key not in inner:
                yield Unreadable(part, Reason.UNKNOWN_ENVELOPE, f"an element of {array} without {key}")
            else:
                yield opener(inner[key])

    return steps


@dataclass(frozen=True, slots=True)
class Envelope:
    """needs: members that must be there; test: what else must hold; opens: to what it leads."""

    name: str
    needs: tuple[str, ...]
    opens: Opener
    test: Callable[[Members], bool] = lambda _members: True


ENVELOPES: Final = (
    Envelope("Records", ("Records",), _records),
    Envelope("SNS", ("Type", "TopicArn"), _sns),
    Envelope(
        "S3 test", ("Event", "Bucket"), _label("s3_test_event"), lambda m: _is(m, "Event", "s3:TestEvent")
    ),
    Envelope("CloudTrail's notification", ("s3Bucket", "s3ObjectKey"), _label("cloudtrail_notification")),
    Envelope(
        "S3 record", ("eventSource",), _label("s3_notification"), lambda m: _is(m, "eventSource", "aws:s3")
    ),
    Envelope(
        "SQS for Lambda", ("eventSource", "body"), _member("body"), lambda m: _is(m, "eventSource", "aws:sqs")
    ),
    Envelope("SNS for Lambda", ("EventSource", "Sns"), _lambda_sns),
    Envelope("Kinesis for Lambda", ("eventSource", "kinesis"), _lambda_kinesis),
    Envelope("Kafka for Lambda", ("eventSource", "records"), _lambda_kafka, _of_aws_itself),
    Envelope("another service's record", ("eventSource",), _foreign, _of_aws_itself),
    Envelope("GetRecords", ("Data", "SequenceNumber"), lambda m: (encoded(m["Data"]),)),
    Envelope("EventBridge", ("detail", "detail-type"), _event_bridge),
    Envelope("EventBridge, cut down", ("detail", "source"), _event_bridge),
    Envelope("EventBridge, cut down", ("detail", "account"), _event_bridge),
    Envelope("CloudWatch Logs", ("messageType", "logEvents"), _subscription),
    Envelope("CloudWatch Logs for Lambda", ("awslogs",), _logs_lambda),
    Envelope("Firehose", ("requestId", "records"), _of_each("records", "data", encoded)),
    Envelope("digest", ("digestS3Object",), _label("digest")),
    Envelope("Config snapshot", ("configurationItems",), _label("config")),
    Envelope("Config snapshot", ("configSnapshotId",), _label("config")),
    Envelope("Config rule", ("configRuleArn",), _label("config")),
    Envelope("Config change", ("messageType", "configurationItem"), _label("config")),
    Envelope(
        "Config notice",
        ("messageType",),
        _label("config"),
        lambda m: _text(m, "messageType").startswith(("Configuration", "ComplianceChange", "Oversized")),
    ),
    Envelope("LookupEvents", ("Events",), _of_each("Events", "CloudTrailEvent", inner_text)),
    Envelope("LookupEvents item", ("CloudTrailEvent",), lambda m: (inner_text(m["CloudTrailEvent"]),)),
    Envelope("SQS receive", ("Messages",), _of_each("Messages", "Body", inner_text)),
    Envelope("SQS message", ("Body", "ReceiptHandle"), lambda m: (inner_text(m["Body"]),)),
    Envelope("Kafka Connect", ("schema", "payload"), _member("payload")),
    Envelope("CloudEvents", ("specversion", "data"), _member("data")),
    Envelope("CloudEvents, base64", ("specversion", "data_base64"), lambda m: (encoded(m["data_base64"]),)),
    Envelope("Elastic", ("event",), _nested_original, lambda m: "original" in (members_of(m["event"]) or {})),
    *(Envelope(f"log shipper ({key})", (key,), _shipped) for key in _TEXT_KEYS),
)


def open_object(members: Members) -> Iterable[Step] | None:
    """The steps that an object leads to; None when its shape is not known."""
    if is_record(members):
        return (Event(),)
    for envelope in ENVELOPES:
        if all(key in members for key in envelope.needs) and envelope.test(members):
            return envelope.opens(members)
    return None
