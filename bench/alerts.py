"""What an alert costs, from match to settlement: the whole service over files in which every event matches.

Keeps: it is processor time, of all threads and of the kernel in their name, because an alert waits for the disk, too; what an
empty run costs is taken off. Beside it stands what an event costs the naive way, so that there is a ratio of one run.

Next: `bench.figures`.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import time
from pathlib import Path
from typing import Final

from bench import ours
from bench.corpus import Shape, build
from bench.processes import stored
from bench.rivals import naive
from bench.setting import Figure, Setting

_SHAPE: Final = Shape("alerts", 100, (200,), wanted=1.0, wanted_files=1.0)


def alert_vs_naive(setting: Setting) -> list[Figure]:
    """Processor time of an alert, in events that are looked at the naive way."""
    source = build(_SHAPE, setting.root)
    payloads = source.payloads()
    empty, state = setting.out / "no-files", setting.out / "alerts"
    empty.mkdir(parents=True, exist_ok=True)
    alerts: list[float] = []
    ratios: list[float] = []
    for _ in range(max(1, setting.rounds // 2)):
        whole = _served(source.path, state)
        stored(state, source.manifest.files, source.manifest.wanted)
        alert = (whole - _served(empty, state)) / source.manifest.wanted
        began = time.process_time()
        naive(payloads)
        event = (time.process_time() - began) / source.manifest.events
        alerts.append(alert)
        ratios.append(alert / event)
    return [
        Figure("alert_vs_naive", statistics.median(ratios)),
        Figure("alert_us", statistics.median(alerts) * 1e6, "us"),
    ]


def _served(path: Path, state: Path) -> float:
    """Processor seconds of one run of the service."""
    shutil.rmtree(state, ignore_errors=True)
    before = _spent()
    subprocess.run(ours.service(path, state), check=True, stdout=subprocess.DEVNULL)
    return _spent() - before


def _spent() -> float:
    """Of the processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
