"""Shows the figures and keeps them: a table for people, results.json for programs.

Keeps: a run of some figures leaves the others in the file as they were. A figure that could not be taken is taken out
of the file, so that no old number stands for it.

Next: `bench.figures` for the targets.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from bench.figures import TARGETS
from bench.setting import Figure


def merged(file: Path, figures: Sequence[Figure], withdrawn: Sequence[str] = ()) -> list[Figure]:
    """Write `figures` over those of the same name in the file; returns all that it now holds."""
    known: dict[str, Figure] = {}
    if file.exists():
        known = {row["name"]: Figure(**row) for row in json.loads(file.read_bytes())["figures"]}
    known.update((figure.name, figure) for figure in figures)
    for name in withdrawn:
        known.pop(name, None)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"figures": [asdict(figure) for figure in known.values()]}, indent=1) + "\n")
    return list(known.values())


def table(figures: Sequence[Figure], reasons: dict[str, str]) -> Table:
    """The figures of this run beside their targets, then those that could not be taken and why."""
    shown = Table(title="make bench")
    shown.add_column("figure")
    shown.add_column("value", justify="right")
    shown.add_column("target", justify="right")
    shown.add_column("verdict")
    for figure in figures:
        target = TARGETS.get(figure.name)
        verdict = "" if target is None else "reached" if target.met(figure.value) else "missed"
        shown.add_row(figure.name, _spelled(figure), "" if target is None else str(target), verdict)
    for name, reason in reasons.items():
        shown.add_row(name, "-", str(TARGETS.get(name, "")), f"not measured: {reason}")
    return shown


def steps_table(figures: Sequence[Figure]) -> Table:
    """The steps, in thousand events a second and as a share of the time of the whole."""
    whole = next(figure.value for figure in figures if figure.name == "step_whole")
    shown = Table(title="steps, one thread, large files")
    shown.add_column("step")
    shown.add_column("k events/s", justify="right")
    shown.add_column("time, whole = 100 %", justify="right")
    for figure in figures:
        shown.add_row(
            figure.name.removeprefix("step_"),
            f"{figure.value / 1000:,.0f}",
            f"{100 * whole / figure.value:,.0f} %",
        )
    return shown


def _spelled(figure: Figure) -> str:
    if figure.unit == "x":
        return f"{figure.value:.2f} x"
    if figure.unit == "events/s":
        return f"{figure.value / 1000:,.0f} k events/s"
    return f"{figure.value:,.1f} {figure.unit}"
