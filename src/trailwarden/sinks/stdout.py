"""Alerts as JSON Lines on standard output.

Keeps: a line is written whole or the alert is not delivered; a reader that does not read stalls this sink and nothing else.
Many are written in one go.

A pipe is opened once more, for us alone, so that a write takes what there is room for and never waits: that is done in the loop.
Whoever else has the pipe finds it as it was. What cannot be opened like this is written to in a thread, in pieces that fit.
A line that one of our log came into the midst of (`2>&1`) is written once more.
"""

from __future__ import annotations

import asyncio
import os
import select
import stat
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate
from typing import Final, Literal

from pydantic import Field

from trailwarden.errors import ConfigError, Reason
from trailwarden.model import Alert
from trailwarden.sinks.base import DELIVERED, Attempt, Outcome, Verdict
from trailwarden.sinks.routing import RoutingSettings
from trailwarden.telemetry.logs import LineHandler
from trailwarden.waiting import set_within

_WAIT_SECONDS = 10.0
"""How long a full pipe is waited for before the attempt counts as failed."""
_SURELY_TAKEN: Final = 4096
"""Bytes that a pipe which can be written to takes without a pause (PIPE_BUF)."""
_LINE_END: Final = ord("\n")
_C_INT: Final = struct.Struct("i")


class StdoutSettings(RoutingSettings):
    """One JSON document a line, on standard output."""

    kind: Literal["stdout"] = Field(description="stdout")
    concurrency: int = Field(
        default=64, ge=1, le=64, description="Alerts under way at once: what waits is written together."
    )


class StdoutSink:
    """Writes to a file descriptor, standard output unless another is given."""

    kind = "stdout"

    def __init__(self, settings: StdoutSettings, descriptor: int | None = None) -> None:
        self.name = settings.name
        self._descriptor = descriptor
        self._turn = asyncio.Lock()
        self._half_line = False
        self._regular = False
        self._pipe: int | None = None
        self._shared = False
        self._log_turns = 0

    async def open(self) -> None:
        if self._descriptor is None:
            if sys.stdout is None:
                closed = f"sink {self.name}: standard output is closed: open it, or remove the sink"
                raise ConfigError(closed)
            self._descriptor = sys.stdout.fileno()
        mode = os.fstat(self._descriptor).st_mode
        self._regular = stat.S_ISREG(mode)
        self._pipe = _opened_again(self._descriptor) if stat.S_ISFIFO(mode) else None
        self._shared = _is_the_log(self._descriptor)
        self._half_line = await asyncio.to_thread(_ends_in_a_line, self._descriptor)

    async def send(self, alert: Alert, attempt: int) -> Outcome:
        (outcome,) = await self.send_many([(alert, attempt)])
        return outcome

    async def send_many(self, attempts: Sequence[Attempt]) -> Sequence[Outcome]:
        """One write for all; the number of an attempt does not matter, for a repetition has the same id in the document."""
        lines = [alert.document + b"\n" for alert, _ in attempts]
        async with self._turn:
            written, failed = await self._written(b"".join(lines))
        return [DELIVERED if end <= written else failed for end in accumulate(map(len, lines))]

    async def close(self) -> None:
        if self._pipe is not None:
            if self._half_line:  # for whoever writes into it after us, and does not know
                with suppress(OSError):
                    self._half_line = not os.write(self._pipe, b"\n")
            os.close(self._pipe)
            self._pipe = None

    async def _written(self, lines: bytes) -> tuple[int, Outcome]:
        """How many bytes were taken, and why not more. After a line that was cut short, begin on a new one."""
        text = b"\n" + lines if self._half_line else lines
        if self._pipe is not None:
            left, failed = await self._into(self._pipe, text)
        else:
            left, failed = await asyncio.get_running_loop().run_in_executor(None, self._in_thread, text)
        return len(lines) - left, failed

    async def _into(self, pipe: int, text: bytes) -> tuple[int, Outcome]:
        """How many bytes of the lines were not taken, and why. pipe: a write takes what there is room for."""
        rest = memoryview(text)
        try:
            while rest := self._uninterrupted(rest):
                try:
                    rest = self._after(rest, self._put(pipe, rest))
                except BlockingIOError:
                    if not await _has_room(pipe):
                        return _size_of_lines(rest), _NOT_READ
        except OSError as fault:
            return _size_of_lines(rest), _refused(fault)
        return 0, DELIVERED

    def _in_thread(self, text: bytes) -> tuple[int, Outcome]:
        """Likewise, in a thread, where a write may wait."""
        rest = memoryview(text)
        descriptor = self._descriptor if self._descriptor is not None else sys.stdout.fileno()
        try:
            while rest:
                if not select.select([], [descriptor], [], _WAIT_SECONDS)[1]:
                    return _size_of_lines(rest), _NOT_READ
                rest = self._uninterrupted(rest)
                with suppress(BlockingIOError):
                    part = rest if self._regular else rest[:_SURELY_TAKEN]
                    rest = self._after(rest, self._put(descriptor, part))
        except OSError as fault:
            return _size_of_lines(rest), _refused(fault)
        return 0, DELIVERED

    def _put(self, descriptor: int, part: memoryview) -> int:
        turns = LineHandler.turns
        taken = os.write(descriptor, part)
        self._log_turns = turns
        return taken

    def _after(self, rest: memoryview, taken: int) -> memoryview:
        """What is left. Noted at once how the last line stands: whoever waits for more room may be cancelled."""
        if taken:
            self._half_line = rest[taken - 1] != _LINE_END
        return rest[taken:]

    def _uninterrupted(self, rest: memoryview) -> memoryview:
        """What is left; the whole line again where the log goes into the same pipe and may have come into the midst of it."""
        text: bytes = rest.obj  # type: ignore[assignment] # we made it of them
        written = len(text) - len(rest)
        quiet = self._log_turns == LineHandler.turns and self._log_turns % 2 == 0
        if quiet or not (self._shared and self._half_line and written):
            return rest
        return memoryview(b"\n" + text[text.rfind(b"\n", 0, written) + 1 :])


