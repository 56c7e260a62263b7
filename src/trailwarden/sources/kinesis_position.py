"""Where a shard was left: what stands in a checkpoint, and where reading goes on from it. Pure.

Keeps: a position says of everything before it that it was dealt with. What cannot be said exactly is said of less: to read
something twice is harmless.

Rules: Kinesis API reference, GetShardIterator; the words of the Kinesis Client Library for what is no sequence number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson

TRIM_HORIZON: Final = "TRIM_HORIZON"
LATEST: Final = "LATEST"
AT_TIMESTAMP: Final = "AT_TIMESTAMP"
SHARD_END: Final = "SHARD_END"
_WORDS: Final = frozenset({TRIM_HORIZON, LATEST, AT_TIMESTAMP, SHARD_END})


@dataclass(frozen=True, slots=True)
class Position:
    """at: the last sequence number that was dealt with, or one of the four words.

    inside: number of the part of an aggregated record up to which it was; since: with AT_TIMESTAMP; through: whatever arrived
    before that time was dealt with, None where nothing is known of it.
    """

    at: str
    inside: int = 0
    since: datetime | None = None
    through: datetime | None = None

    @property
    def ended(self) -> bool:
        """The shard was read to its end, and everything of it was dealt with."""
        return self.at == SHARD_END

    @property
    def is_number(self) -> bool:
        """A sequence number, and none of the words."""
        return self.at not in _WORDS

    def iterator(self) -> dict[str, Any]:
        """Arguments of GetShardIterator. An aggregated record that was dealt with in part is read again as a whole."""
        if self.at == AT_TIMESTAMP and self.since is not None:
            return {"ShardIteratorType": AT_TIMESTAMP, "Timestamp": self.since}
        if self.at in (TRIM_HORIZON, AT_TIMESTAMP, SHARD_END):
            return {"ShardIteratorType": TRIM_HORIZON}
        if self.at == LATEST:
            return {"ShardIteratorType": LATEST}
        kind = "AT_SEQUENCE_NUMBER" if self.inside else "AFTER_SEQUENCE_NUMBER"
        return {"ShardIteratorType": kind, "StartingSequenceNumber": self.at}


def at_time(moment: datetime) -> Position:
    """What arrived from then on."""
    return Position(AT_TIMESTAMP, since=moment, through=moment)


def first_position(start: str | datetime, closed: bool, now: datetime, begun: bool) -> Position:
    """Where to begin with a shard of which nothing is known.

    begun: this is not the very first look at the stream; then a shard that is new came by resharding, and is read whole.
    `latest` is the time of the first start, so that a stop before the first record leaves nothing out.
    """
    if begun or start == "trim_horizon":
        return Position(TRIM_HORIZON)
    if isinstance(start, datetime):
        return at_time(start)
    return Position(SHARD_END) if closed else at_time(now)


def trimmed(position: Position, now: datetime, retention: timedelta) -> tuple[datetime, datetime] | None:
    """From when until when records may have been removed by the stream before they were read; None where none were."""
    if position.ended or position.through is None or now - position.through <= retention:
        return None
    return position.through, now - retention


def written(position: Position) -> str:
    """As the store keeps it."""
    document: dict[str, Any] = {"at": position.at}
    if position.inside:
        document["inside"] = position.inside
    for name, moment in (("since", position.since), ("through", position.through)):
        if moment is not None:
            document[name] = moment.isoformat()
    return orjson.dumps(document).decode()


def read(value: str) -> Position | None:
    """What was written; None where it is something else."""
    try:
        document = orjson.loads(value)
        return Position(
            at=str(document["at"]),
            inside=int(document.get("inside", 0)),
            since=_moment(document.get("since")),
            through=_moment(document.get("through")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
