"""Situations: what is the matter, the verdict, and the link that breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.audit.world import (
    ACCOUNT,
    CIS,
    GROUP,
    HERE,
    MANAGEMENT,
    METRIC,
    NAMES,
    TOPIC,
    World,
    alarm,
    composite,
    math_alarm,
    metric_filter,
    subscription,
    trail,
)
from trailwarden.coverage.facts import Fault

CLAUSES = [f"($.eventName = {name})" for name in NAMES]


@dataclass(frozen=True)
class Situation:
    """broken: "" where it passes; says: a part of the broken link's sentence."""

    name: str
    world: Callable[[], World]
    result: str = "pass"
    broken: str = ""
    says: str = ""
    accounts: tuple[str, ...] = (ACCOUNT,)


def passes(name: str, accounts: tuple[str, ...] = (ACCOUNT,), **changes: Any) -> Situation:
    return Situation(name, lambda: World(**changes), accounts=accounts)


def fails(name: str, broken: str, says: str = "", **changes: Any) -> Situation:
    return Situation(name, lambda: World(**changes), "fail", broken, says)


def unknown(
    name: str, broken: str, says: str = "", accounts: tuple[str, ...] = (ACCOUNT,), **changes: Any
) -> Situation:
    return Situation(name, lambda: World(**changes), "unknown", broken, says, accounts)


def one_filter(pattern: str, **more: Any) -> list[dict[str, Any]]:
    return [metric_filter(pattern, **more)]


def guarded(condition: str) -> list[dict[str, Any]]:
    return one_filter(f"{{ {condition} && ({CIS[2:-2]}) }}")


def basic(**members: Any) -> dict[str, Any]:
    return {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True, **members}]}


def advanced(*selectors: dict[str, dict[str, list[str]]]) -> dict[str, Any]:
    """Each: field -> operators, beside eventCategory Management."""
    made = [
        {
            "FieldSelectors": [
                {"Field": "eventCategory", "Equals": ["Management"]},
                *({"Field": name, **operators} for name, operators in one.items()),
            ]
        }
        for one in selectors
    ]
    return {"AdvancedEventSelectors": made}


DATA = {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]}
READS, WRITES = {"readOnly": {"Equals": ["true"]}}, {"readOnly": {"Equals": ["false"]}}
HALVES = ["{ " + " || ".join(part) + " }" for part in (CLAUSES[:6], CLAUSES[6:])]
ONE_METRIC = [metric_filter(HALVES[0], "a"), metric_filter(HALVES[1], "b")]
TWO_METRICS = [metric_filter(HALVES[0], "a", "A"), metric_filter(HALVES[1], "b", "B")]
NO_ACTIONS = {"AlarmActions": []}
ORGANIZATION = trail("org", MANAGEMENT)
ELSEWHERE = f"arn:aws:sns:{HERE}:{MANAGEMENT}:security"
QUIET = dict.fromkeys(("Statistic", "Threshold"))

TRAILS = [
    passes("all is well"),
    fails("no trail", "trail", "lists no trail", trails=[]),
    fails("single-Region trail, of the one Region that is listed", "trail", "alone", regions=(HERE,),
          trails=[trail(IsMultiRegionTrail=False)]),
    fails("single-Region trail", "trail", "alone", trails=[trail(IsMultiRegionTrail=False)]),
    fails("stopped", "trail", "does not log", statuses={"IsLogging": False}),
    fails("no log group", "log_group", "writes to no log group", trails=[trail(CloudWatchLogsLogGroupArn=None)]),
    fails(
        "cannot deliver to the log group",
        "log_group",
        "AccessDenied",
        statuses={"IsLogging": True, "LatestCloudWatchLogsDeliveryError": "AccessDenied"},
    ),
    unknown("a log group that is none", "log_group", "no log group's ARN", trails=[trail(CloudWatchLogsLogGroupArn="x")]),
    fails("the log group was deleted", "log_group", "does not exist", filters=Fault.NOT_FOUND),
    passes("a good trail beside a stopped one", trails=[trail("bad"), trail()],
           statuses={"bad": {"IsLogging": False}, "all": {"IsLogging": True}}),
    passes("default selectors", selectors={"EventSelectors": []}),
    fails("write-only", "trail", "though the control's events", selectors=basic(ReadWriteType="WriteOnly")),
    fails("read-only", "trail", "among them the control's", selectors=basic(ReadWriteType="ReadOnly")),
    fails("no management events", "trail", selectors=basic(IncludeManagementEvents=False)),
    passes("KMS excluded, to the letter", selectors=basic(ExcludeManagementEventSources=["kms.amazonaws.com"])),
    passes("advanced, all management events", selectors=advanced({})),
    passes("advanced, reads and writes apart", selectors=advanced(READS, WRITES)),
    fails("advanced, writes alone", "trail", selectors=advanced(WRITES)),
    fails("advanced, reads alone", "trail", selectors=advanced(READS)),
    passes("advanced, without KMS",
           selectors=advanced({"eventSource": {"NotEquals": ["kms.amazonaws.com"]}})),
    fails("advanced, data events alone", "trail", selectors=DATA),
    unknown("advanced, a field that is not known", "trail", "not understood",
            selectors=advanced({"userIdentity.arn": {"NotStartsWith": ["arn:aws:sts"]}})),
    unknown("a selector of an unknown kind", "trail", selectors=basic(ReadWriteType="Some")),
]  # fmt: skip

