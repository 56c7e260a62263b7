"""The body of one queue message to the objects it announces, as S3, EventBridge and CloudTrail write it.

The same news comes in several forms, each of them plain or inside an SNS envelope. Which one it is shows in
the body itself; nothing has to be configured. No input or output happens here.

Keeps: `read_notification` returns what the whole message says or raises NotANotification, never another
exception; a key is the object's own, decoded where the form encodes it and left alone where it does not.

Next: `trailwarden.decode`, which reads the objects once they are fetched.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias
from urllib.parse import unquote_plus

import orjson

from trailwarden.sources.notification_members import (
    NotANotification,
    member,
    several,
    shown,
    text_of,
    utf8,
)

MAX_WRAPPERS: Final = 3
"""SNS envelopes around each other. One is usual, a topic that forwards to a topic makes two."""

_SIZES: Final = range(2**63)
BUCKET: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
"""Wider than today's rules, as old buckets have capitals and underscores; nothing that leads a URL elsewhere."""

_Object: TypeAlias = dict[str, Any]


class Announced(NamedTuple):
    """One new object, as far as the message describes it. `region` is the bucket's."""

    bucket: str
    key: str
    version: str | None
    etag: str | None
    size: int | None
    region: str | None


@dataclass(frozen=True, slots=True)
class Notification:
    """What one message says.

    `kind` is one of KINDS: the form that was found, inside whatever envelopes. `test` is the message by which
    S3 tries whether the queue can be reached. `removed` counts the records about anything but a new object:
    removals, expirations, new tags.
    """

    kind: str
    objects: tuple[Announced, ...]
    test: bool
    removed: int


def read_notification(body: bytes | str, limit: int = 1_048_576) -> Notification:
    """What the body announces, each object once, in the order of the message.

    The same key with another ETag or version counts as another object. Raises NotANotification, also for a body
    of more than `limit` bytes, and if only one of several records is damaged: half a message must not pass for
    all of it.
    """
    if _longer(body, limit):
        raise NotANotification(f"more than {limit} bytes")
    inner = _unwrapped(_object_of(body))
    for form in _FORMS:
        if form.mark in inner:
            return _notification(form, inner)
    if "Type" in inner:
        raise NotANotification(f"an SNS message of the type {shown(inner['Type'])}")
    raise NotANotification("an object of no known form")


def _notification(form: _Form, inner: _Object) -> Notification:
    found = form.read(inner)
    objects = tuple(dict.fromkeys(one for one in found if one is not None))
    return Notification(form.name, objects, test=form.test, removed=found.count(None))


# The way to the innermost object


def _longer(body: bytes | str, limit: int) -> bool:
    if len(body) > limit:
        return True
    return isinstance(body, str) and len(body.encode("utf-8", "surrogatepass")) > limit


def _unwrapped(body: _Object) -> _Object:
    """What is inside the SNS envelopes; the body itself if there are none."""
    for _ in range(MAX_WRAPPERS):
        if not _is_envelope(body):
            return body
        body = _object_of(member(body, "Message", str), "the SNS message")
    if _is_envelope(body):
        raise NotANotification(f"more than {MAX_WRAPPERS} SNS envelopes around each other")
    return body


def _is_envelope(body: _Object) -> bool:
    return body.get("Type") == "Notification" and "Message" in body


def _object_of(text: bytes | str, what: str = "the body") -> _Object:
    value = _parsed(text, what)
    if not isinstance(value, dict):
        raise NotANotification(f"{what} is JSON, but no object")
    return value


