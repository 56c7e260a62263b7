"""Source `files`: a file, a directory of files, a spool that grows.

Keeps: a file is done when its checkpoint was committed with its alerts, and is not read again until its size or time
changes; then it is read whole again, which doubles nothing, because alert ids are derived. While it is being written
it is not read. One unreadable file or folder is a problem in the status, is tried again, and stops nothing.

Next: `trailwarden.sources.files_spool`, what is on the disk; `trailwarden.sources.files_batch`, how one file is read.
"""

from __future__ import annotations

import asyncio
import os
import stat
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from trailwarden.errors import ConfigError, Reason, SourceError
from trailwarden.model import Batch, Clock, Origin
from trailwarden.model.units import Duration, Size
from trailwarden.sources.base import SourceState, SourceStatus
from trailwarden.sources.files_batch import Answer, FileBatch, Found, why_unreadable
from trailwarden.sources.files_ledger import Ledger
from trailwarden.sources.files_paths import readable
from trailwarden.sources.files_spool import Selection, Spool
from trailwarden.sources.problems import Problems
from trailwarden.waiting import set_within

TEMPORARY: Final = (
    ".*",
    "*~",
    "*.tmp",
    "*.temp",
    "*.part",
    "*.partial",
    "*.filepart",
    "*.swp",
    "*.gz." + "[0-9a-fA-F]" * 8,
)
"""Names that are not meant for readers. The last is what `aws s3 sync` writes to before it renames."""
_SLICE: Final = 1024
"""Files found in one go: a thread is entered once for so many."""
_RESTS_FOR_WORK: Final = 10
"""A poll is followed by a pause of at least so many times its own length: looking costs a tenth of a core at the most."""
_TRIES_ONCE: Final = 3
"""Times that a file is tried when nothing is watched."""


def _usable(path: str) -> str:
    if not path or "\0" in path:
        raise ValueError("is empty or holds a null character; name a file or a directory")
    return path


