"""What is missing on the way through CloudWatch, as commands of the AWS CLI and as Terraform. Pure.

Keeps: from the broken link on and not before it; what is there and good is used; every name goes through `quoting`. What only the
reader can know stands in capitals.

Next: `mending`, the trail's own steps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from trailwarden.audit.chain import FILTER, LINKS
from trailwarden.audit.chain import PATH as CLOUDWATCH
from trailwarden.audit.controls import Control
from trailwarden.audit.lists import Place, log_group_of, topic_of
from trailwarden.audit.mending import Step, log_group_steps, trail_steps
from trailwarden.audit.outcome import Chain, ControlOutcome, Link, Result
from trailwarden.audit.quoting import command, hcl
from trailwarden.audit.routes import ALARM, SUBSCRIPTION
from trailwarden.audit.trail import LOG_GROUP, TRAIL
from trailwarden.coverage.facts import AccountFacts, Failure, Trail
from trailwarden.model.partition import partition_of

__all__ = ["Step", "remediation"]

NAMESPACE: Final = "CisMonitoring"
ADDRESS: Final = "ADDRESS@EXAMPLE.COM"


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is made and what is used. metric: namespace and name; topic: its ARN; made_topic: whether it is to be made."""

    control: Control
    place: Place
    group: str
    metric: tuple[str, str]
    topic: str
    made_topic: bool

    @property
    def name(self) -> str:
        return f"cis-{self.control.number}-{self.control.key}"

    @property
    def label(self) -> str:
        """For Terraform."""
        return f"cis_{self.control.key}".replace("-", "_")


def remediation(outcome: ControlOutcome, facts: AccountFacts) -> Sequence[Step]:
    """The steps, in order; none where the control is met, or where nothing is known to be missing."""
    chain = next((one for one in outcome.chains if one.path == CLOUDWATCH), None)
    if outcome.result is not Result.FAIL or chain is None or chain.broken is None:
        return ()
    return tuple(_steps(outcome.control, facts, chain, chain.broken))


def _steps(control: Control, facts: AccountFacts, chain: Chain, broken: Link) -> Iterator[Step]:
    links = {link.name: link for link in chain.links}
    trail = _trail(facts, links[TRAIL].subject)
    if broken.name == TRAIL:
        yield from trail_steps(facts, trail, broken)
    if LINKS.index(broken.name) <= LINKS.index(LOG_GROUP) and (trail is None or not trail.log_group):
        yield from log_group_steps(facts, trail)
    if broken.name in (TRAIL, LOG_GROUP):
        return  # what is behind it was not looked at, and may be there
    group = log_group_of(trail.log_group) if trail is not None else None
    if group is None:
        return
    plan = _plan(control, group.place, group.name, broken)
    enabling = str(broken.evidence.get("disabled", "")) if broken.name == ALARM else ""
    if enabling:
        yield Step(
            "Enable the alarm's actions",
            (
                command(
                    [
                        *_aws("cloudwatch", "enable-alarm-actions", plan.place.region),
                        "--alarm-names",
                        enabling,
                    ]
                ),
            ),
        )
        return
    reuses = bool(broken.evidence.get("metric_name"))
    if broken.name == FILTER or (broken.name != SUBSCRIPTION and not reuses):
        yield _filter(plan)
    if plan.made_topic:
        yield _topic(plan)
    if broken.name == SUBSCRIPTION or plan.made_topic:
        yield _subscription(plan)
    if broken.name != SUBSCRIPTION and not (broken.name == FILTER and reuses):
        yield _alarm(plan)


def _plan(control: Control, place: Place, group: str, broken: Link) -> _Plan:
    namespace = str(broken.evidence.get("metric_namespace") or NAMESPACE)
    metric = str(broken.evidence.get("metric_name") or control.key)
    topic, made = "", False
    if broken.name == SUBSCRIPTION:
        topic = broken.subject
    elif broken.evidence.get("topic"):
        topic = str(broken.evidence["topic"])
    elif not (broken.name == FILTER and broken.evidence.get("metric_name")):
        topic = f"arn:{partition_of(place.region)}:sns:{place.region}:{place.account}:cis-monitoring"
        made = True
    return _Plan(control, place, group, (namespace, metric), topic, made)


