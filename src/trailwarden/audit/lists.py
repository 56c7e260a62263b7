"""What AWS lists on the way from a log group to a person, as plain values.

Keeps: a list that did not come is a `Failure`, never an empty list.

Next: `answers`, which reads AWS's answers; `collect`, which makes the calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from trailwarden.audit.deployed import Deployed
from trailwarden.coverage.facts import Failure

Dimensions = frozenset[tuple[str, str]]


class Place(NamedTuple):
    """An account and a Region."""

    account: str
    region: str


class LogGroup(NamedTuple):
    """Of an ARN arn:aws:logs:REGION:ACCOUNT:log-group:NAME."""

    place: Place
    name: str


class MetricKey(NamedTuple):
    """What tells metrics of one account and Region apart."""

    namespace: str
    name: str
    dimensions: Dimensions


@dataclass(frozen=True, slots=True)
class Transformation:
    """What a filter puts out.

    value: a number or a selector; default: per minute without a match, None for nothing; dimensions: name -> selector.
    """

    namespace: str
    name: str
    value: str
    default: float | None = None
    unit: str = "None"
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MetricFilter:
    """DescribeMetricFilters. pattern: as it is deployed."""

    name: str
    pattern: Deployed
    transformations: Sequence[Transformation]


@dataclass(frozen=True, slots=True)
class Watched:
    """A metric as an alarm watches it. period: seconds; unit: "" for any; account: "" for the alarm's own."""

    key: MetricKey
    period: int
    statistic: str
    unit: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Query:
    """One of an alarm's metric data queries: a metric or an expression over others."""

    id: str
    watched: Watched | None
    expression: str
    returned: bool


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric alarm: on one metric, or on what the queries return. threshold: None for an anomaly's band."""

    arn: str
    name: str
    actions: Sequence[str]
    actions_enabled: bool
    watched: Watched | None
    queries: Sequence[Query]
    threshold: float | None
    comparison: str
    periods: int
    datapoints: int
    missing: str

    def metrics(self) -> list[Watched]:
        """All that it watches."""
        found = [query.watched for query in self.queries if query.watched is not None]
        return [self.watched, *found] if self.watched is not None else found


@dataclass(frozen=True, slots=True)
class Composite:
    """A composite alarm. suppressor: the alarm that holds its actions back, "" for none."""

    arn: str
    name: str
    actions: Sequence[str]
    actions_enabled: bool
    rule: str
    suppressor: str = ""


@dataclass(frozen=True, slots=True)
class Alarms:
    """DescribeAlarms of one place."""

    metric: Sequence[Alarm] = ()
    composite: Sequence[Composite] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
    """One of a topic. Its endpoint is not kept: it may be an address, or hold a token."""

    arn: str
    protocol: str

    @property
    def confirmed(self) -> bool:
        """Whether somebody agreed to it: only then it has an ARN."""
        return self.arn.startswith("arn:")


@dataclass(frozen=True, slots=True)
class Lists:
    """Everything that was listed, once for all controls.

    filters: by log group; alarms: by place; subscriptions: by the topic's ARN.
    """

    filters: Mapping[LogGroup, Sequence[MetricFilter] | Failure] = field(default_factory=dict)
    alarms: Mapping[Place, Alarms | Failure] = field(default_factory=dict)
    subscriptions: Mapping[str, Sequence[Subscription] | Failure] = field(default_factory=dict)


def log_group_of(arn: str) -> LogGroup | None:
    """Where a trail's log group lies; None where the ARN is not one."""
    parts = arn.split(":", 6)
    if len(parts) != 7 or parts[2] != "logs" or parts[5] != "log-group" or not all(parts[3:]):
        return None
    return LogGroup(Place(parts[4], parts[3]), parts[6].removesuffix(":*"))


def topic_of(action: str) -> Place | None:
    """Where the topic of an alarm's action lies; None where the action is no topic."""
    parts = action.split(":", 5)
    if len(parts) != 6 or parts[2] != "sns" or not all(parts[3:]):
        return None
    return Place(parts[4], parts[3])
