"""Alerts as JSON Lines on standard output.

Keeps: a line is written whole or the alert is not delivered; a reader that does not read stalls this sink and nothing else.
Many are written in one go.
"""

from __future__ import annotations

import asyncio
import os
import select
import stat
import sys
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, Literal

from pydantic import Field

from trailwarden.errors import Reason
from trailwarden.model import Alert
from trailwarden.sinks.base import DELIVERED, Attempt, Outcome, Verdict
from trailwarden.sinks.routing import RoutingSettings

_WAIT_SECONDS = 10.0
"""How long a full pipe is waited for before the attempt counts as failed."""
_SURELY_TAKEN: Final = 4096
"""Bytes that a pipe which can be written to takes without a pause (PIPE_BUF)."""


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

    async def open(self) -> None:
        if self._descriptor is None:
            self._descriptor = sys.stdout.fileno()
        self._regular = stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        self._half_line = await asyncio.to_thread(_ends_in_a_line, self._descriptor)

    async def send(self, alert: Alert, attempt: int) -> Outcome:
        (outcome,) = await self.send_many([(alert, attempt)])
        return outcome

    async def send_many(self, attempts: Sequence[Attempt]) -> Sequence[Outcome]:
        """One write for all; the number of an attempt does not matter, for a repetition has the same id in the document."""
        lines = [alert.document + b"\n" for alert, _ in attempts]
        async with self._turn:
            loop = asyncio.get_running_loop()
            written, failed = await loop.run_in_executor(None, self._write, b"".join(lines))
        return [DELIVERED if end <= written else failed for end in accumulate(map(len, lines))]

    async def close(self) -> None:
        return None

    def _write(self, lines: bytes) -> tuple[int, Outcome]:
        """Returns how many bytes were taken, and why not more. After a line that was cut short, begin on a new one."""
        begun = b"\n" if self._half_line else b""
        rest = memoryview(begun + lines)
        size, failed = len(rest), DELIVERED
        try:
            while rest:
                rest = rest[self._some(rest) :]
        except TimeoutError:
            failed = Outcome(Verdict.RETRY, Reason.TIMEOUT, "standard output is not read")
        except OSError as fault:
            failed = Outcome(Verdict.RETRY, Reason.UNREACHABLE, f"standard output: {fault.strerror}")
        taken = max(size - len(rest) - len(begun), 0)
        if taken or not rest:
            self._half_line = lines[taken - 1 : taken] != b"\n"
        return taken, failed

    def _some(self, rest: memoryview) -> int:
        """Write as much as can be written at once, without being held up for ever."""
        descriptor = self._descriptor if self._descriptor is not None else sys.stdout.fileno()
        if not select.select([], [descriptor], [], _WAIT_SECONDS)[1]:
            raise TimeoutError
        try:
            return os.write(descriptor, rest if self._regular else rest[:_SURELY_TAKEN])
        except BlockingIOError:
            return 0


def _ends_in_a_line(descriptor: int) -> bool:
    """Whether a file ends in a line that an earlier process did not finish (a kill, a full disk). In doubt it does: an empty line
    is passed over, an alert glued to half of another one is lost.
    """
    about = os.fstat(descriptor)
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
