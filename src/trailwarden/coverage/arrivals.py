"""What has arrived last from each place, for each account and Region: what binding and freshness are judged by.

Keeps: bounded, whatever the keys are; a key that is not of CloudTrail's form is no proof of anything.

Next: `binding`, `freshness`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from trailwarden.coverage.binding import Arrived, Streamed
from trailwarden.model.log_key import LogKey, parse_log_key

MAX_PLACES: Final = 10_000
"""Places told apart; the one that was quiet longest is forgotten first."""
_STREAM: Final = "@"
"""Before a stream's name, where it is kept: no bucket begins so."""
_Place = tuple[str, str, str, str, str, str]


class Arrivals:
    """The latest object of each place. Of one loop; not thread-safe."""

    def __init__(self) -> None:
        self._latest: OrderedDict[_Place, tuple[str, Arrived]] = OrderedDict()
        self._streams: OrderedDict[tuple[str, str, str], Streamed] = OrderedDict()

    def note(self, bucket: str, key: str, at: datetime) -> None:
        """An object came and was dealt with. at: when it reached us."""
        parsed = parse_log_key(key)
        if parsed is not None:
            self._keep(Arrived(bucket, parsed, at), key)

    def note_event(self, stream: str, account: str, region: str, at: datetime) -> None:
        """An event of that account and Region came in a stream. at: when it reached us."""
        key = stream, account, region
        self._streams[key] = Streamed(stream, account, region, at)
        self._streams.move_to_end(key)
        while len(self._streams) > MAX_PLACES:
            self._streams.popitem(last=False)

    def latest(self) -> Sequence[Arrived]:
        """One for each place."""
        return [arrived for _, arrived in self._latest.values()]

    def everything(self) -> Sequence[Arrived | Streamed]:
        """Likewise, and one for each stream, account and Region."""
        return [*self.latest(), *self._streams.values()]

    def as_json(self) -> list[list[str]]:
        """To be kept over a restart."""
        objects = [[one.bucket, key, one.at.isoformat()] for key, one in self._latest.values()]
        events = [
            [f"{_STREAM}{one.stream}", f"{one.account}/{one.region}", one.at.isoformat()]
            for one in self._streams.values()
        ]
        return objects + events

    def restore(self, kept: Any) -> None:
        """From as_json(); what does not look like it is left out."""
        for bucket, key, at in _rows(kept):
            try:
                moment = datetime.fromisoformat(at)
            except ValueError:
                continue
            moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
            if bucket.startswith(_STREAM):
                account, _, region = key.partition("/")
                self.note_event(bucket.removeprefix(_STREAM), account, region, moment)
            else:
                self.note(bucket, key, moment)

    def _keep(self, arrived: Arrived, key: str) -> None:
        place = _place(arrived.bucket, arrived.key)
        before = self._latest.get(place)
        if before is not None and before[1].key.delivered > arrived.key.delivered:
            key = before[0]  # an older file that came late: the place lives, its latest file is the other one
            arrived = Arrived(arrived.bucket, before[1].key, max(arrived.at, before[1].at))
        self._latest[place] = (key, arrived)
        self._latest.move_to_end(place)
        while len(self._latest) > MAX_PLACES:
            self._latest.popitem(last=False)


def _place(bucket: str, key: LogKey) -> _Place:
    return bucket, key.prefix, key.organization, key.account, key.region, key.kind


def _rows(kept: Any) -> Iterable[tuple[str, str, str]]:
    for row in kept if isinstance(kept, list) else ():
        if isinstance(row, list) and len(row) == 3 and all(isinstance(one, str) for one in row):
            yield row[0], row[1], row[2]


def origin_place(details: Mapping[str, str | int]) -> tuple[str, str] | None:
    """Bucket and key of an origin, where it has them."""
    bucket, key = details.get("bucket"), details.get("key")
    return (bucket, key) if isinstance(bucket, str) and isinstance(key, str) else None
