"""Watches the resident memory of a process from outside, while it runs.

Keeps: the peak is the kernel's own (VmHWM), so that nothing between two samples is missed; the samples show the curve.

Next: `bench.processes`, which uses it.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.setting import Unavailable

TIME_LIMIT: Final = 900.0
"""Seconds that a process may take; it is ended then."""
_INTERVAL: Final = 0.05


@dataclass(frozen=True, slots=True)
class Curve:
    """samples: (seconds since the start, resident kB); peak: kB; code: what the process ended with; errors: its stderr."""

    samples: Sequence[tuple[float, int]]
    peak: int
    code: int
    errors: str

    def halves(self) -> tuple[int, int]:
        """The highest sample of the first and of the second half of the time, kB."""
        middle = self.samples[-1][0] / 2
        first = [size for moment, size in self.samples if moment <= middle]
        second = [size for moment, size in self.samples if moment > middle]
        return max(first, default=0), max(second, default=0)


def watched(command: Sequence[str], errors: Path) -> Curve:
    """Run a command to its end, its standard output thrown away, its standard error into a file.

    Raises Unavailable where the system has no /proc.
    """
    if not Path("/proc/self/status").exists():
        raise Unavailable("resident memory is read from /proc, which is Linux")
    samples: list[tuple[float, int]] = []
    peak = 0
    with errors.open("wb") as sink:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=sink)
        start = time.perf_counter()
        try:
            while process.poll() is None and time.perf_counter() - start < TIME_LIMIT:
                size, highest = _resident(process.pid)
                if size:
                    samples.append((time.perf_counter() - start, size))
                    peak = max(peak, highest)
                time.sleep(_INTERVAL)
        finally:
            process.kill()
            process.wait()
    return Curve(samples, peak, process.returncode, errors.read_text(errors="replace"))


def _resident(pid: int) -> tuple[int, int]:
    """Resident kB now and at most; zeros for a process that has just ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    if "VmRSS" not in fields:
        return 0, 0
    return int(fields["VmRSS"].split()[0]), int(fields["VmHWM"].split()[0])
