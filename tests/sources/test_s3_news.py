"""What a message asks for: each announced object is fetched, passed over by name, or not ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sources.notification_bodies import (
    BUCKET,
    ETAG,
    KEY,
    VERSION,
    cloudtrail,
    cloudtrail_file,
    eventbridge,
    s3,
    s3_record,
    s3_test,
    sns,
)
from trailwarden.errors import Reason
from trailwarden.sources.s3_news import News, sorted_out

DIGEST = (
    "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/01/01/"
    "111122223333_CloudTrail-Digest_eu-west-1_trail_eu-west-1_20260101T000500Z.json.gz"
)
INSIGHT = KEY.replace("CloudTrail", "CloudTrail-Insight")


def news(body: Any, prefixes: tuple[str, ...] = ("",), buckets: tuple[str, ...] = (BUCKET,)) -> News:
    return sorted_out(body if isinstance(body, str) else json.dumps(body), buckets, prefixes)


def fetched(said: News) -> list[str]:
    return [one.at.key for one in said.objects]


@pytest.mark.parametrize("body", [s3(), eventbridge(), cloudtrail(), sns(s3()), sns(cloudtrail(), 2)])
def test_every_form_announces_its_object(body: dict[str, Any]) -> None:
    said = news(body)
    assert fetched(said) == [KEY]
    assert said.objects[0].at.bucket == BUCKET
    assert not said.unusable
    assert not said.passed_over


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (DIGEST, "no_events"),
        (INSIGHT, "no_events"),
        ("AWSLogs/", "folder"),
        ("other/" + KEY, ""),
        ("anything.json", ""),
        ("AWSLogs/111122223333/CloudTrail-Digest/notes.txt", ""),
    ],
)
def test_a_delivery_without_events_is_counted_and_not_fetched(key: str, why: str) -> None:
    said = news(cloudtrail(key))
    assert dict(said.passed_over) == ({why: 1} if why else {})
    assert fetched(said) == ([] if why else [key])


@pytest.mark.parametrize(
    ("prefixes", "wanted"),
    [
        (("",), True),
        (("AWSLogs/",), True),
        (("other/", "AWSLogs/1111"), True),
        (("other/",), False),
        (("awslogs/",), False),
        ((KEY + "x",), False),
    ],
)
def test_only_keys_with_a_configured_prefix_are_fetched(prefixes: tuple[str, ...], wanted: bool) -> None:
    said = news(s3(), prefixes)
    assert fetched(said) == ([KEY] if wanted else [])
    assert dict(said.passed_over) == ({} if wanted else {"other_prefix": 1})


def test_a_test_event_and_removals_are_counted() -> None:
    said = news(s3_test())
    assert (list(said.objects), list(said.unusable), dict(said.passed_over)) == ([], [], {"test": 1})
    removed = s3_record(name="ObjectRemoved:Delete")
    assert news(s3(removed, s3_record(), removed)).passed_over == {"not_a_new_object": 2}


@pytest.mark.parametrize("bucket", ["example-trail2", "Example-Trail", "xample-trail"])
def test_news_of_another_bucket_is_not_ours(bucket: str) -> None:
    said = news(s3(), buckets=(bucket,))
    ((key, fault),) = said.unusable
    assert not said.objects
    assert fault.reason is Reason.NOT_OURS
    assert BUCKET in fault.detail
    assert fault.payload == json.dumps(s3()).encode()
    assert key.startswith("sqs:")


def test_of_one_message_what_is_ours_is_fetched_and_the_rest_is_not_ours() -> None:
    foreign = s3_record("a")
    foreign["s3"]["bucket"]["name"] = "foreign"
    second = json.loads(json.dumps(foreign).replace('"a"', '"b"'))
    said = news(s3(foreign, s3_record(), second))
    assert fetched(said) == [KEY]
    assert len({key for key, _ in said.unusable}) == 2


def test_a_long_foreign_key_is_not_shown_at_length() -> None:
    foreign = s3_record("x" * 900 + "%0A")
    foreign["s3"]["bucket"]["name"] = "foreign"
    ((_, fault),) = news(s3(foreign)).unusable
    assert len(fault.detail) < 200
    assert fault.detail.isprintable()


@pytest.mark.parametrize("body", ["", "hello", "[]", "{}", '"\ud800"', cloudtrail_file(), {"Records": []}])
def test_what_is_no_notification_is_not_ours_and_kept_whole(body: Any) -> None:
    ((_, fault),) = news(body).unusable
    text = body if isinstance(body, str) else json.dumps(body)
    assert (fault.reason, fault.payload) == (Reason.NOT_OURS, text.encode("utf-8", "surrogatepass"))


def test_the_same_foreign_message_has_the_same_name() -> None:
    assert news("hello").unusable[0][0] == news("hello").unusable[0][0]
    assert news("hello").unusable[0][0] != news("hallo").unusable[0][0]


def test_an_object_is_named_by_its_etag_or_version() -> None:
    (one,) = news(s3(s3_record(versionId=VERSION))).objects
    assert one.key == f"s3://{BUCKET}/{KEY}#{ETAG}"
    assert one.at.version == VERSION
    assert one.details() == {"bucket": BUCKET, "key": KEY, "version": VERSION}
    (one,) = news(s3(s3_record(versionId=VERSION, eTag=None))).objects
    assert one.key == f"s3://{BUCKET}/{KEY}#{VERSION}"
    (one,) = news(cloudtrail()).objects
    assert one.key == f"s3://{BUCKET}/{KEY}"
    assert one.details() == {"bucket": BUCKET, "key": KEY}


@pytest.mark.parametrize(
    ("key", "locator"),
    [("a#b", "a#b"), ("a b", "a b"), ("a\nb", "a\\x0ab"), ("a\u202eb", "a\\u202eb")],
)
def test_a_locator_is_one_line_and_leads_to_the_object(key: str, locator: str) -> None:
    (one,) = news(cloudtrail(key)).objects
    assert one.locator() == f"s3://{BUCKET}/{locator}"
    assert one.at.key == key
