"""An account in which all is well, in the words of AWS's answers, to be broken in one place; and what the audit makes of it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from trailwarden.audit.chain import Judge
from trailwarden.audit.collect import ListCollector
from trailwarden.audit.controls import Control, chosen
from trailwarden.audit.lists import Lists
from trailwarden.audit.outcome import Chain
from trailwarden.coverage.answers import selectors_of, status_of, trails_of
from trailwarden.coverage.facts import AccountFacts, Failure, Fault

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HERE, OTHER_REGION = "eu-west-1", "us-east-1"
ACCOUNT, MANAGEMENT = "123456789012", "999999999999"
GROUP = "audit-trail"
NAMESPACE, METRIC = "Cis", "VpcChanges"
TOPIC = f"arn:aws:sns:{HERE}:{ACCOUNT}:security"
(VPC,) = chosen(["4.14"])
CIS = VPC.rule.pattern
NAMES = [example["eventName"] for example in VPC.rule.must_match][:11]
Answer = dict[str, Any]


class StandingClock:
    def now(self) -> datetime:
        return NOW


def trail(name: str = "all", owner: str = ACCOUNT, **more: Any) -> Answer:
    group = f"arn:aws:logs:{HERE}:{owner}:log-group:{GROUP}:*"
    return {
        "Name": name,
        "TrailARN": f"arn:aws:cloudtrail:{HERE}:{owner}:trail/{name}",
        "HomeRegion": HERE,
        "IsMultiRegionTrail": True,
        "IsOrganizationTrail": owner != ACCOUNT,
        "S3BucketName": "logs",
        "CloudWatchLogsLogGroupArn": group,
        **more,
    }


def metric_filter(pattern: str = CIS, name: str = "vpc", metric: str = METRIC, **more: Any) -> Answer:
    transformation = {"metricNamespace": NAMESPACE, "metricName": metric, "metricValue": "1", **more}
    return {"filterName": name, "filterPattern": pattern, "metricTransformations": [transformation]}


def alarm(name: str = "vpc", metric: str = METRIC, **more: Any) -> Answer:
    made = {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:{HERE}:{ACCOUNT}:alarm:{name}",
        "ActionsEnabled": True,
        "AlarmActions": [TOPIC],
        "Namespace": NAMESPACE,
        "MetricName": metric,
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        **more,
    }
    return {key: value for key, value in made.items() if value is not None}


def math_alarm(
    expression: str, *metrics: str, name: str = "math", account: str | None = None, **more: Any
) -> Answer:
    """On an expression over metrics, which are m1, m2, ... account: of the metrics, where it is another."""
    queries: list[Answer] = [{"Id": "e1", "Expression": expression, "ReturnData": True}]
    for number, metric in enumerate(metrics, start=1):
        told = {"Metric": {"Namespace": NAMESPACE, "MetricName": metric}, "Period": 300, "Stat": "Sum"}
        queries.append({"Id": f"m{number}", "MetricStat": told, "AccountId": account, "ReturnData": False})
    plain = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    return alarm(name, **{**plain, "Metrics": queries, **more})


def composite(rule: str, name: str = "any", **more: Any) -> Answer:
    return {
        "AlarmName": name,
        "AlarmArn": f"arn:aws:cloudwatch:{HERE}:{ACCOUNT}:alarm:{name}",
        "ActionsEnabled": True,
        "AlarmActions": [TOPIC],
        "AlarmRule": rule,
        **more,
    }


def subscription(arn: str = f"{TOPIC}:0a1b", protocol: str = "email") -> Answer:
    return {"SubscriptionArn": arn, "Protocol": protocol, "Endpoint": "somebody@example.com"}


@dataclass
class World:
    """What AWS would answer. A `Fault` in an answer's place: the call fails like that."""

    regions: Any = (HERE, OTHER_REGION)
    trails: Any = field(default_factory=lambda: [trail()])
    statuses: Any = field(default_factory=lambda: {"IsLogging": True})
    selectors: Any = field(
        default_factory=lambda: {
            "EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
        }
    )
    filters: Any = field(default_factory=lambda: [metric_filter()])
    alarms: Any = field(default_factory=lambda: [alarm()])
    composites: Any = field(default_factory=list)
    subscriptions: Any = field(default_factory=lambda: [subscription()])
    place: tuple[str, str] = (ACCOUNT, HERE)
    """Where log group, filters and alarms are."""
    page: int = 100
    """Elements of a page, in every list."""
    calls: list[str] = field(default_factory=list)
    asked_as: list[tuple[str, str]] = field(default_factory=list)

    def facts(self) -> AccountFacts:
        """As coverage would have collected them."""
        listed = self.trails if isinstance(self.trails, Fault) else trails_of({"trailList": self.trails})
        trails = _failed(listed, "cloudtrail:DescribeTrails")
        regions = _failed(self.regions, "ec2:DescribeRegions")
        every = () if isinstance(trails, Failure) else trails
        asked = self.regions if not isinstance(self.regions, Fault) else (HERE,)
        statuses = {
            (one.arn, region): self._each(self.statuses, one.name, status_of, "cloudtrail:GetTrailStatus")
            for one in every
            for region in asked
            if one.covers_region(region)
        }
        selectors = {
            one.arn: self._each(self.selectors, one.name, selectors_of, "cloudtrail:GetEventSelectors")
            for one in every
        }
        return AccountFacts(ACCOUNT, NOW, regions, trails, statuses, selectors)

    def _each(self, answers: Any, name: str, read: Any, call: str) -> Any:
        told = answers.get(name, answers) if isinstance(answers, dict) else answers
        return _failed(told if isinstance(told, Fault) else read(told), call)


