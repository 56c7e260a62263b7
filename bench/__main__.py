"""`python -m bench [NAME ...]`, from the root of the repository: take the figures, print them, keep them.

The exit code is 0 also where a target is missed (the table says so), 1 where a figure could not be taken because the
contestants disagreed or a process failed, 2 for a name that is not a figure.

Next: `bench.figures`.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path

from rich.console import Console

from bench.figures import MEASURES
from bench.matching import Disagreement
from bench.report import merged, steps_table, table
from bench.setting import Figure, Setting, Unavailable

OUT = Path(__file__).parent / "out"


def main(arguments: list[str]) -> int:
    """Take the figures that are named, or all."""
    options = _parser().parse_args(arguments)
    unknown = [name for name in options.names if name not in MEASURES]
    if unknown:
        Console(stderr=True).print(f"no such figure: {', '.join(unknown)}; there are {', '.join(MEASURES)}")
        return 2
    # Numbers from smaller corpora are for a first look and must not pass for the real ones.
    results = OUT / ("results.json" if options.scale == 1 else "quick.json")
    setting = Setting(out=OUT, scale=options.scale, rounds=options.rounds)
    console = Console()
    console.print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    figures, reasons, failed = _taken(options.names or list(MEASURES), setting, results, console)
    step_rows = [figure for figure in figures if figure.name.startswith("step_")]
    console.print(table([figure for figure in figures if figure not in step_rows], reasons))
    if step_rows:
        console.print(steps_table(step_rows))
    return 1 if failed else 0


def _taken(
    names: list[str], setting: Setting, results: Path, console: Console
) -> tuple[list[Figure], dict[str, str], bool]:
    """The figures, each kept as soon as it is taken; why others are missing, and whether something is wrong."""
    figures: list[Figure] = []
    reasons: dict[str, str] = {}
    failed = False
    for name in names:
        console.print(f"[dim]{name} ...[/dim]")
        try:
            taken = MEASURES[name](setting)
        except Unavailable as missing:
            reasons[name] = str(missing)
        except Disagreement as wrong:
            reasons[name] = str(wrong)
            failed = True
        else:
            figures += taken
            merged(results, taken)
            continue
        merged(results, (), withdrawn=(name,))
    return figures, reasons, failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Take the figures, or those that are named."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument(
        "--scale", type=float, default=1.0, help="size of the corpora, for a first look (default 1)"
    )
    parser.add_argument(
        "--rounds", type=int, default=7, help="how often everything takes its turn (default 7)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
