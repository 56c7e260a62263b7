"""Which changes of a verdict are announced. Pure: the time comes in.

Keeps: a gap is announced at once; everything else, recovery too, once it has lasted for `hold`. So the last thing that was
announced is what holds or soon will be, and of a verdict that flaps at most one gap is announced per `hold`: between two of
them a recovery has lasted that long.

Next: what is announced becomes an alert, through the same outbox as any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from trailwarden.coverage.conditions import State


@dataclass(frozen=True, slots=True)
class Announced:
    """What was last announced of one account and Region, and what was seen since.

    state: as announced, None before the first; other: what has been seen in its place since `since` without a break.
    """

    state: State | None = None
    other: State | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """To be announced now. before: None for the first verdict."""

    before: State | None
    after: State


def damped(last: Announced, seen: State, now: datetime, hold: timedelta) -> tuple[Announced, Change | None]:
    """What to remember after seeing a state, and the change to announce, if any.

    That it is `verified` at the start is no news and is remembered in silence.
    """
    if seen is last.state or (last.state is None and seen is State.VERIFIED):
        return Announced(seen), None
    # A clock that was set back must not make it wait for the time that it had shown.
    since = min(last.since, now) if last.other is seen and last.since is not None else now
    if seen is State.GAP or now - since >= hold:
        return Announced(seen), Change(last.state, seen)
    return Announced(last.state, seen, since), None
