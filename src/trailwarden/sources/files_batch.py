"""One file as a batch: read whole, or not at all.

Keeps: the bytes are those of one version of the file. It is looked at before and after the reading through the same
descriptor, and what changed meanwhile is not handed over. The checkpoint names the version that was read.

Next: `trailwarden.sources.files_ledger`, which takes the answers.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import Enum, auto
from typing import Final, NamedTuple

from trailwarden.errors import Reason, SourceError, UnusableError
from trailwarden.model import Batch, Checkpoint, Origin
from trailwarden.sources.files_reading import contents

_TRIES: Final = 3
"""Times that a file is read again at once because it changed under our hands."""
_CHUNK: Final = 1024 * 1024
_FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
"""Non-blocking: what was a file when it was listed may be a pipe by now, and opening that must not hang."""


class Version(NamedTuple):
    """What tells one content of a file from the next: size in bytes, time of the last change in nanoseconds.

    Not the inode: file systems over a network or an object store give a file a new one whenever they forget it, and
    each of their files would be new at every look.
    """

    size: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> Version:
        return cls(status.st_size, status.st_mtime_ns)

    @property
    def text(self) -> str:
        """As it stands in a checkpoint."""
        return f"{self.size}:{self.mtime_ns}"


class Found(NamedTuple):
    """A file that is to be read now."""

    path: str
    version: Version


class Result(Enum):
    """What became of a batch."""

    DONE = auto()
    VANISHED = auto()  # there is no such file any more
    CHANGED = auto()  # it is being written: look again when it rests
    FAILED = auto()  # could not be read or dealt with: try again later


class Answer(NamedTuple):
    """version: the one that was read, or that was to be read. why: one line, for people."""

    path: str
    version: Version
    result: Result
    why: str


class FileBatch(Batch):
    """A file. strict: only the version that was found is read; a later one has not rested yet."""

    def __init__(
        self,
        found: Found,
        origin: Origin,
        received_at: datetime,
        max_size: int,
        strict: bool,
        answer: Callable[[Answer], None],
    ) -> None:
        self.origin = origin
        self.key = origin.locator
        self.received_at = received_at
        self.size_hint = found.version.size
        self._path = found.path
        self._version = found.version
        self._max_size = max_size
        self._strict = strict
        self._answer = answer
        self._answered = False
        self._known = False
        self._fault = Result.FAILED
        self._ready: bytes | None = None

    @classmethod
    def load_ahead(cls, batches: Sequence[Batch]) -> None:
        own = [batch for batch in batches if isinstance(batch, FileBatch) and batch._is_plain]
        for batch, content in zip(own, contents([(one._path, one._version) for one in own]), strict=True):
            batch._ready = content

    @property
    def _is_plain(self) -> bool:
        return self._version.size <= min(self._max_size, _CHUNK)

    def load(self) -> bytes:
        """The content. Raises SourceError: TOO_LARGE beyond the limit, else UNREADABLE with the path and what to do."""
        ready, self._ready = self._ready, None
        if ready is not None:
            self._known = True
            return ready
        try:
            descriptor = os.open(self._path, _FLAGS)
        except OSError as fault:
            raise self._unreadable(fault) from fault
        try:
            return self._read_steady(descriptor)
        except OSError as fault:
            raise self._unreadable(fault) from fault
        finally:
            os.close(descriptor)

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The version that was read, or that is too large to be. None before load(), and when it could not be read."""
        return Checkpoint(self.origin.source, self.key, self._version.text) if self._known else None

    async def ack(self) -> None:
        self._give(Answer(self._path, self._version, Result.DONE, ""))

    async def nack(self, reason: str) -> None:
        why = reason if self.key in reason else f"{self.key}: {reason}"
        self._give(Answer(self._path, self._version, self._fault, why))

    def _give(self, answer: Answer) -> None:
        if not self._answered:
            self._answered = True
            self._answer(answer)

    def _read_steady(self, descriptor: int) -> bytes:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise SourceError(Reason.UNREADABLE, f"{self.key}: is not a regular file any more")
        for _ in range(_TRIES):
            version = Version.of(status)
            if self._strict and version != self._version:
                break
            if version.size > self._max_size:
                raise self._too_large(version)
            data = _up_to(descriptor, version.size + 1)
            status = os.fstat(descriptor)
            if len(data) == version.size and Version.of(status) == version:
                self._version, self._known = version, True
                return data
            os.lseek(descriptor, 0, os.SEEK_SET)
        self._fault = Result.CHANGED
        raise SourceError(
            Reason.UNREADABLE, f"{self.key}: is still being written; it is read once it has come to rest"
        )

    def _too_large(self, version: Version) -> SourceError:
        self._version, self._known = version, True
        self.size_hint = version.size
        return UnusableError(
            Reason.TOO_LARGE,
            f"{self.key}: {version.size} bytes, more than max_file_size ({self._max_size}); raise it or split the file",
        )

    def _unreadable(self, fault: OSError) -> SourceError:
        if isinstance(fault, FileNotFoundError):
            self._fault = Result.VANISHED
            return SourceError(Reason.UNREADABLE, f"{self.key}: vanished before it could be read")
        return SourceError(Reason.UNREADABLE, why_unreadable(self.key, fault))


def why_unreadable(place: str, fault: OSError) -> str:
    """One line: what cannot be read, why, and what to do about it."""
    what = fault.strerror or type(fault).__name__
    if isinstance(fault, PermissionError):
        return f"{place}: {what}; give the user that runs Trailwarden the right to read it"
    return f"{place}: cannot be read: {what}; it is tried again by itself"


def _up_to(descriptor: int, size: int) -> bytes:
    """At most `size` bytes; fewer only at the end of the file. One system call for a small file."""
    data = os.read(descriptor, size)
    if len(data) >= size - 1 or not data:
        return data
    parts = [data]
    left = size - len(data)
    while left and (data := os.read(descriptor, min(left, _CHUNK))):
        parts.append(data)
        left -= len(data)
    return b"".join(parts)
