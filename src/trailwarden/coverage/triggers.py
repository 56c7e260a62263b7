"""Which alerts of the feed are a reason to ask AWS at once. Pure.

Keeps: what is done to a trail always is; what is done to a bucket or a key is, where it may be one of a trail's. As long as it is
not known which those are, any may be: to ask once too often costs a few calls.

Next: `trailwarden.app.coverage`, which asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from trailwarden.coverage.facts import AccountFacts, Failure
from trailwarden.model import Alert

ABOUT_PLACES: Final = frozenset({"trail-bucket-changed", "trail-key-changed"})
"""Rules of the pack `trail-tampering` that fire for every bucket and every key; the others speak of trails."""


def gives_reason(alert: Alert, triggers: frozenset[str], facts: Iterable[AccountFacts]) -> bool:
    """triggers: ids of the pack's rules; facts: what the last round brought, none before the first."""
    if alert.rule_id not in triggers:
        return False
    if alert.rule_id not in ABOUT_PLACES:
        return True
    places = _places(facts)
    return places is None or any(place in alert.document for place in places)


def _places(facts: Iterable[AccountFacts]) -> frozenset[bytes] | None:
    """Buckets and ids of keys of all trails, as an event names them; None where not all are known."""
    places: set[bytes] = set()
    asked = False
    for one in facts:
        asked = True
        if isinstance(one.trails, Failure):
            return None
        for trail in one.trails:
            if not trail.bucket:
                return None
            places.add(trail.bucket.encode())
            if trail.kms_key:
                places.add(trail.kms_key.rpartition("/")[2].encode())  # named by its ARN or by its id alone
    return frozenset(places) if asked else None
