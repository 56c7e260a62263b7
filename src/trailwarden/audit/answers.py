"""From what CloudWatch Logs, CloudWatch and SNS answered to the plain values of `lists`. Pure.

Keeps: an answer that lacks what a judgement needs raises ValueError, which says what is missing; nothing is read as "none"
that was not said to be none.

Rules: API references of CloudWatch Logs (DescribeMetricFilters), CloudWatch (DescribeAlarms), SNS (ListSubscriptionsByTopic).

Next: `collect`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
from trailwarden.aws.members import Answer, members, needed, number, switch, word, words


def filters_of(answer: Answer) -> list[MetricFilter]:
    """DescribeMetricFilters, one page. Raises ValueError."""
    return [
        MetricFilter(
            needed(one, "filterName"),
            deployed(word(one, "filterPattern")),
            tuple(map(_transformation, members(one, "metricTransformations"))),
        )
        for one in members(answer, "metricFilters")
    ]


def alarms_of(answer: Answer) -> list[Alarms]:
    """DescribeAlarms, one page: one element. Raises ValueError."""
    metric = [_alarm(one) for one in members(answer, "MetricAlarms", optional=True)]
    composite = [_composite(one) for one in members(answer, "CompositeAlarms", optional=True)]
    if "MetricAlarms" not in answer and "CompositeAlarms" not in answer:
        raise ValueError("an answer without MetricAlarms and CompositeAlarms")
    return [Alarms(metric, composite)]


def subscriptions_of(answer: Answer) -> list[Subscription]:
    """ListSubscriptionsByTopic, one page. Raises ValueError."""
    return [
        Subscription(needed(one, "SubscriptionArn"), word(one, "Protocol"))
        for one in members(answer, "Subscriptions")
    ]


def joined(pages: Sequence[Alarms]) -> Alarms:
    """All pages as one."""
    return Alarms(
        tuple(alarm for page in pages for alarm in page.metric),
        tuple(alarm for page in pages for alarm in page.composite),
    )


def _transformation(one: Answer) -> Transformation:
    return Transformation(
        needed(one, "metricNamespace"),
        needed(one, "metricName"),
        word(one, "metricValue"),
        number(one, "defaultValue"),
        word(one, "unit") or "None",
        {str(name): str(selector) for name, selector in (one.get("dimensions") or {}).items()},
    )


def _alarm(one: Answer) -> Alarm:
    periods = int(number(one, "EvaluationPeriods") or 1)
    return Alarm(
        arn=needed(one, "AlarmArn"),
        name=needed(one, "AlarmName"),
        actions=words(one, "AlarmActions"),
        actions_enabled=switch(one, "ActionsEnabled", unsaid=True),
        watched=_watched(one) if one.get("MetricName") else None,
        queries=tuple(_query(query) for query in members(one, "Metrics", optional=True)),
        threshold=number(one, "Threshold"),
        comparison=word(one, "ComparisonOperator"),
        periods=periods,
        datapoints=int(number(one, "DatapointsToAlarm") or periods),
        missing=word(one, "TreatMissingData") or "missing",
    )


def _composite(one: Answer) -> Composite:
    return Composite(
        arn=needed(one, "AlarmArn"),
        name=needed(one, "AlarmName"),
        actions=words(one, "AlarmActions"),
        actions_enabled=switch(one, "ActionsEnabled", unsaid=True),
        rule=word(one, "AlarmRule"),
        suppressor=word(one, "ActionsSuppressor"),
    )


def _query(one: Answer) -> Query:
    stat = one.get("MetricStat")
    watched = None
    if isinstance(stat, Mapping):
        told = {**stat.get("Metric", {}), "Period": stat.get("Period"), "Statistic": stat.get("Stat")}
        watched = _watched({**told, "Unit": stat.get("Unit")}, word(one, "AccountId"))
    # An answer that does not say it means that the query is returned.
    returned = one.get("ReturnData")
    return Query(word(one, "Id"), watched, word(one, "Expression"), returned is not False)


def _watched(one: Answer, account: str = "") -> Watched:
    key = MetricKey(word(one, "Namespace"), needed(one, "MetricName"), _dimensions(one))
    period = int(number(one, "Period") or 60)
    statistic = word(one, "ExtendedStatistic") or word(one, "Statistic")
    return Watched(key, period, statistic, word(one, "Unit"), account)


def _dimensions(one: Answer) -> Dimensions:
    listed = members(one, "Dimensions", optional=True)
    return frozenset((needed(each, "Name"), word(each, "Value")) for each in listed)