class FilesSettings(BaseModel):
    """A source of kind `files`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", defer_build=True
    )  # asked as part of the whole only

    kind: Literal["files"]
    name: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Its name in output and metrics; checkpoints hang on it.",
    )
    path: Annotated[str, AfterValidator(_usable)] = Field(description="A file or a directory.")
    recursive: bool = Field(default=True, description="Folders below it, too.")
    follow: bool = Field(default=True, description="Keep watching; false: read what is there and finish.")
    include: tuple[str, ...] = Field(
        default=("*",), min_length=1, description="Shell patterns; only files with such names are read."
    )
    exclude: tuple[str, ...] = Field(
        default=TEMPORARY, description="Shell patterns; files and folders with such names are passed over."
    )
    max_file_size: Size = Field(
        default=256 * 1024 * 1024,
        ge=1,
        description="A larger file is not read and goes into quarantine, with a line that says so.",
    )
    settle: Duration = Field(
        default="2s",
        validate_default=True,
        ge=timedelta(0),
        description="How long a file must be unchanged before it is read, while watching.",
    )
    poll_interval: Duration = Field(
        default="1s", validate_default=True, gt=timedelta(0), description="Pause between two looks."
    )


class FilesSource:
    """Batches are files, in the order of their names. Checkpoint: key = `readable(path)`, value = `size:mtime_ns`."""

    kind = "files"

    def __init__(self, settings: FilesSettings, checkpoints: Mapping[str, str], clock: Clock) -> None:
        self.name = settings.name
        self._settings = settings
        self._checkpoints = checkpoints
        self._clock = clock
        self._root = os.path.abspath(settings.path)
        self._problems = Problems(settings.name)
        self._spool = self._new_spool()
        self._finished = False
        self._ready: deque[Found] = deque()
        self._answers: list[Answer] = []
        self._answered = asyncio.Event()
        self._closed = asyncio.Event()
        self._looking: asyncio.Task[list[Found]] | None = None

    def _new_spool(self) -> Spool:
        settings = self._settings
        ledger = Ledger(
            settle=settings.settle if settings.follow else timedelta(0),
            backoff=settings.poll_interval,
            max_tries=None if settings.follow else _TRIES_ONCE,
        )
        selection = Selection(settings.recursive, settings.include, settings.exclude)
        return Spool(self._root, selection, ledger, self._problems, self._clock)

    async def open(self) -> None:
        """Raises ConfigError where the path is neither a file nor a directory, and, when nothing is watched, SourceError
        where it cannot be read. While watching, a path that is missing is a problem in the status, and may come yet.
        """
        await asyncio.to_thread(self._check_root)
        await asyncio.to_thread(self._spool.ledger.remember, self._checkpoints)
        self._checkpoints = {}
        self._spool.begin()

    async def read(self, limit: int) -> Sequence[Batch]:
        """The next files, at once where some were found already. Empty after close(), and when nothing is watched and
        every file was answered for.
        """
        while not self._closed.is_set():
            if self._ready:
                batches = self._hand_out(limit)
                if len(self._ready) < limit and self._spool.passing:
                    self._begin_to_look()  # so that the next read finds what it needs
                return batches
            if self._answers or self._looking is not None or self._spool.passing:
                await self._look()
            elif not await self._more_to_come():
                self._finished = True
                break
        return ()

    def status(self) -> SourceStatus:
        spool = self._spool
        detail = f"{spool.ledger.in_flight} files are being dealt with"
        return SourceStatus(self._state(), spool.last_success, detail, self._problems.lines())

    async def close(self) -> None:
        self._closed.set()
        self._answered.set()
        if self._looking is not None:
            await asyncio.wait([self._looking])

    def _state(self) -> SourceState:
        if self._finished:
            return SourceState.FINISHED
        if self._spool.root_fault is not None:
            return SourceState.FAILING
        return SourceState.STARTING if self._spool.last_success is None else SourceState.RUNNING

    def _check_root(self) -> None:
        place = readable(self._root)
        try:
            mode = os.stat(self._root).st_mode
            if stat.S_ISDIR(mode):
                os.scandir(self._root).close()
            elif not stat.S_ISREG(mode):
                raise ConfigError(f"source {self.name}: {place} is neither a file nor a directory; name one")
        except OSError as fault:
            if not self._settings.follow:
                raise SourceError(Reason.UNREADABLE, why_unreadable(place, fault)) from fault

    def _hand_out(self, limit: int) -> list[Batch]:
        now = self._clock.now()
        settings = self._settings
        strict = settings.follow and bool(settings.settle)
        batches: list[Batch] = []
        while self._ready and len(batches) < limit:
            found = self._ready.popleft()
            origin = Origin(self.name, self.kind, readable(found.path))
            batches.append(FileBatch(found, origin, now, settings.max_file_size, strict, self._take_answer))
        return batches

    def _take_answer(self, answer: Answer) -> None:
        self._answers.append(answer)
        self._answered.set()

    async def _look(self) -> None:
        """One slice of a pass. A read that is cancelled leaves it running; the next read takes what it finds."""
        looking = self._begin_to_look()
        await asyncio.wait([looking])
        self._looking = None
        self._ready.extend(looking.result())

    def _begin_to_look(self) -> asyncio.Task[list[Found]]:
        if self._looking is None:
            answers, self._answers = self._answers, []
            self._answered.clear()
            self._looking = asyncio.create_task(asyncio.to_thread(self._spool.take, _SLICE, answers))
        return self._looking

    async def _more_to_come(self) -> bool:
        """Wait for a reason to look again; False when there will be none. Every answer so far has been noted."""
        if self._settings.follow:
            interval = self._settings.poll_interval.total_seconds()
            await self._pause(max(interval, _RESTS_FOR_WORK * self._spool.spent))
        elif self._spool.ledger.in_flight:
            await self._answered.wait()
            return True
        else:
            due = self._spool.ledger.next_try()
            if due is None:
                return False
            await self._pause((due - self._clock.now()).total_seconds())
        self._spool.begin()
        return True

    async def _pause(self, seconds: float) -> None:
        await set_within(self._closed, max(seconds, 0.001))
