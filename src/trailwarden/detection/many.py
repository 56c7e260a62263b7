"""Many payloads in, an account of each out: what `inspect` says of each, sooner.

Keeps: what is said of a payload is what `inspect` says of it by itself. Where the compiled part is not certain of one, or cannot
be asked at all, `inspect` decides.

Small files are what CloudTrail writes, and a hand-over of the interpreter's lock costs as much as inspecting one: so those that
wait together are looked at in one call.

Next: `trailwarden.detection.inspection`, for one payload.
"""

from __future__ import annotations

from collections.abc import Sequence

from trailwarden.decode import Limits, Looked, read_event
from trailwarden.detection.inspection import Inspection, Match, inspect
from trailwarden.detection.matcher import Matcher
from trailwarden.errors import DecodeError


def inspect_many(
    payloads: Sequence[bytes], matcher: Matcher, limits: Limits, *, digest: bool = False
) -> list[Inspection]:
    """As `inspect` of each of them, in their order. Pure and thread-safe; raises only what is a bug of ours."""
    looked = matcher.look(tuple(payloads), limits, digest=digest)
    if looked is None:
        return [inspect(payload, matcher, limits, digest=digest) for payload in payloads]
    return [
        (found and _decided(found, matcher)) or inspect(payload, matcher, limits, digest=digest)
        for payload, found in zip(payloads, looked, strict=True)
    ]


def _decided(found: Looked, matcher: Matcher) -> Inspection | None:
    """None where a record that was cut out is no JSON: splitting says what it is."""
    matches: list[Match] = []
    for index, raw in found.cuts:
        try:
            event = read_event(raw, index)
        except DecodeError:
            return None
        rules = matcher.rules_for(event.data)
        if rules:
            matches.append(Match(event, rules))
    return Inspection(found.records, tuple(matches), (), {}, found.size, found.sha256)
