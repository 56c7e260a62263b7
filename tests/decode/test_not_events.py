"""What is no event is recognised as what it is, or rejected; it is never taken for an event."""

from __future__ import annotations

from typing import Any

import pytest

from tests.decode.taking import compact, opened, raws, record
from tests.decode.test_envelopes import SNS, bridge, subscription
from trailwarden.errors import Reason

S3 = {
    "eventVersion": "2.1",
    "eventSource": "aws:s3",
    "awsRegion": "eu-west-1",
    "eventTime": "2026-01-01T00:05:00.123Z",
    "eventName": "ObjectCreated:Put",
    "userIdentity": {"principalId": "AWS:AROAEXAMPLE"},
    "s3": {"bucket": {"name": "b"}, "object": {"key": "k", "size": 1}},
}
LABELLED: dict[str, tuple[Any, str]] = {
    "S3 notification": ({"Records": [S3]}, "s3_notification"),
    "S3 notification by SNS": ({**SNS, "Message": compact({"Records": [S3]}).decode()}, "s3_notification"),
    "S3 notification by EventBridge": (
        {
            "detail-type": "Object Created",
            "source": "aws.s3",
            "detail": {"bucket": {"name": "b"}, "object": {"key": "k"}},
        },
        "s3_notification",
    ),
    "S3 test": ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}, "s3_test_event"),
    "CloudTrail's notification": ({"s3Bucket": "b", "s3ObjectKey": ["k"]}, "cloudtrail_notification"),
    "CloudTrail's validation": ({**SNS, "Message": "CloudTrail validation message."}, "sns_validation"),
    "SNS confirmation": (
        {**SNS, "Type": "SubscriptionConfirmation", "SubscribeURL": "u"},
        "sns_subscription",
    ),
    "control message": (
        {**subscription("CWL CONTROL MESSAGE: Checking health"), "messageType": "CONTROL_MESSAGE"},
        "control_message",
    ),
    "digest": ({"awsAccountId": "1", "digestS3Object": "o", "logFiles": []}, "digest"),
    "Config snapshot": ({"fileVersion": "1.0", "configSnapshotId": "c", "configurationItems": []}, "config"),
    "Config change": (
        {"messageType": "ConfigurationItemChangeNotification", "configurationItem": {}},
        "config",
    ),
    "Config notice": ({"messageType": "ConfigurationHistoryDeliveryCompleted", "s3Bucket": "b"}, "config"),
    "Config by EventBridge": (
        {
            "detail-type": "Config Configuration Item Change",
            "source": "aws.config",
            "detail": {"recordVersion": "1.3"},
        },
        "config",
    ),
    "EventBridge, scheduled": (bridge({}, "Scheduled Event"), "eventbridge_other"),
    "EventBridge, a name in it": (
        bridge({"finding": {"eventName": "CreateVpc"}}, "Finding"),
        "eventbridge_other",
    ),
    "no records": ({"Records": []}, "empty_records"),
    "no elements": ([], "empty_records"),
    "no lookups": ({"Events": []}, "empty_records"),
    "tombstone": (None, "tombstone"),
    "Connect tombstone": ({"schema": None, "payload": None}, "tombstone"),
}


@pytest.mark.parametrize("name", LABELLED)
def test_it_has_its_label(name: str) -> None:
    document, label = LABELLED[name]
    decoded = opened(compact(document))
    assert (decoded.blocks, decoded.rejected) == ([], [])
    assert decoded.labels == {label: 1}


UNKNOWN: dict[str, Any] = {
    "object": {"hello": "world"},
    "one hint is not enough": {"eventName": "CreateVpc"},
    "number": 7,
    "text": "hello",
    "OCSF": {
        "class_uid": 6003,
        "metadata": {"product": {"name": "CloudTrail"}},
        "api": {"operation": "CreateVpc"},
    },
    "Records of another kind": {"Records": 5},
    "SNS without message": SNS,
    "CloudWatch Logs without events": {"messageType": "DATA_MESSAGE", "logEvents": {"no": "list"}},
    "another service": {"Records": [{"eventVersion": "1.0", "eventSource": "aws:ses", "ses": {}}]},
    "Kafka for Lambda, malformed": {"eventSource": "aws:kafka", "records": {"t-0": 1}},
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_of_no_known_shape_is_rejected_whole(name: str) -> None:
    decoded = opened(compact(UNKNOWN[name]))
    (rejected,) = decoded.rejected
    assert rejected.reason is Reason.UNKNOWN_ENVELOPE
    assert rejected.detail
    assert decoded.blocks == []
    assert not decoded.labels


@pytest.mark.parametrize("element", [1, "text", None, True, [], [{"eventVersion": "1.09"}]], ids=repr)
def test_an_element_that_is_no_object_is_rejected_with_its_place(element: object) -> None:
    events = [record("CreateVpc"), element, record("DeleteVpc")]
    for document in (events, {"Records": events}):
        decoded = opened(compact(document))
        (rejected,) = decoded.rejected
        assert (rejected.raw, rejected.reason, rejected.index) == (compact(element), Reason.NOT_AN_EVENT, 1)
        assert raws(decoded) == [compact(events[0]), compact(events[2])]


def test_detail_that_is_no_object_is_not_an_event() -> None:
    (rejected,) = opened(compact(bridge("text"))).rejected
    assert rejected.reason is Reason.NOT_AN_EVENT


def test_a_mixed_document_is_handled_element_by_element() -> None:
    mixed = [S3, record("CreateVpc"), bridge(record("DeleteVpc")), {"hello": 1}, {"digestS3Object": "o"}]
    decoded = opened(compact(mixed))
    assert decoded.labels == {"s3_notification": 1, "digest": 1}
    assert [rejected.index for rejected in decoded.rejected] == [3]
    assert raws(decoded) == [compact(record("CreateVpc")), compact(record("DeleteVpc"))]
    assert opened(compact({"Records": [record("CreateVpc"), S3]})).labels == {"s3_notification": 1}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b" \n\t", Reason.EMPTY),
        (b"\xef\xbb\xbf", Reason.EMPTY),
        (b"hello", Reason.NOT_JSON),
        (b",\n,", Reason.NOT_JSON),
        (b"\0\0\0\0", Reason.NOT_JSON),
        (b"H4sIAAAA!", Reason.NOT_JSON),
        (b"H4sIA", Reason.NOT_JSON),
        (b"\xff\xfe\xfd", Reason.NOT_UTF8),
        (b"PK\x03\x04", Reason.NOT_JSON),
    ],
    ids=repr,
)
def test_what_is_no_json_is_rejected_whole(data: bytes, reason: Reason) -> None:
    (rejected,) = opened(data).rejected
    assert (rejected.raw, rejected.reason) == (data, reason)