def _parsed(text: bytes | str, what: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass  # orjson is the stricter one: json also takes a BOM, UTF-16 and lone surrogates
    try:
        return json.loads(text)
    except RecursionError:
        raise NotANotification(f"{what} is nested too deeply") from None
    except UnicodeDecodeError as fault:
        raise NotANotification(f"{what} is not {fault.encoding} at byte {fault.start}") from None
    except ValueError as fault:  # also a number with more digits than Python converts
        raise NotANotification(f"{what} is not JSON: {fault}") from None


# The forms


class _Spelling(NamedTuple):
    """How a form writes an object's members."""

    version: str
    etag: str
    key: Callable[[str], str]


_Found: TypeAlias = list[Announced | None]
"""One for each record; None is a record about anything but a new object."""


def _s3(body: _Object) -> _Found:
    records = several(body, "Records", dict)
    # A CloudTrail log file has the same outer shape, and its records share most members with these.
    if not all("s3" in record for record in records):
        raise NotANotification("records without `s3`: a CloudTrail log file or another service's event")
    return [_s3_record(record) for record in records]


def _s3_record(record: _Object) -> Announced | None:
    source = text_of(record, "eventSource")
    if source is not None and not source.endswith(":s3"):
        raise NotANotification(f"a record of {shown(source)}, not of S3")
    version = text_of(record, "eventVersion")
    if version is not None and version.partition(".")[0] != "2":  # a new minor version only adds members
        raise NotANotification(f"an S3 record of the version {shown(version)}")
    # The prefix stands in the bucket's configuration; some stores that speak S3 send it too.
    if not member(record, "eventName", str).removeprefix("s3:").startswith("ObjectCreated:"):
        return None
    return _announced(member(record, "s3", dict), _S3, text_of(record, "awsRegion"))


def _eventbridge(body: _Object) -> _Found:
    news = member(body, "detail-type", str)
    source = text_of(body, "source")
    if source not in {None, "aws.s3"} or not news.startswith("Object "):
        raise NotANotification(f"an EventBridge event {shown(news)}, not about an S3 object")
    detail = member(body, "detail", dict)
    if news != "Object Created":
        return [None]
    return [_announced(detail, _EVENTBRIDGE, text_of(body, "region"))]


def _cloudtrail(body: _Object) -> _Found:
    bucket = _bucket(member(body, "s3Bucket", str))
    keys = several(body, "s3ObjectKey", str)
    return [Announced(bucket, _key(key), None, None, None, None) for key in keys]


def _test(body: _Object) -> _Found:
    if body["Event"] != "s3:TestEvent":
        raise NotANotification(f"an event {shown(body['Event'])}")
    return []


def _announced(where: _Object, spelling: _Spelling, region: str | None) -> Announced:
    """The object that the members `bucket` and `object` describe."""
    described = member(where, "object", dict)
    return Announced(
        bucket=_bucket(member(member(where, "bucket", dict), "name", str)),
        key=_key(spelling.key(member(described, "key", str))),
        version=text_of(described, spelling.version),
        etag=text_of(described, spelling.etag),
        size=_size(described),
        region=region,
    )


def _form_decoded(key: str) -> str:
    try:
        return unquote_plus(key, errors="strict")
    except UnicodeDecodeError:
        raise NotANotification(f"the key {shown(key)} does not decode to UTF-8") from None


_S3: Final = _Spelling(version="versionId", etag="eTag", key=_form_decoded)
_EVENTBRIDGE: Final = _Spelling(version="version-id", etag="etag", key=str)


class _Form(NamedTuple):
    name: str
    mark: str
    """The member that no other form has."""
    read: Callable[[_Object], _Found]
    test: bool = False


_FORMS: Final = (
    _Form("s3", "Records", _s3),
    _Form("eventbridge", "detail-type", _eventbridge),
    _Form("cloudtrail", "s3ObjectKey", _cloudtrail),
    _Form("s3-test", "Event", _test, test=True),
)
KINDS: Final = tuple(form.name for form in _FORMS)


def _size(described: _Object) -> int | None:
    size = described.get("size")
    if size is not None and (type(size) is not int or size not in _SIZES):  # True is an int to isinstance
        raise NotANotification("`size` is not a number of bytes")
    return size


def _bucket(name: str) -> str:
    if not BUCKET.fullmatch(name):
        raise NotANotification(f"{shown(name)} is no bucket's name")
    return name


def _key(key: str) -> str:
    if not key:
        raise NotANotification("an empty key")
    return utf8(key, "key")
