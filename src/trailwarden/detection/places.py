"""From which accounts and Regions the events of a run are: what tells that a stream brings them.

Keeps: an event is parsed, never guessed at; and no more events than allowed, since most runs are not looked into otherwise.

Next: `trailwarden.coverage.arrivals`, which remembers them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trailwarden.decode import Limits, decompress, parse_event
from trailwarden.decode.split import split
from trailwarden.detection.fields import account, text
from trailwarden.errors import DecodeError, UnusableError

Place = tuple[str, str]
"""Account and Region."""


def places_of(payloads: Sequence[bytes | UnusableError], limits: Limits, most: int) -> frozenset[Place]:
    """Of at most `most` events, from the first payload on. Never raises for what the payloads hold."""
    found: set[Place] = set()
    for number, raw in enumerate(_events(payloads, limits)):
        if number >= most:
            break
        try:
            event = parse_event(raw)
        except DecodeError:
            continue
        owner, region = account(event, "recipientAccountId"), text(event, "awsRegion")
        if owner is not None and region:
            found.add((owner, region))
    return frozenset(found)


def _events(payloads: Sequence[bytes | UnusableError], limits: Limits) -> Iterator[bytes]:
    for payload in payloads:
        if isinstance(payload, UnusableError):
            continue
        try:
            content = decompress(payload, limits)
        except DecodeError:
            continue
        for block in split(content.data, limits).blocks:
            for raw in block.raws:
                yield bytes(raw)
