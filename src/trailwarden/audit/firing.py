"""Would an alarm go to ALARM on one event? From what the event puts out, and from what is there without it. Pure.

One event gives one datapoint more in one period; everything else is quiet. Where a filter has a default value, quiet minutes
of the same period may or may not have it, so that both must alarm.

Keeps: an alarm that is in ALARM without any event does not tell of one; what is not understood is unknown.

Rules: CloudWatch User Guide, "Alarm evaluation", "Configuring how CloudWatch alarms treat missing data" (also its table of
examples: a breaching point among missing ones alarms where missing data is treated as missing), "CloudWatch statistics
definitions".

Next: `composites`; `chain`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from trailwarden.audit.arithmetic import UnknownExpressionError, Value, evaluated
from trailwarden.audit.lists import Alarm, MetricKey, Query, Watched
from trailwarden.audit.outcome import Result

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_PERCENTILE: Final = re.compile(r"p\d{1,3}(?:\.\d+)?")
_MINUTE: Final = 60


@dataclass(frozen=True, slots=True)
class Signal:
    """What filters put out on one event, of one metric. values: a datapoint each; quiet: the default value."""

    values: tuple[float, ...]
    quiet: float | None
    unit: str


Signals = Mapping[MetricKey, Signal]


@dataclass(frozen=True, slots=True)
class Firing:
    """Whether it would, and why not. quiet_missing: without an event it has no data, rather than being OK."""

    result: Result
    sentence: str
    quiet_missing: bool = False


def firing(alarm: Alarm, signals: Signals) -> Firing:
    """Of one metric alarm, on one event that puts out these signals."""
    if foreign := _wrong_unit(alarm, signals):
        return Firing(Result.FAIL, foreign)
    breaches = _COMPARISONS.get(alarm.comparison)
    threshold = alarm.threshold
    if breaches is None or threshold is None:
        return Firing(
            Result.UNKNOWN,
            f"{alarm.comparison or 'its comparison'} depends on what AWS has learnt of the metric",
        )
    try:
        quiet = _value(alarm, signals, event=False, diluted=False)
        during = [_value(alarm, signals, event=True, diluted=diluted) for diluted in (False, True)]
    except UnknownExpressionError as fault:
        return Firing(Result.UNKNOWN, f"its expression is not followed: {fault}")
    missing = quiet is None
    if breaches(quiet, threshold) if quiet is not None else alarm.missing == "breaching":
        return Firing(
            Result.FAIL, "it is in ALARM without any event, so that one more changes nothing", missing
        )
    if not all(value is not None and breaches(value, threshold) for value in during):
        return Firing(Result.FAIL, _unreached(alarm, during, threshold), missing)
    if alarm.datapoints > 1 and not (missing and alarm.missing == "missing"):
        sentence = f"it waits for {alarm.datapoints} datapoints over the threshold, and one event gives one"
        return Firing(Result.FAIL, sentence, missing)
    return Firing(Result.PASS, "one event puts it into ALARM", missing)


def watches(alarm: Alarm, signals: Signals) -> list[Watched]:
    """Which of its metrics the signals are of, dimensions included."""
    return [one for one in alarm.metrics() if one.key in signals]


def _wrong_unit(alarm: Alarm, signals: Signals) -> str:
    for one in watches(alarm, signals):
        published = signals[one.key].unit
        if one.unit and one.unit != published:
            return f"it asks for the unit {one.unit}, and the metric is published with {published}"
    return ""


def _unreached(alarm: Alarm, during: Sequence[Value], threshold: float) -> str:
    shown = " or ".join(dict.fromkeys("no value" if one is None else f"{one:g}" for one in during))
    return f"one event gives {shown}, which is not {_spoken(alarm.comparison)} {threshold:g}"


def _spoken(comparison: str) -> str:
    words = {"GreaterThanOrEqualToThreshold": "at least", "GreaterThanThreshold": "more than"}
    return words.get(comparison, "less than" if comparison == "LessThanThreshold" else "at most")


def _value(alarm: Alarm, signals: Signals, *, event: bool, diluted: bool) -> Value:
    """What it compares with its threshold."""
    if alarm.watched is not None:
        return _of_metric(alarm.watched, signals, event, diluted)
    values: dict[str, Value] = {}
    for query in alarm.queries:
        if query.watched is not None:
            values[query.id] = _of_metric(query.watched, signals, event, diluted)
    returned = [query for query in alarm.queries if query.returned]
    if len(returned) != 1:
        raise UnknownExpressionError("not one of its queries is returned")
    return _of_query(returned[0], alarm.queries, values, 0)


def _of_query(query: Query, queries: Sequence[Query], values: dict[str, Value], depth: int) -> Value:
    if query.id in values:
        return values[query.id]
    if depth > len(queries):
        raise UnknownExpressionError("its expressions go round in a circle")
    for other in queries:
        if (
            other.id not in values
            and other is not query
            and re.search(rf"\b{re.escape(other.id)}\b", query.expression)
        ):
            values[other.id] = _of_query(other, queries, values, depth + 1)
    metrics = {one.id for one in queries if one.watched is not None}
    known = (
        values
        if "METRICS" not in query.expression.upper()
        else {key: values[key] for key in values if key in metrics}
    )
    return evaluated(query.expression, known)


def _of_metric(watched: Watched, signals: Signals, event: bool, diluted: bool) -> Value:
    """In the period of the event, or in one without. A metric that is not ours has no data."""
    signal = signals.get(watched.key)
    if signal is None:
        return None
    values = list(signal.values) if event else []
    if signal.quiet is not None and (not event or diluted):
        minutes = max(1, watched.period // _MINUTE) - (1 if event else 0)
        values += [signal.quiet] * minutes
    return _statistic(watched.statistic, values) if values else None


def _statistic(name: str, values: Sequence[float]) -> float:
    if name in _STATISTICS:
        return _STATISTICS[name](values)
    if len(set(values)) == 1 and (_PERCENTILE.fullmatch(name) or name == "IQM"):
        return values[0]
    raise UnknownExpressionError(f"the statistic {name or '(none)'} of several values")


_STATISTICS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "Sum": lambda values: float(sum(values)),
    "Average": lambda values: sum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
    "SampleCount": lambda values: float(len(values)),
}
