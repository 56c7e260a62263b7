"""A directory under test, a clock that is turned by hand, and a user without rights."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from trailwarden.sources.files_batch import Answer, Found, Result
from trailwarden.sources.files_ledger import Ledger
from trailwarden.sources.files_reading import Status, statuses
from trailwarden.sources.files_spool import Selection, Spool
from trailwarden.sources.problems import Problems

NOW = timedelta(0)
SETTLE = timedelta(seconds=2)
EVERYTHING = Selection(recursive=True, include=("*",), exclude=(".*", "*.tmp"))
NOBODY = 65534


@dataclass
class TurnedClock:
    """Starts at the real time, which the files bear; stands still but for `turn`."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.time

    def turn(self, by: timedelta) -> None:
        self.time += by


@dataclass
class Rig:
    """A spool on a directory; counts how often it looked at something."""

    root: Path
    settle: timedelta = SETTLE
    selection: Selection = EVERYTHING
    clock: TurnedClock = field(default_factory=TurnedClock)
    looks: int = 0

    def __post_init__(self) -> None:
        self.problems = Problems("spool")
        self.ledger = Ledger(self.settle, timedelta(seconds=1))
        self.spool = Spool(
            str(self.root), self.selection, self.ledger, self.problems, self.clock, self._look, self._looks
        )

    def _looks(self, paths: Sequence[str]) -> Sequence[Status | None]:
        self.looks += len(paths)
        seen = statuses(paths)
        self.looks -= sum(one is None for one in seen)  # those will be looked at by themselves
        return seen

    def _look(self, path: str) -> os.stat_result:
        self.looks += 1
        return os.stat(path)

    def found(self) -> list[Found]:
        """A whole pass."""
        self.spool.begin()
        found = self.spool.take(1_000_000, [])
        assert not self.spool.passing
        return found

    def names(self) -> list[str]:
        """What a whole pass found, relative to the root."""
        return [os.path.relpath(found.path, self.root) for found in self.found()]

    def answer(self, found: Found, result: Result = Result.DONE, why: str = "") -> None:
        self.spool.take(0, [Answer(found.path, found.version, result, why)])

    def done(self) -> list[str]:
        """A whole pass, all of it acked."""
        found = self.found()
        for one in found:
            self.answer(one)
        return [os.path.relpath(one.path, self.root) for one in found]

    def rest(self) -> None:
        """Let the files come to rest: one look, then time."""
        self.found()
        self.clock.turn(self.settle)


def age(path: Path, rig: Rig, by: timedelta) -> None:
    """Set the time of a file or folder back."""
    then = (rig.clock.now() - by).timestamp()
    os.utime(path, (then, then))


@contextlib.contextmanager
def folder_of_a_user() -> Iterator[Path]:
    """A directory whose owner is an ordinary user, and this process as that user: root may read everything."""
    folder = tempfile.mkdtemp(prefix="trailwarden-test-")
    was = os.geteuid()
    try:
        if was == 0:
            os.chown(folder, NOBODY, NOBODY)
            os.seteuid(NOBODY)
        yield Path(folder)
    finally:
        os.seteuid(was)
        shutil.rmtree(folder)
