"""The numbers behind the metrics: what was counted, set and observed, by metric and label values.

Keeps: every series that `definitions` names is there from the start, others from their first use on; a scrape sees all numbers
of one moment, since they are raised and copied under one lock. To show them is left to a library, which is loaded by the first
who asks (see `exposition`): a process that nobody scrapes needs none.

Next: `metrics` for who raises them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from math import inf
from threading import Lock
from typing import NamedTuple

from trailwarden.telemetry.definitions import Definition, Known

Labels = tuple[str, ...]
"""Label values, in the order of the metric's labels."""


class Distribution:
    """What a histogram has observed. bounds: upper ones, the last infinite; counts: of each bucket alone, not added up."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * len(bounds)
        self.total = 0.0

    def observe(self, amounts: Sequence[float]) -> None:
        """amounts: none of them NaN."""
        for amount in amounts:
            self.counts[bisect_left(self.bounds, amount)] += 1
        self.total += sum(amounts)

    def copy(self) -> Distribution:
        """As it is now."""
        made = Distribution(self.bounds)
        made.counts, made.total = self.counts.copy(), self.total
        return made


class Snapshot(NamedTuple):
    """All numbers at one moment, by the metric's name and the label values. values: of counters and gauges."""

    values: Mapping[str, Mapping[Labels, float]]
    distributions: Mapping[str, Mapping[Labels, Distribution]]


class Numbers:
    """The numbers of some metrics. Thread-safe. Methods raise KeyError for a name that is none, or of another kind."""

    def __init__(self, definitions: Iterable[Definition], known: Known) -> None:
        self._lock = Lock()
        self._definitions = {one.name: one for one in definitions}
        self._counters: dict[str, dict[Labels, float]] = {}
        self._gauges: dict[str, dict[Labels, float]] = {}
        self._histograms: dict[str, dict[Labels, Distribution]] = {}
        for one in self._definitions.values():
            series = [tuple(map(str, labels)) for labels in one.series(known)] if one.labels else [()]
            if one.kind == "histogram":
                self._histograms[one.name] = {labels: _empty(one) for labels in series}
            else:
                values = self._counters if one.kind == "counter" else self._gauges
                values[one.name] = dict.fromkeys(series, 0.0)

    def count(self, name: str, labels: Labels = (), amount: float = 1) -> None:
        """Raise a counter. Raises ValueError for a negative amount."""
        if amount < 0:
            raise ValueError(f"{name}: a counter goes up only, not by {amount}")
        self._add(self._counters[name], name, labels, amount)

    def shift(self, name: str, labels: Labels, amount: float) -> None:
        """Move a gauge up or down."""
        self._add(self._gauges[name], name, labels, amount)

    def set(self, name: str, labels: Labels, value: float) -> None:
        """Put a gauge where it is."""
        gauge = self._gauges[name]
        with self._lock:
            gauge[labels if labels in gauge else self._new(name, labels)] = value

    def remove(self, name: str, labels: Labels) -> None:
        """Take a series of a gauge out, if it is there."""
        with self._lock:
            self._gauges[name].pop(labels, None)

    def observe(self, name: str, labels: Labels, amounts: Sequence[float]) -> None:
        """Put some amounts into a histogram."""
        histogram = self._histograms[name]
        with self._lock:
            if labels not in histogram:
                labels = self._new(name, labels)
                histogram[labels] = _empty(self._definitions[name])
            histogram[labels].observe(amounts)

    def snapshot(self) -> Snapshot:
        """A copy of all numbers."""
        with self._lock:
            values = {name: dict(series) for name, series in (self._counters | self._gauges).items()}
            distributions = {
                name: {labels: one.copy() for labels, one in series.items()}
                for name, series in self._histograms.items()
            }
        return Snapshot(values, distributions)

    def _add(self, series: dict[Labels, float], name: str, labels: Labels, amount: float) -> None:
        with self._lock:
            if labels in series:
                series[labels] += amount
            else:
                series[self._new(name, labels)] = amount

    def _new(self, name: str, labels: Labels) -> Labels:
        """As they are kept: plain strings, one for each label. Raises ValueError."""
        expected = self._definitions[name].labels
        if len(labels) != len(expected):
            raise ValueError(f"{name}: {labels!r} are no values for the labels {expected!r}")
        return tuple(map(str, labels))


def _empty(definition: Definition) -> Distribution:
    return Distribution((*definition.buckets, inf))
