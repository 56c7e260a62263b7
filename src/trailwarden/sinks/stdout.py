"""Alerts as JSON Lines on standard output.

Keeps: a line is written whole or the alert is not delivered; a reader that does not read stalls this sink and nothing else.
"""

from __future__ import annotations

import asyncio
import os
import select
import stat
import sys
from typing import Literal

from pydantic import Field

from trailwarden.errors import Reason
from trailwarden.model import Alert
from trailwarden.sinks.base import DELIVERED, Outcome, Verdict
from trailwarden.sinks.routing import RoutingSettings

_WAIT_SECONDS = 10.0
"""How long a full pipe is waited for before the attempt counts as failed."""


class StdoutSettings(RoutingSettings):
    """One JSON document a line, on standard output."""

    kind: Literal["stdout"] = Field(description="stdout")


class StdoutSink:
    """Writes to a file descriptor, standard output unless another is given."""

    kind = "stdout"

    def __init__(self, settings: StdoutSettings, descriptor: int | None = None) -> None:
        self.name = settings.name
        self._descriptor = descriptor
        self._turn = asyncio.Lock()
        self._half_line = False

    async def open(self) -> None:
        if self._descriptor is None:
            self._descriptor = sys.stdout.fileno()
        self._half_line = await asyncio.to_thread(_ends_in_a_line, self._descriptor)

    async def send(self, alert: Alert, attempt: int) -> Outcome:
        del attempt  # a repetition has the same id in the document
        async with self._turn:
            try:
                await asyncio.to_thread(self._write, alert.document + b"\n")
            except TimeoutError:
                return Outcome(Verdict.RETRY, Reason.TIMEOUT, "standard output is not read")
            except OSError as fault:
                return Outcome(Verdict.RETRY, Reason.UNREACHABLE, f"standard output: {fault.strerror}")
        return DELIVERED

    async def close(self) -> None:
        return None

    def _write(self, line: bytes) -> None:
        """All of it, however little a write takes. After a line that was cut short, begin on a new one."""
        if self._half_line:
            line = b"\n" + line
        rest = memoryview(line)
        descriptor = self._descriptor if self._descriptor is not None else sys.stdout.fileno()
        while rest:
            if not select.select([], [descriptor], [], _WAIT_SECONDS)[1]:
                raise TimeoutError
            try:
                written = os.write(descriptor, rest[:4096])
            except BlockingIOError:
                continue
            self._half_line = True
            rest = rest[written:]
        self._half_line = False


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
