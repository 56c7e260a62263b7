"""Many payloads in, an account of each out: what `inspect` says of each, sooner.

Keeps: what is said of a payload is what `inspect` says of it by itself. Where the compiled part is not certain of one, or cannot
be asked at all, `inspect` decides.

Small files are what CloudTrail writes, and a hand-over of the interpreter's lock costs as much as inspecting one: so those that
wait together are looked at in one call.

Next: `trailwarden.detection.inspection`, for one payload.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from trailwarden.decode import Limits, Looked
from trailwarden.detection.inspection import Inspection, decided, inspect
from trailwarden.detection.matcher import Matcher

TOGETHER: Final = 1024 * 1024
"""Bytes, as they came, of what is worth inspecting in one call: a hundred small files, ten milliseconds."""


def inspect_many(
    payloads: Sequence[bytes | memoryview], matcher: Matcher, limits: Limits, *, digest: bool = False
) -> list[Inspection]:
    """As `inspect` of each of them, in their order. Pure and thread-safe; raises only what is a bug of ours.

    Of a view nothing is kept: what must be kept of it is copied.
    """
    looked = matcher.look(tuple(payloads), limits, digest=digest)
    if looked is None:
        return [inspect(bytes(payload), matcher, limits, digest=digest) for payload in payloads]
    return [
        (found and _account_of(found, matcher)) or inspect(bytes(payload), matcher, limits, digest=digest)
        for payload, found in zip(payloads, looked, strict=True)
    ]


def _account_of(found: Looked, matcher: Matcher) -> Inspection | None:
    matches = decided(found.cuts, matcher) if found.cuts else []
    if matches is None:
        return None
    return Inspection(found.records, tuple(matches), (), {}, found.size, found.sha256)
