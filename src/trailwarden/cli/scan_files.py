"""The work of `scan`: list, read, inspect, add up. Files in order, a bounded number of them under way.

Keeps: totals.events = matched + unmatched + quarantined; a file that cannot be read is an error of that file alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from trailwarden.cli.in_order import in_order
from trailwarden.cli.output import readable, so_many
from trailwarden.detection import inspect, inspect_many
from trailwarden.detection.many import TOGETHER
from trailwarden.errors import SourceError

if TYPE_CHECKING:
    from rich.progress import Progress

    from trailwarden.decode import Limits
    from trailwarden.detection import Inspection, Matcher

_CHUNK = 16
"""Files handed to a worker at once: the hand-over costs as much as inspecting a small file."""


@dataclass(slots=True)
class FileReport:
    """What one file held. error: one line, for a file that could not be read or opened at all."""

    path: str
    events: int = 0
    matches: dict[str, int] = field(default_factory=dict)
    rules: dict[str, int] = field(default_factory=dict)
    quarantined: int = 0
    matched: int = 0
    size: int = 0
    error: str | None = None
    unreadable: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The published shape."""
        return {
            "path": readable(self.path),
            "events": self.events,
            "matches": self.matches,
            "rules": self.rules,
            "quarantined": self.quarantined,
            "error": self.error,
        }


@dataclass(slots=True)
class Totals:
    """Sums over all files."""

    files: int = 0
    events: int = 0
    matched: int = 0
    quarantined: int = 0
    unreadable: int = 0
    started: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0

    def add(self, report: FileReport) -> None:
        """One more file."""
        self.files += 1
        self.events += report.events
        self.matched += report.matched
        self.quarantined += report.quarantined
        self.unreadable += report.unreadable

    def as_dict(self) -> dict[str, Any]:
        """The published shape."""
        return {
            "files": self.files,
            "events": self.events,
            "matched": self.matched,
            "unmatched": self.events - self.matched - self.quarantined,
            "quarantined": self.quarantined,
            "seconds": round(self.seconds, 3),
        }

    def sentence(self) -> str:
        """For people."""
        files, events = so_many(self.files, "file"), so_many(self.events, "event")
        text = f"{files}, {events}: {self.matched} matched in {self.seconds:.1f} s"
        if self.quarantined:
            text += f"; {self.quarantined} could not be decoded"
        if self.unreadable:
            text += f"; {so_many(self.unreadable, 'file')} could not be read"
        return text


def scan_all(
    paths: Iterable[str], matcher: Matcher, limits: Limits, threads: int, totals: Totals
) -> Iterator[FileReport]:
    """A report per file, in order; totals grow as they come."""
    with _progress() as progress:
        task = progress.add_task("scanning", total=None) if progress is not None else None
        for report in _reports(_chunks(_listed(paths)), matcher, limits, threads):
            totals.add(report)
            totals.seconds = time.perf_counter() - totals.started
            if progress is not None and task is not None:
                progress.update(
                    task, advance=report.size, description=f"{totals.files} files, {totals.matched} matches"
                )
            yield report
    totals.seconds = time.perf_counter() - totals.started


def _reports(
    chunks: Iterator[list[str]], matcher: Matcher, limits: Limits, threads: int
) -> Iterator[FileReport]:
    for reports in in_order(chunks, partial(_scan_chunk, matcher=matcher, limits=limits), threads):
        yield from reports


def _scan_chunk(paths: list[str], matcher: Matcher, limits: Limits) -> list[FileReport]:
    reports: list[FileReport] = []
    waiting: list[tuple[str, bytes]] = []
    for path in paths:
        try:
            for payload in _payloads(path, limits):
                waiting.append((path, payload))
                if sum(len(one) for _, one in waiting) >= TOGETHER:
                    reports += _inspected(waiting, matcher, limits)
        except OSError as fault:
            reports += _inspected(waiting, matcher, limits)
            reports.append(FileReport(path, error=_why(fault), unreadable=True))
        except SourceError as fault:
            reports += _inspected(waiting, matcher, limits)
            reports.append(FileReport(path, error=fault.detail, unreadable=True))
    return reports + _inspected(waiting, matcher, limits)


def _inspected(waiting: list[tuple[str, bytes]], matcher: Matcher, limits: Limits) -> list[FileReport]:
    """What waits, in one call; nothing waits afterwards."""
    found = inspect_many([payload for _, payload in waiting], matcher, limits)
    reports = [
        _report(path, len(payload), inspection)
        for (path, payload), inspection in zip(waiting, found, strict=True)
    ]
    waiting.clear()
    return reports


def _why(fault: OSError) -> str:
    if isinstance(fault, IsADirectoryError):
        return (
            "the directory cannot be listed"  # the listing gave it as a file because it could not look inside
        )
    return f"cannot be read: {fault.strerror}"


def _payloads(path: str, limits: Limits) -> Iterator[bytes]:
    if path == "-":
        from trailwarden.sources.stdin import payloads

        yield from payloads(sys.stdin.buffer, limits.max_output_bytes)
        return
    with open(path, "rb", buffering=0) as file:
        yield file.readall()


def report_on(path: str, payload: bytes, matcher: Matcher, limits: Limits) -> FileReport:
    """What one payload holds."""
    return _report(path, len(payload), inspect(payload, matcher, limits))


def _report(path: str, size: int, inspection: Inspection) -> FileReport:
    matches: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for match in inspection.matches:
        name = match.event.data.get("eventName")
        matches[name if isinstance(name, str) else "(none)"] += 1
        rules.update(rule.id for rule in match.rules)
    return FileReport(
        path=path,
        events=inspection.seen,
        matches=dict(matches),
        rules=dict(rules),
        quarantined=len(inspection.rejected),
        matched=len(inspection.matches),
        size=size,
        error=inspection.rejected[0].detail if inspection.whole else None,
    )


def _listed(paths: Iterable[str]) -> Iterator[str]:
    """Files as they are named, directories in depth and in order. A directory that cannot be listed is reported as a file."""
    for path in paths:
        if path != "-" and os.path.isdir(path):
            yield from _below(path)
        else:
            yield path


def _below(directory: str) -> Iterator[str]:
    def unreadable(fault: OSError) -> None:
        denied.append(str(fault.filename))

    denied: list[str] = []
    for folder, folders, files in os.walk(directory, onerror=unreadable):
        folders.sort()
        yield from denied
        denied.clear()
        for name in sorted(files):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                yield path
    yield from denied


def _chunks(paths: Iterator[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for path in paths:
        chunk.append(path)
        if len(chunk) >= _CHUNK or path == "-":
            yield chunk
            chunk = []
    if chunk:
        yield chunk


class _NoProgress:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_exc: object) -> None:
        return None


def _progress() -> Progress | _NoProgress:
    """A bar on standard error when that is a terminal."""
    if not sys.stderr.isatty():
        return _NoProgress()
    from rich.console import Console
    from rich.progress import (
        DownloadColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TransferSpeedColumn,
    )

    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), DownloadColumn(), TransferSpeedColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip
