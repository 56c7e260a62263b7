"""What one queue message asks to be done. Pure.

Keeps: everything that a message announces is fetched, passed over under a name that is counted, or not ours, which goes into
the quarantine; nothing is dropped without a trace.

Next: `s3_usual`, the message that nearly all are; `s3_notifications`, the forms of the others.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from trailwarden.aws import ObjectPlace
from trailwarden.errors import Reason, UnusableError
from trailwarden.model.log_key import parse_log_key
from trailwarden.sources.files_paths import readable
from trailwarden.sources.notification_members import NotANotification, shown
from trailwarden.sources.s3_notifications import Announced, read_notification
from trailwarden.sources.s3_objects import object_key
from trailwarden.sources.s3_usual import usual

_OTHER_KIND: Final = "/CloudTrail-"
"""Of what is delivered besides the events, each kind's folder is called so."""
_NOTHING: Final[Mapping[str, int]] = MappingProxyType({})


class Fetch(NamedTuple):
    """One object to be read. key: its name in the inventory."""

    at: ObjectPlace
    key: str

    def locator(self) -> str:
        """One line that leads back to the object."""
        return f"s3://{self.at.bucket}/{readable(self.at.key)}"

    def details(self) -> dict[str, str | int]:
        """Coordinates for the origin."""
        details: dict[str, str | int] = {"bucket": self.at.bucket, "key": self.at.key}
        if self.at.version is not None:
            details["version"] = self.at.version
        return details


class News(NamedTuple):
    """objects: to be read; unusable: for the quarantine, each with its name; passed_over: why -> how many."""

    objects: Sequence[Fetch] = ()
    unusable: Sequence[tuple[str, UnusableError]] = ()
    passed_over: Mapping[str, int] = _NOTHING


def sorted_out(body: str, buckets: Sequence[str], prefixes: Sequence[str]) -> News:
    """What a message's body asks for, given the buckets and key prefixes that are ours."""
    plain = usual(body)
    if plain is not None and plain.bucket in buckets and not _passed_over(plain.key, prefixes):
        return News((_fetch(plain),))
    try:
        said = read_notification(body)
    except NotANotification as fault:
        return News(unusable=[_not_ours(body, f"not a notification about S3 objects: {fault}")])
    passed: Counter[str] = Counter()
    if said.test:
        passed["test"] += 1
    if said.removed:
        passed["not_a_new_object"] += said.removed
    objects: list[Fetch] = []
    unusable: list[tuple[str, UnusableError]] = []
    for one in said.objects:
        why = _passed_over(one.key, prefixes)
        if one.bucket not in buckets:
            what = f"news of {shown(one.key)} in {one.bucket}, a bucket not configured"
            unusable.append(_not_ours(body, what, f"{one.bucket}/{one.key}"))
        elif why:
            passed[why] += 1
        else:
            objects.append(_fetch(one))
    return News(objects, unusable, passed)


def _fetch(one: Announced) -> Fetch:
    place = ObjectPlace(one.bucket, one.key, one.version, one.region)
    return Fetch(place, object_key(one.bucket, one.key, one.etag or one.version))


def _passed_over(key: str, prefixes: Sequence[str]) -> str:
    """Why a key is not fetched, "" where it is: digests and Insights are deliveries, too, and hold no events of the API."""
    if not key.startswith(tuple(prefixes)):
        return "other_prefix"
    if key.endswith("/"):
        return "folder"
    log = parse_log_key(key) if _OTHER_KIND in key else None
    return "" if log is None or log.kind == "CloudTrail" else "no_events"


def _not_ours(body: str, detail: str, about: str = "") -> tuple[str, UnusableError]:
    payload = body.encode("utf-8", "surrogatepass")
    digest = hashlib.sha256(payload + b"\0" + about.encode())
    return f"sqs:{digest.hexdigest()[:24]}", UnusableError(Reason.NOT_OURS, detail, payload)
