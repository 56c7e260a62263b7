"""Every form of a notification, plain and in envelopes, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sources.notification_bodies import (
    BUCKET,
    KEY,
    VERSION,
    bare,
    cloudtrail,
    cloudtrail_file,
    eventbridge,
    one,
    refusal,
    s3,
    s3_record,
    s3_test,
    sns,
)
from trailwarden.sources.notification_members import MAX_OBJECTS, NotANotification
from trailwarden.sources.s3_notifications import (
    KINDS,
    MAX_WRAPPERS,
    Announced,
    Notification,
    read_notification,
)

NEWS: list[tuple[str, dict[str, Any], str, tuple[Announced, ...], int]] = [
    ("s3", s3(), "s3", (one(),), 0),
    ("s3, versioned", s3(s3_record(versionId=VERSION)), "s3", (one(version=VERSION),), 0),
    ("s3, a version of null", s3(s3_record(versionId=None)), "s3", (one(),), 0),
    ("s3, the version named null", s3(s3_record(versionId="null")), "s3", (one(version="null"),), 0),
    (
        "s3, encoded",
        s3(s3_record("my+logs/Pr%C3%BCfung%2B1/a%3Db")),
        "s3",
        (one("my logs/Prüfung+1/a=b"),),
        0,
    ),
    ("s3, not encoded after all", s3(s3_record("Prüfung/100%/%zz")), "s3", (one("Prüfung/100%/%zz"),), 0),
    ("s3, multipart", s3(s3_record(name="ObjectCreated:CompleteMultipartUpload")), "s3", (one(),), 0),
    ("s3, with the prefix", s3(s3_record(name="s3:ObjectCreated:Copy")), "s3", (one(),), 0),
    ("s3, newer", s3(s3_record() | {"eventVersion": "2.6"}), "s3", (one(),), 0),
    ("s3, several", s3(s3_record("b"), s3_record("a"), s3_record("b")), "s3", (one("b"), one("a")), 0),
    (
        "s3, written twice",
        s3(s3_record(), s3_record(eTag="0" * 32)),
        "s3",
        (one(), Announced(BUCKET, KEY, None, "0" * 32, 2331, "eu-west-1")),
        0,
    ),
    (
        "s3, the least",
        {
            "Records": [
                {
                    "eventName": "ObjectCreated:Put",
                    "s3": {"bucket": {"name": BUCKET}, "object": {"key": KEY}},
                }
            ]
        },
        "s3",
        (bare(),),
        0,
    ),
    ("s3, removed", s3(s3_record(name="ObjectRemoved:Delete", size=None)), "s3", (), 1),
    ("s3, a delete marker", s3(s3_record(name="ObjectRemoved:DeleteMarkerCreated")), "s3", (), 1),
    ("s3, expired", s3(s3_record(name="LifecycleExpiration:Delete")), "s3", (), 1),
    ("s3, both", s3(s3_record(name="ObjectRemoved:Delete"), s3_record()), "s3", (one(),), 1),
    ("eventbridge", eventbridge(), "eventbridge", (one(),), 0),
    (
        "eventbridge, versioned",
        eventbridge(**{"version-id": VERSION}),
        "eventbridge",
        (one(version=VERSION),),
        0,
    ),
    ("eventbridge, nothing encoded", eventbridge("a+b%20c"), "eventbridge", (one("a+b%20c"),), 0),
    ("eventbridge, deleted", eventbridge(news="Object Deleted"), "eventbridge", (), 1),
    ("eventbridge, tagged", eventbridge(news="Object Tags Added"), "eventbridge", (), 1),
    ("cloudtrail", cloudtrail(), "cloudtrail", (bare(),), 0),
    ("cloudtrail, several", cloudtrail("b", "a", "b"), "cloudtrail", (bare("b"), bare("a")), 0),
    ("cloudtrail, nothing encoded", cloudtrail("a+b%20c"), "cloudtrail", (bare("a+b%20c"),), 0),
]


@pytest.mark.parametrize("envelopes", range(MAX_WRAPPERS + 1))
@pytest.mark.parametrize(
    ("body", "kind", "objects", "removed"), [news[1:] for news in NEWS], ids=[news[0] for news in NEWS]
)
def test_every_form_plain_and_in_envelopes(
    body: dict[str, Any], kind: str, objects: tuple[Announced, ...], removed: int, envelopes: int
) -> None:
    text = json.dumps(sns(body, envelopes) if envelopes else body)
    expected = Notification(kind, objects, test=False, removed=removed)
    assert read_notification(text) == expected
    assert read_notification(text.encode()) == expected
    assert kind in KINDS


@pytest.mark.parametrize("body", [s3_test(), sns(s3_test())])
def test_the_test_message(body: dict[str, Any]) -> None:
    assert read_notification(json.dumps(body)) == Notification("s3-test", (), test=True, removed=0)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_only_json_reads(encoding: str) -> None:
    body = json.dumps(s3(s3_record("Prüfung")), ensure_ascii=False).encode(encoding)
    assert read_notification(body).objects == (one("Prüfung"),)


def s3_with(where: str, value: Any) -> dict[str, Any]:
    """An S3 message with another value at a place like `s3.bucket.name`."""
    record = s3_record()
    *way, last = where.split(".")
    inner = record
    for name in way:
        inner = inner[name]
    inner[last] = value
    return s3(record)


REFUSED: list[tuple[Any, str]] = [
    ([], "the body is JSON, but no object"),
    ("Records", "the body is JSON, but no object"),
    (None, "the body is JSON, but no object"),
    ({}, "an object of no known form"),
    ({"Service": "Amazon S3", "Event": "s3:Else"}, "an event 's3:Else'"),
    ({"Event": 1}, "an event a number or a boolean"),
    (cloudtrail_file(), "a CloudTrail log file"),
    (s3(s3_record(), cloudtrail_file()["Records"][0]), "a CloudTrail log file"),
    ({"Records": []}, "`Records` has 0 entries"),
    ({"Records": {}}, "`Records` is an object, not a list"),
    ({"Records": [1]}, "an entry of `Records` is a number or a boolean, not an object"),
    (s3_with("eventSource", "s3.amazonaws.com"), "a record of 's3.amazonaws.com', not of S3"),
    (s3_with("eventVersion", "3.0"), "an S3 record of the version '3.0'"),
    (s3_with("eventVersion", 2), "`eventVersion` is a number or a boolean, not a text"),
    (s3_with("eventName", None), "`eventName` is missing, not a text"),
    (s3_with("awsRegion", ["eu-west-1"]), "`awsRegion` is a list, not a text"),
    (s3_with("s3", None), "`s3` is missing, not an object"),
    (s3_with("s3.bucket", BUCKET), "`bucket` is a text, not an object"),
    (s3_with("s3.bucket.name", 7), "`name` is a number or a boolean, not a text"),
    (s3_with("s3.bucket.name", ""), "'' is no bucket's name"),
    (s3_with("s3.bucket.name", ".."), "'..' is no bucket's name"),
    (s3_with("s3.bucket.name", "192.0.2.1/a"), "'192.0.2.1/a' is no bucket's name"),
    (s3_with("s3.bucket.name", "a\n"), r"'a\n' is no bucket's name"),
    (s3_with("s3.object", []), "`object` is a list, not an object"),
    (s3_with("s3.object.key", None), "`key` is missing, not a text"),
    (s3_with("s3.object.key", ""), "an empty key"),
    (s3_with("s3.object.key", "a%FF"), "the key 'a%FF' does not decode to UTF-8"),
    (s3_with("s3.object.key", "a%ED%A0%80"), "does not decode to UTF-8"),
    (s3_with("s3.object.key", "a\ud800"), r"`key` is not Unicode text: 'a\ud800'"),
    (s3_with("s3.object.versionId", 1), "`versionId` is a number or a boolean, not a text"),
    (s3_with("s3.object.eTag", {}), "`eTag` is an object, not a text"),
    (s3_with("s3.object.size", "2331"), "`size` is not a number of bytes"),
    (s3_with("s3.object.size", True), "`size` is not a number of bytes"),
    (s3_with("s3.object.size", -1), "`size` is not a number of bytes"),
    (s3_with("s3.object.size", 2.5), "`size` is not a number of bytes"),
    (s3_with("s3.object.size", 2**63), "`size` is not a number of bytes"),
    (s3_with("s3.object.size", float("nan")), "`size` is not a number of bytes"),
    (eventbridge(news="AWS API Call via CloudTrail"), "not about an S3 object"),
    (eventbridge() | {"source": "com.example"}, "not about an S3 object"),
    (eventbridge() | {"detail-type": 1}, "`detail-type` is a number or a boolean, not a text"),
    (eventbridge() | {"detail": "{}"}, "`detail` is a text, not an object"),
    (eventbridge(key=""), "an empty key"),
    (eventbridge(key="\udfff"), "`key` is not Unicode text"),
    (cloudtrail() | {"s3Bucket": None}, "`s3Bucket` is missing, not a text"),
    (cloudtrail() | {"s3ObjectKey": KEY}, "`s3ObjectKey` is a text, not a list"),
    (cloudtrail() | {"s3ObjectKey": []}, "`s3ObjectKey` has 0 entries"),
    (cloudtrail() | {"s3ObjectKey": [KEY, None]}, "an entry of `s3ObjectKey` is missing, not a text"),
    (cloudtrail(""), "an empty key"),
    (sns("CloudTrail validation message."), "the SNS message is not JSON"),
    (sns("[]"), "the SNS message is JSON, but no object"),
    (sns(s3()) | {"Message": s3()}, "`Message` is an object, not a text"),
    (
        sns(s3()) | {"Type": "SubscriptionConfirmation"},
        "an SNS message of the type 'SubscriptionConfirmation'",
    ),
    (sns(s3(), MAX_WRAPPERS + 1), "more than 3 SNS envelopes around each other"),
    (sns(cloudtrail_file()), "a CloudTrail log file"),
]


@pytest.mark.parametrize(("body", "reason"), REFUSED)
def test_refusals(body: Any, reason: str) -> None:
    assert reason in refusal(json.dumps(body))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is not JSON"),
        (b"\x1f\x8b\x08", "the body is not utf-8 at byte 1"),
        (b'{"Records":', "the body is not JSON"),
        (b"\xff\xfe\x00", "the body is not utf-16"),
        ("[" * 100_000, "the body is nested too deeply"),
        ('{"a":' * 100_000, "the body is nested too deeply"),
        ('{"Records":NaN}', "`Records` is a number or a boolean"),
        ('{"a":"\ud800"}', "no known form"),
        ("[Infinity," + "9" * 5000 + "]", "the body is not JSON"),
    ],
    ids=repr,
)
def test_refusals_of_texts(body: bytes | str, reason: str) -> None:
    assert reason in refusal(body)


def test_one_damaged_record_is_the_whole_message() -> None:
    assert "empty key" in refusal(json.dumps(s3(s3_record(), s3_record(""))))


@pytest.mark.parametrize("form", [lambda keys: s3(*map(s3_record, keys)), lambda keys: cloudtrail(*keys)])
def test_how_many_objects(form: Any) -> None:
    keys = [f"{number}.json.gz" for number in range(MAX_OBJECTS + 1)]
    assert len(read_notification(json.dumps(form(keys[:-1]))).objects) == MAX_OBJECTS
    assert "has 1001 entries, not 1 to 1000" in refusal(json.dumps(form(keys)))


def test_the_limit_counts_bytes() -> None:
    text = json.dumps(s3(s3_record("é")), ensure_ascii=False)
    size = len(text.encode())
    for body in (text, text.encode()):
        assert read_notification(body, limit=size).objects == (one("é"),)
        with pytest.raises(NotANotification, match=f"^more than {size - 1} bytes$"):
            read_notification(body, limit=size - 1)
    assert refusal(b" " * 1_048_577) == "more than 1048576 bytes"


def test_a_reason_is_short() -> None:
    assert len(refusal(json.dumps(s3_with("s3.object.key", "%FF" * 10_000)))) < 200