def _filter(plan: _Plan) -> Step:
    namespace, metric = plan.metric
    pattern = plan.control.rule.pattern
    transformation = f"metricName={metric},metricNamespace={namespace},metricValue=1"
    if any(one in metric + namespace for one in ",='\"{}[] "):
        import json  # noqa: PLC0415 - for the odd name

        transformation = json.dumps(
            [{"metricName": metric, "metricNamespace": namespace, "metricValue": "1"}]
        )
    words = [
        *_aws("logs", "put-metric-filter", plan.place.region),
        *("--log-group-name", plan.group, "--filter-name", plan.name),
        *("--filter-pattern", pattern, "--metric-transformations", transformation),
    ]
    terraform = f"""\
resource "aws_cloudwatch_log_metric_filter" "{plan.label}" {{
  name           = {hcl(plan.name)}
  log_group_name = {hcl(plan.group)}
  pattern        = {hcl(pattern)}

  metric_transformation {{
    name      = {hcl(metric)}
    namespace = {hcl(namespace)}
    value     = "1"
  }}
}}
"""
    return Step("Give the log group a metric filter with the control's pattern", (command(words),), terraform)


def _topic(plan: _Plan) -> Step:
    name = plan.topic.rpartition(":")[2]
    words = [*_aws("sns", "create-topic", plan.place.region), "--name", name]
    terraform = f'resource "aws_sns_topic" "cis_monitoring" {{\n  name = {hcl(name)}\n}}\n'
    return Step(
        "Make a topic; it is there afterwards, whether it was before or not", (command(words),), terraform
    )


def _subscription(plan: _Plan) -> Step:
    region = (topic_of(plan.topic) or plan.place).region
    words = [
        *_aws("sns", "subscribe", region),
        *("--topic-arn", plan.topic, "--protocol", "email", "--notification-endpoint", ADDRESS),
    ]
    arn = "aws_sns_topic.cis_monitoring.arn" if plan.made_topic else hcl(plan.topic)
    terraform = f"""\
resource "aws_sns_topic_subscription" "{plan.label}" {{
  topic_arn = {arn}
  protocol  = "email"
  endpoint  = {hcl(ADDRESS)}
}}
"""
    return Step("Subscribe somebody, who must confirm", (command(words),), terraform)


def _alarm(plan: _Plan) -> Step:
    namespace, metric = plan.metric
    words = [
        *_aws("cloudwatch", "put-metric-alarm", plan.place.region),
        *("--alarm-name", plan.name, "--namespace", namespace, "--metric-name", metric),
        *("--statistic", "Sum", "--period", "300", "--evaluation-periods", "1", "--threshold", "1"),
        *("--comparison-operator", "GreaterThanOrEqualToThreshold", "--treat-missing-data", "notBreaching"),
        *("--alarm-actions", plan.topic),
    ]
    arn = "aws_sns_topic.cis_monitoring.arn" if plan.made_topic else hcl(plan.topic)
    terraform = f"""\
resource "aws_cloudwatch_metric_alarm" "{plan.label}" {{
  alarm_name          = {hcl(plan.name)}
  namespace           = {hcl(namespace)}
  metric_name         = {hcl(metric)}
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [{arn}]
}}
"""
    return Step("Make an alarm that one event sets off", (command(words),), terraform)


def _aws(service: str, operation: str, region: str) -> list[str]:
    return ["aws", service, operation, "--region", region]


def _trail(facts: AccountFacts, arn: str) -> Trail | None:
    trails = () if isinstance(facts.trails, Failure) else facts.trails
    return next((trail for trail in trails if trail.arn == arn), None)
