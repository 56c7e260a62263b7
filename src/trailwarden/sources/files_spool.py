"""The walk over a directory: what is there, and which of it is to be read now. Blocking; runs in a thread.

Keeps: a look costs what has changed and not what is there. A folder is listed again only when its own time changed, a
file that is done is looked at again only while it is young; once a minute everything is looked at all the same, for
file systems whose folders keep no time. A link is followed, and a loop of links ends: no folder is entered twice in a pass.

Next: `trailwarden.sources.files`, the source around it.
"""

from __future__ import annotations

import fnmatch
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple

import structlog

from trailwarden.model import Clock
from trailwarden.sources.files_batch import Answer, Found, Result, Version, why_unreadable
from trailwarden.sources.files_ledger import STALLED, Ledger, moment_of
from trailwarden.sources.files_paths import readable
from trailwarden.sources.files_reading import GROUP, Status, statuses
from trailwarden.sources.problems import Problems

log = structlog.get_logger(__name__)

FULL_EVERY: Final = timedelta(minutes=1)
_COARSE: Final = timedelta(seconds=2)
"""The coarsest step of a folder's own time (FAT): within it a second change may leave no trace."""


class Selection(NamedTuple):
    """Which names count. recursive: folders below, too; exclude: of files and folders; include: of files."""

    recursive: bool
    include: tuple[str, ...]
    exclude: tuple[str, ...]


class _Folder(NamedTuple):
    """stamp: its own time when it was listed, None where that proves nothing; folders: names of those in it."""

    stamp: int | None
    folders: list[str]


