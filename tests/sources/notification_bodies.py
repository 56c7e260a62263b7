"""Messages as S3, EventBridge, CloudTrail and SNS write them, and what they announce."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trailwarden.sources.notification_members import NotANotification
from trailwarden.sources.s3_notifications import (
    Announced,
    read_notification,
)

BUCKET = "example-trail"
KEY = (
    "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/01/01/"
    "111122223333_CloudTrail_eu-west-1_20260101T0005Z_AbCdEfGhIjKlMnOp.json.gz"
)
ETAG = "63d8a1f2c0b94e7d8a6f5c3b2e1d0f9a"
VERSION = "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY"


def s3_record(key: str = KEY, name: str = "ObjectCreated:Put", **described: Any) -> dict[str, Any]:
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-01-01T00:05:00.123Z",
        "eventName": name,
        "userIdentity": {"principalId": "AWS:AROAEXAMPLE:delivery"},
        "requestParameters": {"sourceIPAddress": "192.0.2.1"},
        "responseElements": {"x-amz-request-id": "C3D13FE58DE4C810", "x-amz-id-2": "FMyUVURIY8"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "trail-to-queue",
            "bucket": {
                "name": BUCKET,
                "ownerIdentity": {"principalId": "A1EXAMPLE"},
                "arn": f"arn:aws:s3:::{BUCKET}",
            },
            "object": {
                "key": key,
                "size": 2331,
                "eTag": ETAG,
                "sequencer": "0055AED6DCD90281E5",
                **described,
            },
        },
    }


def s3(*records: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(records or [s3_record()])}


def eventbridge(key: str = KEY, news: str = "Object Created", **described: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": news,
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-01-01T00:05:00Z",
        "region": "eu-west-1",
        "resources": [f"arn:aws:s3:::{BUCKET}"],
        "detail": {
            "version": "0",
            "bucket": {"name": BUCKET},
            "object": {
                "key": key,
                "size": 2331,
                "etag": ETAG,
                "sequencer": "0055AED6DCD90281E5",
                **described,
            },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "111122223333",
            "source-ip-address": "192.0.2.1",
            "reason": "PutObject",
        },
    }


def cloudtrail(*keys: str) -> dict[str, Any]:
    return {"s3Bucket": BUCKET, "s3ObjectKey": list(keys or [KEY])}


def s3_test() -> dict[str, Any]:
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": "2026-01-01T00:00:00.000Z",
        "Bucket": BUCKET,
        "RequestId": "5582815E1AEA5ADF",
        "HostId": "8cLeGAmw098X5cv4Zkwcmo8vvZa3eH3eKxsPzbB9wrR",
    }


def sns(message: dict[str, Any] | str, times: int = 1) -> dict[str, Any]:
    text = message if isinstance(message, str) else json.dumps(message)
    envelope = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:eu-west-1:111122223333:trail",
        "Subject": "Amazon S3 Notification",
        "Message": text,
        "Timestamp": "2026-01-01T00:05:01.000Z",
        "SignatureVersion": "1",
        "Signature": "EXAMPLE==",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/cert.pem",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
        "MessageAttributes": {"k": {"Type": "String", "Value": "v"}},
    }
    return envelope if times == 1 else sns(envelope, times - 1)


def cloudtrail_file() -> dict[str, Any]:
    record = {
        "eventVersion": "1.11",
        "eventSource": "s3.amazonaws.com",
        "eventName": "PutObject",
        "awsRegion": "eu-west-1",
        "eventTime": "2026-01-01T00:05:00Z",
        "userIdentity": {"type": "AWSService"},
        "requestParameters": {"bucketName": BUCKET, "key": KEY},
        "responseElements": None,
    }
    return {"Records": [record, record]}


def one(key: str = KEY, version: str | None = None) -> Announced:
    return Announced(BUCKET, key, version, ETAG, 2331, "eu-west-1")


def bare(key: str = KEY) -> Announced:
    return Announced(BUCKET, key, None, None, None, None)


def refusal(body: bytes | str) -> str:
    with pytest.raises(NotANotification) as caught:
        read_notification(body)
    return str(caught.value)
