"""The figures of whole processes: from the start of the command to its end, on files that are in the page cache.

Keeps: what a process says it found is compared with what the corpus holds; a process that fails gives no figure.

Next: `bench.memory`, which watches a process from outside.
"""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from bench import ours
from bench.matching import Disagreement, agreed
from bench.memory import TIME_LIMIT, watched
from bench.rivals import ripgrep
from bench.setting import Figure, Setting, Unavailable
from bench.timing import in_turns


def scan_vs_rg(setting: Setting) -> list[Figure]:
    """`trailwarden scan --format json` against ripgrep looking for the names, over the same directory."""
    source = setting.corpus("large")
    theirs = ripgrep(source.path)
    if theirs is None:
        raise Unavailable("ripgrep is not installed: apt-get install ripgrep")
    totals = json.loads(_output(ours.scan(source.path)))["totals"]
    agreed(source, {"scan": (totals["events"], totals["matched"])})
    files = len(_output(theirs).splitlines())
    if files != source.manifest.wanted_files:
        raise Disagreement(f"ripgrep found {files} files with a match of {source.manifest.wanted_files}")
    taken = in_turns(
        {"ours": partial(_output, ours.scan(source.path)), "rg": partial(_output, theirs)}, setting.rounds
    )
    return [
        Figure("scan_vs_rg", taken.faster("ours", "rg")),
        Figure("scan_seconds", 1 / taken.rate("ours", 1), "s"),
        Figure("rg_seconds", 1 / taken.rate("rg", 1), "s"),
    ]


def service_small_files_vs_match(setting: Setting) -> list[Figure]:
    """The whole service over many small files, start and shut-down included, against the matcher on the same bytes."""
    source = setting.corpus("small")
    payloads, by = source.payloads(), ours.matcher(1, setting.out)
    state = setting.out / "service"

    def serve() -> None:
        shutil.rmtree(state, ignore_errors=True)
        _output(ours.service(source.path, state))

    serve()
    stored(state, source.manifest.files, source.manifest.wanted)
    agreed(source, {"ours": ours.count(payloads, by)})
    rounds = max(1, setting.rounds // 2)
    taken = in_turns({"service": serve, "matcher": partial(ours.count, payloads, by)}, rounds)
    return [
        Figure("service_small_files_vs_match", taken.faster("service", "matcher")),
        Figure("service_small_files_events_per_s", taken.rate("service", source.manifest.events), "events/s"),
        Figure("match_small_files_events_per_s", taken.rate("matcher", source.manifest.events), "events/s"),
    ]


def rss_2gb_mb(setting: Setting) -> list[Figure]:
    """The highest resident memory of the service while 2 GB of logs pass through it, and that of either half of the time."""
    source = setting.corpus("endless")
    state = setting.out / "memory"
    shutil.rmtree(state, ignore_errors=True)
    command = ours.service(source.path, state)
    curve = watched(command, state / "stderr.txt")
    if curve.code:
        raise Disagreement(f"the service ended with {curve.code}: {curve.errors[-500:]}")
    stored(state, source.manifest.files, source.manifest.wanted)
    with (setting.out / "rss_2gb.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("seconds", "resident_kb"))
        rows.writerows((round(moment, 2), size) for moment, size in curve.samples)
    first, second = curve.halves()
    return [
        Figure("rss_2gb_mb", curve.peak / 1000, "MB"),
        Figure("rss_2gb_first_half_mb", first / 1000, "MB"),
        Figure("rss_2gb_second_half_mb", second / 1000, "MB"),
        Figure("rss_2gb_growth", second / first),
        Figure("rss_2gb_seconds", curve.samples[-1][0], "s"),
    ]


def _output(command: Sequence[str]) -> bytes:
    """What a command prints. Raises Disagreement where it fails or does not end."""
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=TIME_LIMIT)
    except subprocess.TimeoutExpired:
        raise Disagreement(f"{Path(command[0]).name} did not end within {TIME_LIMIT:.0f} s") from None
    if done.returncode:
        raise Disagreement(
            f"{Path(command[0]).name} ended with {done.returncode}: {done.stderr[-500:].decode()}"
        )
    return done.stdout


def stored(state: Path, files: int, alerts: int) -> None:
    """Raise Disagreement unless the service's database holds a row for every file and an alert for every match."""
    with closing(sqlite3.connect(state / "state.db")) as database:
        found = tuple(
            database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("received", "alerts")
        )
    if found != (files, alerts):
        raise Disagreement(f"the service stored {found} (files, alerts) instead of {(files, alerts)}")
