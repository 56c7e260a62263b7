"""What `scan` does, however it was asked: load the rules, go through the files, print, and say how it went.

Keeps: nothing is imported here that only other commands need; how long a scan takes to start is measured and tested.

Next: `trailwarden.cli.scan_files` for the work.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass

from trailwarden.cli.exit_codes import Exit
from trailwarden.cli.output import print_json, print_line, print_table, readable, shared_folder
from trailwarden.cli.scan_files import FileReport, Totals, scan_all
from trailwarden.decode import Limits
from trailwarden.detection import Matcher, load_ruleset

Others = Callable[[Matcher, Limits, Totals, Callable[[FileReport], None]], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """files: paths, `-` for standard input; packs, rule_files: of the user, both may be empty; output: table, json or jsonl;
    others: what else is to be scanned, before the files."""

    files: tuple[str, ...]
    packs: tuple[str, ...] = ()
    rule_files: tuple[str, ...] = ()
    output: str = "table"
    fail_on_match: bool = False
    threads: int = 2
    others: Others | None = None


def run_scan(asked: Asked) -> Exit:
    """Scan and print. Raises ConfigError where the rules cannot be used."""
    chosen = asked.packs or (() if asked.rule_files else ("cis-vpc",))
    matcher = Matcher(load_ruleset(chosen, asked.rule_files))
    limits = Limits()
    gc.freeze()  # the modules and the matcher stay; the collector need not walk them again
    gc.enable()
    totals = Totals()
    reports: list[FileReport] = []

    def give(report: FileReport) -> None:
        if asked.output == "jsonl":
            print_line(report.as_dict())
        elif asked.output == "json" or report.matched or report.quarantined or report.error:
            reports.append(report)

    if asked.others is not None:
        asked.others(matcher, limits, totals, give)
    for report in scan_all(asked.files, matcher, limits, asked.threads, totals):
        give(report)
    _print(asked.output, reports, totals)
    if totals.quarantined or totals.unreadable:
        return Exit.PARTIAL
    return Exit.BAD if asked.fail_on_match and totals.matched else Exit.GOOD


def _print(output: str, reports: list[FileReport], totals: Totals) -> None:
    if output == "json":
        print_json({"files": [report.as_dict() for report in reports], "totals": totals.as_dict()})
    elif output == "jsonl":
        print_line({"totals": totals.as_dict()})
    else:
        folder = shared_folder([readable(report.path) for report in reports])
        if folder:
            print(f"below {folder}")
        rows = (
            [
                readable(r.path).removeprefix(folder),
                str(r.events),
                _counts(r.matches),
                str(r.quarantined or ""),
                r.error or "",
            ]
            for r in reports
        )
        print_table(["file", "events", "matches", "quarantined", "error"], rows, "no matches")
        print(totals.sentence())


def _counts(matches: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(matches.items()))