FILTERS = [
    *(
        fails(f"without {name}", "filter", name,
              filters=one_filter("{ " + " || ".join(one for one in CLAUSES if f" {name})" not in one) + " }"))
        for name in NAMES
    ),
    fails("clauses joined by &&", "filter", "cannot hold at once", filters=one_filter("{ " + " && ".join(CLAUSES) + " }")),
    fails("a condition that nobody meets", "filter", '$.awsRegion = "mars-1"', filters=guarded('($.awsRegion = "mars-1")')),
    fails("failed calls left out", "filter", "NOT EXISTS", filters=guarded("($.errorCode NOT EXISTS)")),
    fails("users alone", "filter", "role", filters=guarded('($.userIdentity.type = "IAMUser")')),
    fails("!= on a field that may be absent", "filter", "userName", filters=guarded('($.userIdentity.userName != "x")')),
    passes("reordered", filters=one_filter("{ " + " || ".join(reversed(CLAUSES)) + " }")),
    passes("without blanks", filters=one_filter("{" + "||".join(f"$.eventName={name}" for name in NAMES) + "}")),
    passes("quoted", filters=one_filter("{ " + " || ".join(f'($.eventName = "{name}")' for name in NAMES) + " }")),
    passes("with a guard of the service", filters=guarded("($.eventSource = ec2.amazonaws.com)")),
    passes("a wildcard that selects more", filters=one_filter("{ $.eventName = *Vpc* }")),
    passes("a regex that selects more", filters=one_filter("{ $.eventName = %Vpc% }")),
    passes("everything", filters=one_filter("")),
    passes("split in two, one metric", filters=ONE_METRIC),
    passes("split in two, two alarms", filters=TWO_METRICS, alarms=[alarm("a", "A"), alarm("b", "B")]),
    fails("half of a split one", "filter", filters=ONE_METRIC[:1]),
    fails("no filter", "filter", "no metric filter", filters=[]),
    fails("a filter on another log group", "filter", "no metric filter", filters={"other": [metric_filter()]}),
    fails("a metric value that is no number", "filter", "no number", filters=one_filter(CIS, metricValue="$.eventName")),
    unknown("what AWS leaves open", "filter", "how AWS reads", filters=guarded("($.readOnly = false)")),
    unknown("a good alarm behind what AWS leaves open", "filter", "a further filter",
            filters=[metric_filter(CIS, "a", "A"), *one_filter(guarded("($.readOnly = false)")[0]["filterPattern"])]),
    unknown("a pattern between blanks", "filter", filters=one_filter("[a, b, c]")),
]  # fmt: skip