def _failed(told: Any, call: str) -> Any:
    return Failure(told, call, NOW, "no") if isinstance(told, Fault) else told


_CODES = {
    Fault.DENIED: ("AccessDeniedException", 400),
    Fault.THROTTLED: ("ThrottlingException", 400),
    Fault.NOT_FOUND: ("ResourceNotFoundException", 400),
    Fault.NETWORK: ("InternalFailure", 500),
}


class Client:
    """Answers as a service's client would, page by page."""

    def __init__(self, world: World, account: str, region: str) -> None:
        self._world = world
        self._here = (account, region) == world.place
        self._account = account

    async def describe_metric_filters(self, **asked: Any) -> Answer:
        listed = self._world.filters
        if isinstance(listed, dict):
            listed = listed.get(asked["logGroupName"], [])
        elif asked["logGroupName"] != GROUP or not self._here:
            listed = Fault.NOT_FOUND
        return self._page("DescribeMetricFilters", listed, "metricFilters", "nextToken", asked)

    async def describe_alarms(self, **asked: Any) -> Answer:
        if isinstance(self._world.alarms, Fault):
            return self._page("DescribeAlarms", self._world.alarms, "MetricAlarms", "NextToken", asked)
        every = [*self._world.alarms, *self._world.composites] if self._here else []
        page = self._page("DescribeAlarms", every, "MetricAlarms", "NextToken", asked)
        listed = page.pop("MetricAlarms")
        page["MetricAlarms"] = [one for one in listed if "AlarmRule" not in one]
        page["CompositeAlarms"] = [one for one in listed if "AlarmRule" in one]
        return page

    async def list_subscriptions_by_topic(self, **asked: Any) -> Answer:
        listed = self._world.subscriptions
        if isinstance(listed, dict):
            listed = listed.get(asked["TopicArn"], Fault.NOT_FOUND)
        return self._page("ListSubscriptionsByTopic", listed, "Subscriptions", "NextToken", asked)

    def _page(self, call: str, listed: Any, name: str, token: str, asked: Mapping[str, Any]) -> Answer:
        self._world.calls.append(call)
        self._world.asked_as.append((call, self._account))
        if isinstance(listed, Fault):
            code, status = _CODES[listed]
            raise ClientError(
                {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},
                call,
            )
        begin = int(asked.get(token, 0))
        end = begin + self._world.page
        page: Answer = {name: copy.deepcopy(list(listed)[begin:end])}
        return page | ({token: str(end)} if end < len(listed) else {})


class Identity:
    """In the place of `Aws`."""

    def __init__(self, world: World, account: str) -> None:
        self._world = world
        self._account = account

    async def client(self, service: str, region: str | None = None, **config: Any) -> Any:
        return Client(self._world, self._account, region or HERE)


async def listed(
    world: World, *controls: Control, accounts: tuple[str, ...] = (ACCOUNT,)
) -> tuple[Lists, Judge]:
    identities: Any = {account: Identity(world, account) for account in accounts}
    collector = ListCollector(identities, StandingClock(), timedelta(seconds=20))
    return await collector.collect([world.facts()], controls or (VPC,))


async def audited(world: World, control: Control = VPC, accounts: tuple[str, ...] = (ACCOUNT,)) -> Chain:
    _, judge = await listed(world, control, accounts=accounts)
    return judge.cloudwatch(control, world.facts())
