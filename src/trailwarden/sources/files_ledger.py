"""What is known of each file: done in which version, in flight, not at rest yet, to be tried again. Pure.

Keeps: a file that was not acked in its present version is handed out again sooner or later, and never twice at once.

Memory: a file that is done costs its name, its version and a place in a dict: 230 MB for a million files with the names
of CloudTrail. What is gone from the disk is forgotten.

Next: `trailwarden.sources.files_spool`, which looks at the disk and asks here what to do.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from trailwarden.sources.files_batch import Answer, Result, Version
from trailwarden.sources.files_paths import path_of

CLOCK_SKEW: Final = timedelta(minutes=1)
"""How far the clock of a file server may be off: a file's own time is believed only when it is older than that."""
YOUNG: Final = timedelta(minutes=5)
"""A file that changed so recently may well grow again: it is looked at in each poll, others once a minute."""
STALLED: Final = timedelta(minutes=5)
"""A file that has not come to rest for so long is a problem that is shown."""
MAX_BACKOFF: Final = timedelta(minutes=1)
NEVER: Final = datetime.max.replace(tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_YOUNG_NS: Final = YOUNG // _MICROSECOND * 1000
_NONE: Final[Mapping[str, str]] = {}


@dataclass(slots=True)
class _Moving:
    """A file that has not rested yet. since: when this version was first seen; first: when any was."""

    version: Version
    since: datetime
    first: datetime


@dataclass(slots=True)
class _Retry:
    """tries: how many failed; due: when it may be tried again."""

    tries: int
    due: datetime


@dataclass(slots=True)
class Ledger:
    """settle: how long a file must be unchanged; backoff: before the second try, doubled each time; max_tries: None: no end."""

    settle: timedelta
    backoff: timedelta
    max_tries: int | None = None
    _done: dict[str, dict[str, str]] = field(default_factory=dict)
    _in_flight: set[str] = field(default_factory=set)
    _moving: dict[str, _Moving] = field(default_factory=dict)
    _retries: dict[str, _Retry] = field(default_factory=dict)
    _young: set[str] = field(default_factory=set)
    _moment: datetime | None = None
    _ns: int = 0

    def remember(self, checkpoints: Mapping[str, str]) -> None:
        """What was done before this start: key -> version, as `Checkpoint` has them."""
        for key, version in checkpoints.items():
            folder, name = _parted(path_of(key))
            self._done.setdefault(folder, {})[name] = version

    def names_done(self, folder: str) -> Collection[str]:
        """The names in a folder that were done, in some version."""
        return self._done.get(folder, {})

    def is_wanted(self, path: str, version: Version, now: datetime) -> bool:
        """Whether this file is to be read now. If so it is in flight from here on, until its answer."""
        if path in self._in_flight:
            return False
        folder, name = _parted(path)
        done = self._done.get(folder, _NONE).get(name)
        if done is not None and done == version.text:
            self._rests(path, version, now)
            return False
        retry = self._retries.get(path) if self._retries else None
        if retry is not None and now < retry.due:
            return False
        if not self._has_rested(path, version, now):
            return False
        self._moving.pop(path, None)
        self._in_flight.add(path)
        return True

    def take(self, answer: Answer, now: datetime) -> None:
        """What became of a file that was in flight."""
        path = answer.path
        self._in_flight.discard(path)
        if answer.result is Result.FAILED or (answer.result is Result.CHANGED and not self.settle):
            self._retries[path] = self._next_try(path, now)
            return
        if answer.result is Result.CHANGED:
            self._moving[path] = _Moving(answer.version, now, now)
            return
        self._retries.pop(path, None)
        if answer.result is Result.DONE:
            folder, name = _parted(path)
            self._done.setdefault(folder, {})[name] = answer.version.text
            self._rests(path, answer.version, now)

    def again(self, now: datetime) -> list[str]:
        """Files to look at in every poll: those not at rest, those whose next try is due, and the young ones."""
        due = [path for path, retry in self._retries.items() if retry.due <= now]
        return [*self._moving, *due, *self._young]

    def stalled(self, now: datetime) -> Iterator[str]:
        """Files that have been waiting for rest for too long."""
        return (path for path, moving in self._moving.items() if now - moving.first >= STALLED)

    def next_try(self) -> datetime | None:
        """When the earliest failed file may be tried again; None when there is none to be tried."""
        due = min((retry.due for retry in self._retries.values()), default=NEVER)
        return due if due < NEVER else None

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def forget(self, path: str) -> None:
        """There is no such file now. (What is in flight stays so until its answer.)"""
        folder, name = _parted(path)
        self._done.get(folder, {}).pop(name, None)
        self._moving.pop(path, None)
        self._retries.pop(path, None)
        self._young.discard(path)

    def keep_only(self, folder: str, names: Iterable[str]) -> None:
        """These names are all that a folder holds now."""
        for name in self._done.get(folder, {}).keys() - names:
            self.forget(os.path.join(folder, name))

    def forget_outside(self, folders: Collection[str]) -> None:
        """These are all the folders that there are now."""
        for folder in self._done.keys() - folders:
            for name in list(self._done[folder]):
                self.forget(os.path.join(folder, name))
            del self._done[folder]

    def _has_rested(self, path: str, version: Version, now: datetime) -> bool:
        if not self.settle or now - moment_of(version.mtime_ns) >= self.settle + CLOCK_SKEW:
            return True
        moving = self._moving.get(path)
        if moving is None:
            self._moving[path] = _Moving(version, now, now)
            return False
        if moving.version != version or now < moving.since:
            moving.version, moving.since = version, now
        return now - moving.since >= self.settle

    def _rests(self, path: str, version: Version, now: datetime) -> None:
        """It is done as it is."""
        self._moving.pop(path, None)
        self._retries.pop(path, None)
        if version.mtime_ns > self._nanoseconds(now) - _YOUNG_NS:
            self._young.add(path)
        else:
            self._young.discard(path)

    def _nanoseconds(self, now: datetime) -> int:
        """Since 1970. The same moment is asked for once for each file."""
        if now is not self._moment:
            self._moment, self._ns = now, (now - _EPOCH) // _MICROSECOND * 1000
        return self._ns

    def _next_try(self, path: str, now: datetime) -> _Retry:
        known = self._retries.get(path)
        tries = 1 if known is None else known.tries + 1
        if self.max_tries is not None and tries >= self.max_tries:
            return _Retry(tries, NEVER)
        return _Retry(tries, now + min(self.backoff * 2 ** min(tries - 1, 10), MAX_BACKOFF))


def _parted(path: str) -> tuple[str, str]:
    """Folder and name, as `os.path.split` has them for a path that names a file."""
    folder, _, name = path.rpartition(os.sep)
    return folder or os.sep, name


def moment_of(mtime_ns: int) -> datetime:
    """A file's time; beyond what a datetime holds, as far as it goes."""
    try:
        return _EPOCH + timedelta(microseconds=mtime_ns // 1000)
    except OverflowError:
        return NEVER if mtime_ns > 0 else _EPOCH