ALARMS = [
    fails("no alarm", "alarm", "no alarm in", alarms=[]),
    fails("another namespace", "alarm", "Elsewhere/", alarms=[alarm(Namespace="Elsewhere")]),
    fails("another metric", "alarm", "no alarm in", alarms=[alarm(metric="Other")]),
    fails("actions disabled", "alarm", "disabled", alarms=[alarm(ActionsEnabled=False)]),
    fails("threshold above one", "alarm", "not at least 5", alarms=[alarm(Threshold=5.0)]),
    fails("more than one", "alarm", "not more than 1", alarms=[alarm(ComparisonOperator="GreaterThanThreshold")]),
    passes("more than zero", alarms=[alarm(Threshold=0.0, ComparisonOperator="GreaterThanThreshold")]),
    fails("less than", "alarm", "without any event",
          filters=one_filter(CIS, defaultValue=0.0), alarms=[alarm(ComparisonOperator="LessThanThreshold")]),
    fails("two periods", "alarm", "waits for 2",
          alarms=[alarm(EvaluationPeriods=2)]),
    passes("one of two periods", alarms=[alarm(EvaluationPeriods=2, DatapointsToAlarm=1)]),
    passes("two periods, missing data as missing", alarms=[alarm(EvaluationPeriods=2, TreatMissingData="missing")]),
    fails("two periods with a default value", "alarm", "waits for 2", filters=one_filter(CIS, defaultValue=0.0),
          alarms=[alarm(EvaluationPeriods=2, TreatMissingData="missing")]),
    fails("missing data as breaching", "alarm", "without any event", alarms=[alarm(TreatMissingData="breaching")]),
    passes("average without a default value", alarms=[alarm(Statistic="Average")]),
    fails("average with a default value", "alarm", "0.2",
          filters=one_filter(CIS, defaultValue=0.0), alarms=[alarm(Statistic="Average")]),
    passes("maximum with a default value", filters=one_filter(CIS, defaultValue=0.0), alarms=[alarm(Statistic="Maximum")]),
    fails("minimum with a default value", "alarm", filters=one_filter(CIS, defaultValue=0.0),
    alarms=[alarm(Statistic="Minimum")]), passes("count of samples", alarms=[alarm(Statistic="SampleCount")]),
    passes("percentile", alarms=[alarm(Statistic=None, ExtendedStatistic="p99")]),
    unknown("trimmed mean", "alarm", "statistic", alarms=[alarm(Statistic=None, ExtendedStatistic="tm90")]),
    unknown("anomaly band", "alarm", "learnt", alarms=[alarm(**QUIET, ComparisonOperator="GreaterThanUpperThreshold",
                                                          ThresholdMetricId="ad1")]),
    fails("unit", "alarm", "unit Count", alarms=[alarm(Unit="Count")]),
    passes("the same unit", filters=one_filter(CIS, unit="Count"), alarms=[alarm(Unit="Count")]),
    fails("dimension on the alarm alone", "alarm", "dimensions", alarms=[alarm(Dimensions=[{"Name": "a", "Value": "b"}])]),
    fails("dimension on the filter alone", "alarm", "dimensions", filters=one_filter(CIS, dimensions={"name": "$.eventName"})),
    fails("one value of a dimension", "alarm", filters=one_filter(CIS, dimensions={"name": "$.eventName"}),
          alarms=[alarm(Dimensions=[{"Name": "name", "Value": "DeleteVpc"}])]),
    passes("every value of a dimension", filters=one_filter(CIS, dimensions={"name": "$.eventName"}),
           alarms=[alarm(name, Dimensions=[{"Name": "name", "Value": name}]) for name in NAMES]),
    unknown("a dimension that may be absent", "filter", filters=one_filter(CIS, dimensions={"agent": "$.userAgent"}),
            alarms=[alarm(), alarm("b", Dimensions=[{"Name": "agent", "Value": "aws-cli/2.17.0"}])]),
    passes("metric math, sum", filters=TWO_METRICS, alarms=[math_alarm("SUM([m1, m2])", "A", "B")]),
    passes("metric math, all metrics", filters=TWO_METRICS, alarms=[math_alarm("SUM(METRICS())", "A", "B")]),
    fails("metric math, + of what is missing", "alarm", "no value", filters=TWO_METRICS, alarms=[math_alarm("m1 + m2", "A",
    "B")]), passes("metric math, filled", filters=TWO_METRICS, alarms=[math_alarm("FILL(m1, 0) + FILL(m2, 0)", "A", "B")]),
    passes("metric math, IF", alarms=[math_alarm("IF(m1 > 0, 1, 0)", METRIC)]),
    fails("metric math, of another account", "alarm", "no alarm in", alarms=[math_alarm("m1", METRIC, account=MANAGEMENT)]),
    passes("metric math, of the own account, by its id", alarms=[math_alarm("m1", METRIC, account=ACCOUNT)]),
    fails("metric math, halved", "alarm", "0.5", alarms=[math_alarm("m1 / 2", METRIC)]),
    unknown("metric math, SEARCH", "alarm", "not followed", alarms=[math_alarm("SUM(SEARCH('{Cis}', 'Sum'))", METRIC)]),
    passes("composite", alarms=[alarm(**NO_ACTIONS)], composites=[composite('ALARM("vpc")')]),
    passes("composite by ARN, of any", composites=[composite(f"ALARM({alarm()['AlarmArn']}) OR ALARM(b)")],
           alarms=[alarm(**NO_ACTIONS)]),
    passes("composite of composites", alarms=[alarm(**NO_ACTIONS)],
           composites=[composite("ALARM(any)", "above"), composite("ALARM(vpc)", **NO_ACTIONS)]),
    passes("composite of two halves", filters=TWO_METRICS,
           alarms=[alarm("a", "A", **NO_ACTIONS), alarm("b", "B", **NO_ACTIONS)], composites=[composite("ALARM(a) OR ALARM(b)")]),
    fails("composite of both halves at once", "topic", filters=TWO_METRICS,
          alarms=[alarm("a", "A", **NO_ACTIONS), alarm("b", "B", **NO_ACTIONS)], composites=[composite("ALARM(a) AND ALARM(b)")]),
    passes("composite but not while something else", alarms=[alarm(**NO_ACTIONS)],
           composites=[composite("ALARM(vpc) AND NOT ALARM(maintenance)")]),
    fails("composite with actions disabled", "topic", alarms=[alarm(**NO_ACTIONS)],
          composites=[composite("ALARM(vpc)", ActionsEnabled=False)]),
    fails("composite that is always in ALARM", "topic", alarms=[alarm(**NO_ACTIONS)],
          composites=[composite("ALARM(vpc) OR TRUE")]),
    unknown("composite with a rule that is not known", "alarm", "not followed", alarms=[alarm(**NO_ACTIONS)],
            composites=[composite("ALARM(vpc) XOR TRUE")]),
]  # fmt: skip

