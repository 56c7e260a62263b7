"""What a measurement gets to work with, and what it gives back.

Next: `bench.figures`, the table of measurements.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bench.corpus import ROOT, Corpus, corpus


class Unavailable(Exception):  # noqa: N818 - said, not raised, to whoever reads the table
    """Something that a figure needs is not installed. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number. For ratios the unit is `x`."""

    name: str
    value: float
    unit: str = "x"


@dataclass(frozen=True)
class Setting:
    """scale: of the corpora; rounds: of everything that takes turns; root: where corpora are; out: where results go."""

    out: Path
    scale: float = 1.0
    rounds: int = 7
    root: Path = ROOT

    def corpus(self, name: str) -> Corpus:
        """The corpus of that name; made when it is not there."""
        return corpus(name, self.scale, self.root)

    @cached_property
    def large(self) -> list[bytes]:
        """The large files, in memory: several figures take them."""
        return self.corpus("large").payloads()
