"""From what CloudWatch Logs, CloudWatch and SNS answered to the plain values of `lists`. Pure.

Keeps: an answer that lacks what a judgement needs raises ValueError, which says what is missing; nothing is read as "none"
that was not said to be none.

Rules: API references of CloudWatch Logs (DescribeMetricFilters), CloudWatch (DescribeAlarms), SNS (ListSubscriptionsByTopic).

Next: `collect`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trailwarden.audit.deployed import deployed
from trailwarden.audit.lists import (
    Alarm,
    Alarms,
    Composite,
    Dimensions,
    MetricFilter,
    MetricKey,
    Query,
    Subscription,
    Transformation,
    Watched,
)

Answer = Mapping[str, Any]


def filters_of(answer: Answer) -> list[MetricFilter]:
    """DescribeMetricFilters, one page. Raises ValueError."""
    return [
        MetricFilter(
            _needed(one, "filterName"),
            deployed(_word(one, "filterPattern")),
            tuple(map(_transformation, _members(one, "metricTransformations"))),
        )
        for one in _members(answer, "metricFilters")
    ]


def alarms_of(answer: Answer) -> list[Alarms]:
    """DescribeAlarms, one page: one element. Raises ValueError."""
    metric = [_alarm(one) for one in _members(answer, "MetricAlarms", optional=True)]
    composite = [_composite(one) for one in _members(answer, "CompositeAlarms", optional=True)]
    if "MetricAlarms" not in answer and "CompositeAlarms" not in answer:
        raise ValueError("an answer without MetricAlarms and CompositeAlarms")
    return [Alarms(metric, composite)]


def subscriptions_of(answer: Answer) -> list[Subscription]:
    """ListSubscriptionsByTopic, one page. Raises ValueError."""
    return [
        Subscription(_needed(one, "SubscriptionArn"), _word(one, "Protocol"))
        for one in _members(answer, "Subscriptions")
    ]


def joined(pages: Sequence[Alarms]) -> Alarms:
    """All pages as one."""
    return Alarms(
        tuple(alarm for page in pages for alarm in page.metric),
        tuple(alarm for page in pages for alarm in page.composite),
    )


def _transformation(one: Answer) -> Transformation:
    return Transformation(
        _needed(one, "metricNamespace"),
        _needed(one, "metricName"),
        _word(one, "metricValue"),
        _number(one, "defaultValue"),
        _word(one, "unit") or "None",
        {str(name): str(selector) for name, selector in (one.get("dimensions") or {}).items()},
    )


def _alarm(one: Answer) -> Alarm:
    periods = int(_number(one, "EvaluationPeriods") or 1)
    return Alarm(
        arn=_needed(one, "AlarmArn"),
        name=_needed(one, "AlarmName"),
        actions=_words(one, "AlarmActions"),
        actions_enabled=_switch(one, "ActionsEnabled"),
        watched=_watched(one) if one.get("MetricName") else None,
        queries=tuple(_query(query) for query in _members(one, "Metrics", optional=True)),
        threshold=_number(one, "Threshold"),
        comparison=_word(one, "ComparisonOperator"),
        periods=periods,
        datapoints=int(_number(one, "DatapointsToAlarm") or periods),
        missing=_word(one, "TreatMissingData") or "missing",
    )


def _composite(one: Answer) -> Composite:
    return Composite(
        arn=_needed(one, "AlarmArn"),
        name=_needed(one, "AlarmName"),
        actions=_words(one, "AlarmActions"),
        actions_enabled=_switch(one, "ActionsEnabled"),
        rule=_word(one, "AlarmRule"),
        suppressor=_word(one, "ActionsSuppressor"),
    )


def _query(one: Answer) -> Query:
    stat = one.get("MetricStat")
    watched = None
    if isinstance(stat, Mapping):
        told = {**stat.get("Metric", {}), "Period": stat.get("Period"), "Statistic": stat.get("Stat")}
        watched = _watched({**told, "Unit": stat.get("Unit")}, _word(one, "AccountId"))
    # An answer that does not say it means that the query is returned.
    returned = one.get("ReturnData")
    return Query(_word(one, "Id"), watched, _word(one, "Expression"), returned is not False)


def _watched(one: Answer, account: str = "") -> Watched:
    key = MetricKey(_word(one, "Namespace"), _needed(one, "MetricName"), _dimensions(one))
    period = int(_number(one, "Period") or 60)
    statistic = _word(one, "ExtendedStatistic") or _word(one, "Statistic")
    return Watched(key, period, statistic, _word(one, "Unit"), account)


def _dimensions(one: Answer) -> Dimensions:
    listed = _members(one, "Dimensions", optional=True)
    return frozenset((_needed(each, "Name"), _word(each, "Value")) for each in listed)


def _members(answer: Answer, name: str, *, optional: bool = False) -> Sequence[Answer]:
    value = answer.get(name)
    if value is None and optional:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise ValueError(f"an answer without {name}")
    return value


def _words(answer: Answer, name: str) -> tuple[str, ...]:
    value = answer.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{name} is no list of strings")
    return tuple(value)


def _word(answer: Answer, name: str) -> str:
    value = answer.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a string")
    return value


def _needed(answer: Answer, name: str) -> str:
    value = _word(answer, name)
    if not value:
        raise ValueError(f"an answer without {name}")
    return value


def _number(answer: Answer, name: str) -> float | None:
    value = answer.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is not a number")
    return float(value)


def _switch(answer: Answer, name: str) -> bool:
    """ActionsEnabled is true unless it is said not to be."""
    value = answer.get(name)
    if value is None:
        return True
    if not isinstance(value, bool):
        raise ValueError(f"{name} is neither true nor false")
    return value
