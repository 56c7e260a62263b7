"""A large account at an emulator, in a process of its own: `python -m bench.audit_account` prints the address.

30 Regions, 200 log groups, 5,000 alarms, 2,000 topics; a multi-Region trail into one of the groups, with a filter, an alarm
and a topic for each of the fifteen controls.

Keeps: it is filled without a call, so that making it takes no longer than auditing it.

Next: `bench.audit`.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

from moto.cloudtrail.models import cloudtrail_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.iam.models import iam_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends
from moto.server import ThreadedMotoServer
from moto.sns.models import sns_backends

from trailwarden.audit.controls import every_control

ACCOUNT: Final = "123456789012"
REGION: Final = "eu-west-1"
REGIONS: Final = (
    "af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2",
    "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ca-central-1", "ca-west-1",
    "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3",
    "il-central-1", "me-central-1", "me-south-1", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip
LOG_GROUPS: Final = 200
ALARMS: Final = 5000
TOPICS: Final = 2000
GROUP: Final = "group-0"
NAMESPACE: Final = "Cis"


def fill() -> None:
    """The emulator of this process."""
    topics = _topics()
    _trail()
    logs = logs_backends[ACCOUNT][REGION]
    for number in range(1, LOG_GROUPS):
        logs.create_log_group(f"group-{number}", {})
    for number, control in enumerate(every_control()):
        made = {"metricName": control.key, "metricNamespace": NAMESPACE, "metricValue": "1"}
        logs.put_metric_filter(control.key, control.rule.pattern, GROUP, [made])
        _alarm(control.key, NAMESPACE, topics[number])
    for number in range(ALARMS - len(every_control())):
        _alarm(f"load-{number}", "Load", topics[number % TOPICS])


def _topics() -> list[str]:
    sns = sns_backends[ACCOUNT][REGION]
    topics = [sns.create_topic(f"topic-{number}").arn for number in range(TOPICS)]
    for topic in topics:
        sns.subscribe(topic, "somebody@example.com", "email")
    return topics


def _trail() -> None:
    s3_backends[ACCOUNT]["aws"].create_bucket("logs", REGION)
    group: Any = logs_backends[ACCOUNT][REGION].create_log_group(GROUP, {})
    role = iam_backends[ACCOUNT]["aws"].create_role("trail", "{}", "/", None, "", [], 3600)
    trails = cloudtrail_backends[ACCOUNT][REGION]
    trails.create_trail("all", "logs", "", "", True, True, False, False, f"{group.arn}:*", role.arn, "", [])
    trails.start_logging("all")


def _alarm(name: str, namespace: str, topic: str) -> None:
    cloudwatch_backends[ACCOUNT][REGION].put_metric_alarm(
        name=name,
        namespace=namespace,
        metric_name=name,
        comparison_operator="GreaterThanOrEqualToThreshold",
        evaluation_periods=1,
        period=300,
        threshold=1.0,
        statistic="Sum",
        description="",
        dimensions=[],
        alarm_actions=[topic],
    )


def main() -> int:
    """Until the standard input ends."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    fill()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    sys.stdout.write(f"http://{host}:{port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
