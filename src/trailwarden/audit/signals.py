"""What the filters of a log group put out on one event. Pure.

Keeps: a filter that selects an event and publishes no number puts out nothing; what AWS leaves open is kept apart.

Rule: CloudWatch Logs API reference, MetricTransformation. Next: `routes`, which asks who is told.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from trailwarden.audit.firing import Signal, Signals
from trailwarden.audit.lists import MetricFilter, MetricKey, Transformation
from trailwarden.audit.samples import Event
from trailwarden.errors import PatternError
from trailwarden.patterns import Selection
from trailwarden.patterns.reference import selected
from trailwarden.patterns.selectors import read_selector


@dataclass(frozen=True, slots=True)
class Emitted:
    """What is put out on one event.

    certain: whatever AWS leaves open; possible: with what may be; selecting: names of the filters; idle: why one that
    selects puts out nothing, "" where none does.
    """

    certain: Signals
    possible: Signals
    selecting: tuple[str, ...]
    idle: str = ""

    @property
    def signature(self) -> tuple[Any, ...]:
        """The same for events that are told in the same way."""
        certain = frozenset(self.certain.items())
        possible = certain if self.possible == self.certain else frozenset(self.possible.items())
        return certain, possible, bool(self.selecting), self.idle


def emitted(filters: Sequence[MetricFilter], event: Event) -> Emitted:
    """On this event."""
    sure: list[tuple[MetricKey, float, Transformation]] = []
    perhaps: list[tuple[MetricKey, float, Transformation]] = []
    selecting: list[str] = []
    idle = ""
    for one in filters:
        found = one.pattern.selection(event)
        if found is Selection.NO:
            continue
        if found is Selection.YES:
            selecting.append(one.name)
        for transformation in one.transformations:
            value, dimensions = _value(transformation.value, event), _dimensions(transformation, event)
            if value is None:
                idle = f"{one.name} publishes {transformation.value!r:.60}, which is no number in this event"
                continue
            key = MetricKey(transformation.namespace, transformation.name, frozenset(dimensions or ()))
            certain = found is Selection.YES and dimensions is not None
            (sure if certain else perhaps).append((key, value, transformation))
    return Emitted(_signals(sure), _signals([*sure, *perhaps]), tuple(selecting), idle)


def _signals(published: Iterable[tuple[MetricKey, float, Transformation]]) -> Signals:
    signals: dict[MetricKey, Signal] = {}
    for key, value, transformation in published:
        other = signals.get(key)
        quiet = transformation.default
        if other is None:
            signals[key] = Signal((value,), quiet, transformation.unit)
        else:
            signals[key] = Signal(
                (*other.values, value), other.quiet if other.quiet is not None else quiet, other.unit
            )
    return signals


def _value(text: str, event: Event) -> float | None:
    if text.startswith("$"):
        found = _looked_up(text, event)
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _dimensions(transformation: Transformation, event: Event) -> list[tuple[str, str]] | None:
    """None where a field is absent: AWS does not say what is published then."""
    found = []
    for name, text in transformation.dimensions.items():
        value = _looked_up(text, event)
        if value is None or isinstance(value, dict | list):
            return None
        found.append((name, _spelled(value)))
    return found


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _looked_up(text: str, event: Event) -> object:
    try:
        selector, end = read_selector(text, 0)
    except PatternError:
        return None
    values = selected(selector, event) if end == len(text) else []
    return values[0] if len(values) == 1 else None
