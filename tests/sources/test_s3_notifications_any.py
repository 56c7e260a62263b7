"""Whatever a message holds: a key comes back as it was, and the rest is read or refused with a reason."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from tests.sources.notification_bodies import (
    bare,
    cloudtrail,
    cloudtrail_file,
    eventbridge,
    one,
    s3,
    s3_record,
    s3_test,
    sns,
)
from trailwarden.sources.notification_members import NotANotification
from trailwarden.sources.s3_notifications import (
    KINDS,
    read_notification,
)
from trailwarden.sources.s3_usual import usual

KEYS = st.text(min_size=1)


@given(KEYS, st.sampled_from(["", "/", "/*", "/!-_.*'()"]))
def test_an_encoded_key_comes_back(key: str, plain: str) -> None:
    body = json.dumps(s3(s3_record(quote_plus(key, safe=plain))))
    assert read_notification(body).objects == (one(key),)


@given(KEYS, st.booleans(), st.none() | st.sampled_from(["", "v1"]), st.none() | st.integers(0, 2**64))
def test_the_usual_message_is_read_the_quick_way_as_the_long_way_reads_it(
    key: str, encoded: bool, version: str | None, size: int | None
) -> None:
    written = quote_plus(key, safe="/") if encoded else key
    body = json.dumps(s3(s3_record(written, versionId=version, size=size)))
    found = usual(body)
    try:
        expected = read_notification(body)
    except NotANotification:
        assert found is None
    else:
        assert (found,) == expected.objects or (found is None and not encoded)


@given(KEYS)
def test_a_key_with_percent_for_space_comes_back(key: str) -> None:
    assert read_notification(json.dumps(s3(s3_record(quote(key))))).objects == (one(key),)


@given(KEYS, st.booleans())
def test_a_key_that_is_not_encoded_is_left_alone(key: str, wrapped: bool) -> None:
    for body, expected in ((eventbridge(key), one(key)), (cloudtrail(key), bare(key))):
        text = json.dumps(sns(body) if wrapped else body)
        assert read_notification(text).objects == (expected,)


def text_of(body: bytes | str) -> str:
    """As it stands in a message of the queue, which is text."""
    return body if isinstance(body, str) else body.decode("latin-1")


def attempt(body: bytes | str) -> None:
    """Read it. Either it is well formed, or there is a reason in one line. What the quick way reads is the same."""
    reason, notification = "", None
    try:
        notification = read_notification(body)
    except NotANotification as fault:
        reason = str(fault)
    if notification is None:
        assert 0 < len(reason) < 300
        assert reason.isprintable()
        assert usual(text_of(body)) is None
        return
    assert usual(text_of(body)) in (None, *notification.objects[:1])
    assert notification.kind in KINDS
    assert all(found.bucket and found.key.encode() for found in notification.objects)
    assert len(set(notification.objects)) == len(notification.objects)


@given(st.binary() | st.text(st.characters()))
def test_any_text_is_read_or_refused(body: bytes | str) -> None:
    attempt(body)


TEXTS = st.text(st.characters()) | st.sampled_from(
    [
        "Notification",
        "s3:TestEvent",
        "ObjectCreated:Put",
        "Object Created",
        "aws.s3",
        "%FF",
        "2.1",
        json.dumps(s3()),
    ]
)
NAMES = st.sampled_from(
    [
        *s3_record(),
        *s3_record()["s3"],
        *s3_record()["s3"]["object"],
        *eventbridge(),
        *cloudtrail(),
        *s3_test(),
        *["Records", "name", "Type", "Message"],
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(), inner, max_size=6),
)


@given(VALUES, st.booleans())
def test_any_json_is_read_or_refused(value: Any, wrapped: bool) -> None:
    attempt(json.dumps(sns(json.dumps(value)) if wrapped else value))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place inside a value: what holds it, and under which name or number."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    found: list[tuple[Any, Any]] = []
    for name, inner in items:
        found += [(value, name), *places(inner)]
    return found


@given(st.sampled_from([s3, eventbridge, cloudtrail, s3_test, cloudtrail_file]), st.data())
def test_a_message_with_any_damage_is_read_or_refused(form: Any, data: st.DataObject) -> None:
    body = form()
    holder, name = data.draw(st.sampled_from(places(body)))
    holder[name] = data.draw(VALUES)
    attempt(json.dumps(body))
    attempt(json.dumps(sns(body)))