def _size_of_lines(rest: memoryview) -> int:
    """Without what only ends a line that was cut short."""
    text: bytes = rest.obj  # type: ignore[assignment] # we made it of them
    return len(rest) - (len(rest) == len(text) and text.startswith(b"\n"))


async def _has_room(pipe: int) -> bool:
    loop, room = asyncio.get_running_loop(), asyncio.Event()
    loop.add_writer(pipe, room.set)
    try:
        return await set_within(room, _WAIT_SECONDS)
    finally:
        loop.remove_writer(pipe)


_NOT_READ: Final = Outcome(Verdict.RETRY, Reason.TIMEOUT, "standard output is not read")


def _refused(fault: OSError) -> Outcome:
    return Outcome(Verdict.RETRY, Reason.UNREACHABLE, f"standard output: {fault.strerror}")


def _opened_again(descriptor: int) -> int | None:
    """A descriptor of the same pipe whose writes do not wait; None where the system gives none (a pipe of another user's)."""
    try:
        again = os.open(f"/dev/fd/{descriptor}", os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if os.get_blocking(again):  # BSD and macOS give a copy of the descriptor, which waits as it does
        os.close(again)
        return None
    return again


def _is_the_log(descriptor: int) -> bool:
    """Whether standard error is the same file (`2>&1`)."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.fstat(sys.stderr.fileno()))
    except (OSError, ValueError, AttributeError):  # closed, or none
        return False


def _ends_in_a_line(descriptor: int) -> bool:
    """Whether a file or a pipe ends in a line that an earlier process did not finish (a kill, a full disk). In doubt it does: an
    empty line is passed over, an alert glued to half of another one is lost.
    """
    about = os.fstat(descriptor)
    if stat.S_ISFIFO(about.st_mode):
        return _was_written_to(descriptor)
    if not stat.S_ISREG(about.st_mode) or about.st_size == 0:
        return False
    try:  # opened anew, for `>>` gives a descriptor that cannot be read
        file = os.open(f"/dev/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        return os.pread(file, 1, about.st_size - 1) != b"\n"
    finally:
        os.close(file)


def _was_written_to(pipe: int) -> bool:
    """Whether somebody may have written into it before us: it has a name, by which it outlives us all, or something is unread."""
    import fcntl  # noqa: PLC0415 - Windows, where a configuration can be looked at, has none
    import termios  # noqa: PLC0415 - likewise

    try:
        (unread,) = _C_INT.unpack(fcntl.ioctl(pipe, termios.FIONREAD, bytes(_C_INT.size)))
        return unread > 0 or not os.readlink(f"/dev/fd/{pipe}").startswith("pipe:")
    except OSError:  # no such links
        return False