class Spool:
    """A directory (or a single file) that is looked at in passes. One thread at a time."""

    def __init__(
        self,
        root: str,
        selection: Selection,
        ledger: Ledger,
        problems: Problems,
        clock: Clock,
        look: Callable[[str], os.stat_result] = os.stat,
        look_together: Callable[[Sequence[str]], Sequence[Status | None]] = statuses,
    ) -> None:
        self.ledger = ledger
        self.root_fault: OSError | None = None
        self.last_success: datetime | None = None
        """When a pass over a readable root ended."""
        self.spent = 0.0
        """Seconds of processor time that the latest pass took."""
        self._root = root
        self._recursive = selection.recursive
        self._included = _any_of(selection.include)
        self._excluded = _any_of(selection.exclude)
        self._problems = problems
        self._clock = clock
        self._look = look
        self._look_together = look_together
        self._folders: dict[str, _Folder] = {}
        self._faulty: set[str] = set()
        self._vanished: set[str] = set()
        self._blind: set[str] = set()
        """Files that could not even be looked at."""
        self._pass: Iterator[Found] | None = None
        self._now = clock.now()
        self._last_full: datetime | None = None

    @property
    def passing(self) -> bool:
        """Whether a pass is under way."""
        return self._pass is not None

    def begin(self) -> None:
        """Start a pass."""
        now = self._clock.now()
        full = self._last_full is None or abs(now - self._last_full) >= FULL_EVERY
        if full:
            self._last_full = now
        self.spent = 0.0
        self._pass = self._whole_pass(full)

    def take(self, limit: int, answers: Sequence[Answer]) -> list[Found]:
        """Note the answers, go on with the pass until `limit` files are found or it is over."""
        started = time.thread_time()
        self._now = self._clock.now()
        for answer in answers:
            self._note(answer)
        found = self._more(limit)
        if self._pass is not None and len(found) < limit:
            self._pass = None
            if self.root_fault is None:
                self.last_success = self._clock.now()
        self.spent += time.thread_time() - started
        return found

    def _more(self, limit: int) -> list[Found]:
        """What was found before a bug showed itself is handed out all the same: the ledger has it in flight by then."""
        found: list[Found] = []
        try:
            for item in islice(self._pass or (), limit):
                found.append(item)  # noqa: PERF402 - one at a time, so that none is lost when the next one raises
        except Exception:
            self._pass = None
            if not found:
                raise
            log.exception("pass_failed", root=readable(self._root))
        return found

    def _note(self, answer: Answer) -> None:
        self.ledger.take(answer, self._now)
        if answer.result is Result.DONE:
            self._problems.clear(answer.path)
        elif answer.result is not Result.CHANGED or not self.ledger.settle:
            self._problems.note(answer.path, answer.why)
            if answer.result is Result.VANISHED:
                self._vanished.add(answer.path)

    def _whole_pass(self, full: bool) -> Iterator[Found]:
        if full:
            for path in self._vanished:
                self._problems.clear(path)
            self._vanished.clear()
        yield from self._wanted(self.ledger.again(self._now))
        before, self._faulty = self._faulty, set()
        seen: set[str] = set()
        yield from self._walk(full, seen)
        for folder in before - self._faulty:
            self._problems.clear(folder)
        if full and not self._faulty:
            self.ledger.forget_outside(seen)
            self._folders = {folder: known for folder, known in self._folders.items() if folder in seen}
        for path in self.ledger.stalled(self._now):
            self._problems.note(
                path, f"{readable(path)}: written to for more than {STALLED} without a rest; not read yet"
            )

    def _walk(self, full: bool, seen: set[str]) -> Iterator[Found]:
        """Depth first and by name; `seen` takes the folders."""
        entered: set[tuple[int, int]] = set()
        waiting = [self._root]
        while waiting:
            folder = waiting.pop()
            status = self._status_of_folder(folder)
            if status is None or (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            if not stat.S_ISDIR(status.st_mode):
                if folder == self._root:
                    seen.add(os.path.dirname(folder))
                    yield from self._wanted((folder,))
                continue
            seen.add(folder)
            known = self._folders.get(folder)
            if full or known is None or known.stamp != status.st_mtime_ns:
                yield from self._list(folder, status, full)
                known = self._folders.get(folder)
            if known is not None:
                waiting.extend(os.path.join(folder, name) for name in reversed(known.folders))

    def _status_of_folder(self, folder: str) -> os.stat_result | None:
        try:
            status = self._look(folder)
        except OSError as fault:
            gone = isinstance(fault, FileNotFoundError | NotADirectoryError)
            if folder == self._root or not gone:
                self._folder_fault(folder, fault)
            self._folders.pop(folder, None)
            return None
        if folder == self._root:
            self.root_fault = None
        return status

    def _list(self, folder: str, status: os.stat_result, full: bool) -> Iterator[Found]:
        try:
            files, folders = self._names(folder)
        except OSError as fault:
            self._folders.pop(folder, None)
            self._folder_fault(folder, fault)
            return
        changed = moment_of(status.st_mtime_ns)
        stamp = status.st_mtime_ns if self._now - changed > _COARSE else None
        self._folders[folder] = _Folder(stamp, folders)
        self.ledger.keep_only(folder, files)
        done = self.ledger.names_done(folder)
        below = os.path.join(folder, "")
        yield from self._wanted(below + name for name in files if full or name not in done)

    def _names(self, folder: str) -> tuple[list[str], list[str]]:
        files: list[str] = []
        folders: list[str] = []
        excluded, included = self._excluded, self._included
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if excluded(name):
                    continue
                if _is_folder(entry):
                    if self._recursive:
                        folders.append(name)
                elif included(name):
                    files.append(name)
        files.sort()
        folders.sort()
        return files, folders

    def _wanted(self, paths: Iterable[str]) -> Iterator[Found]:
        waiting = iter(paths)
        while group := list(islice(waiting, GROUP)):
            for path, status in zip(group, self._look_together(group), strict=True):
                seen = status if status is not None else self._seen(path)
                if seen is None:
                    continue
                if path in self._blind:
                    self._blind.discard(path)
                    self._problems.clear(path)
                mode, size, mtime_ns = seen
                version = Version(size, mtime_ns)
                if stat.S_ISREG(mode) and self.ledger.is_wanted(path, version, self._now):
                    yield Found(path, version)

    def _seen(self, path: str) -> Status | None:
        """None where it is not there, or cannot be looked at; that is noted then."""
        try:
            status = self._look(path)
        except (FileNotFoundError, NotADirectoryError):
            self.ledger.forget(path)
            self._blind.discard(path)
            self._problems.clear(path)
            return None
        except OSError as fault:
            why = why_unreadable(readable(path), fault)
            self._note(Answer(path, Version(0, 0), Result.FAILED, why))
            self._blind.add(path)
            return None
        return status.st_mode, status.st_size, status.st_mtime_ns

    def _folder_fault(self, folder: str, fault: OSError) -> None:
        self._faulty.add(folder)
        self._problems.note(folder, why_unreadable(readable(folder), fault))
        if folder == self._root:
            self.root_fault = fault


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """A link that leads nowhere readable counts as a file: looking at it will say what is wrong."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _any_of(patterns: tuple[str, ...]) -> Callable[[str], object]:
    """Whether a whole name fits one of the shell patterns, upper and lower case told apart."""
    return re.compile("|".join(map(fnmatch.translate, patterns)) or r"(?!)").match