PEOPLE = [
    fails("no action", "topic", "no topic", alarms=[alarm(**NO_ACTIONS)]),
    fails("an action that is no topic", "topic", "lambda", alarms=[alarm(AlarmActions=["arn:aws:lambda:x:1:function:f"])]),
    fails("topic deleted", "topic", "does not exist", subscriptions=Fault.NOT_FOUND),
    fails("no subscription", "subscription", "no subscription", subscriptions=[]),
    fails("pending alone", "subscription", "confirmed", subscriptions=[subscription("PendingConfirmation")]),
    fails("deleted alone", "subscription", "confirmed", subscriptions=[subscription("Deleted")]),
    passes("pending and confirmed", subscriptions=[subscription("PendingConfirmation"), subscription(protocol="sms")]),
    passes("a good alarm beside a bad one", alarms=[alarm("bad", ActionsEnabled=False), alarm()]),
    passes("a good topic beside an empty one", alarms=[alarm(AlarmActions=[f"{TOPIC}-empty", TOPIC])],
           subscriptions={f"{TOPIC}-empty": [], TOPIC: [subscription()]}),
    passes("a topic of another account", alarms=[alarm(AlarmActions=[ELSEWHERE])]),
    unknown("a topic of another account, denied", "subscription", "denied",
            alarms=[alarm(AlarmActions=[ELSEWHERE])], subscriptions=Fault.DENIED),
]  # fmt: skip

DENIED = [
    unknown("DescribeRegions denied", "trail", "ec2:DescribeRegions", regions=Fault.DENIED),
    unknown("DescribeTrails denied", "trail", "cloudtrail:DescribeTrails", trails=Fault.DENIED),
    unknown("GetTrailStatus denied", "trail", "cloudtrail:GetTrailStatus", statuses=Fault.DENIED),
    unknown("GetEventSelectors denied", "trail", "cloudtrail:GetEventSelectors", selectors=Fault.DENIED),
    unknown("DescribeMetricFilters denied", "filter", "logs:DescribeMetricFilters", filters=Fault.DENIED),
    unknown("DescribeAlarms denied", "alarm", "cloudwatch:DescribeAlarms", alarms=Fault.DENIED),
    unknown("ListSubscriptionsByTopic denied", "subscription", "sns:ListSubscriptionsByTopic", subscriptions=Fault.DENIED),
    unknown("filters throttled", "filter", "throttled", filters=Fault.THROTTLED),
    unknown("alarms lost", "alarm", "network", alarms=Fault.NETWORK),
    fails("denied, and broken elsewhere for sure", "alarm", "no alarm in", statuses=Fault.DENIED, alarms=[]),
    passes("organization trail, the management account in the list", (ACCOUNT, MANAGEMENT),
           trails=[ORGANIZATION], place=(MANAGEMENT, HERE)),
    unknown("organization trail, the management account not in the list", "filter", MANAGEMENT,
            trails=[ORGANIZATION], place=(MANAGEMENT, HERE)),
    unknown("a log group of the same name in the own account is another", "filter", MANAGEMENT,
            trails=[ORGANIZATION], place=(ACCOUNT, HERE)),
    unknown("organization trail that may not be looked into", "trail", "foreign",
            trails=[ORGANIZATION], statuses=Fault.FOREIGN, place=(MANAGEMENT, HERE), accounts=(ACCOUNT, MANAGEMENT)),
    fails("alarm in another Region", "alarm", "no alarm in eu-west-2",
          trails=[trail(CloudWatchLogsLogGroupArn=f"arn:aws:logs:eu-west-2:{ACCOUNT}:log-group:{GROUP}:*")],
          filters={GROUP: [metric_filter()]}),
]  # fmt: skip

SITUATIONS = [*TRAILS, *FILTERS, *ALARMS, *PEOPLE, *DENIED]
