"""An account at the emulator with a chain from trail to subscriber."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from tests.aws.emulator import ACCOUNT, REGION, Emulator
from trailwarden.audit.controls import chosen
from trailwarden.aws import Aws, Role

(VPC,) = chosen(["4.14"])
GROUP = "audit-trail"
NAMESPACE, METRIC, TOPIC, BUCKET = "Cis", "VpcChanges", "security", "audit-logs"


@dataclass
class Account:
    """To be closed. Each method makes one link."""

    emulator: Emulator
    aws: Aws = field(init=False)
    topic: str = ""

    def __post_init__(self) -> None:
        self.aws = Aws(self.emulator.settings(), Role())

    async def client(self, service: str) -> Any:
        return await self.aws.client(service)

    async def make(self) -> Account:
        """Everything, and all is well."""
        await self.make_trail()
        await self.make_filter()
        await self.make_topic()
        await self.make_alarm()
        return self

    async def make_trail(self) -> None:
        s3, logs, iam, cloudtrail = [await self.client(one) for one in ("s3", "logs", "iam", "cloudtrail")]
        where = {"LocationConstraint": REGION}
        await s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        await logs.create_log_group(logGroupName=GROUP)
        role = await iam.create_role(
            RoleName="trail", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"})
        )
        await cloudtrail.create_trail(
            Name="management",
            S3BucketName=BUCKET,
            IsMultiRegionTrail=True,
            IncludeGlobalServiceEvents=True,
            CloudWatchLogsLogGroupArn=f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*",
            CloudWatchLogsRoleArn=role["Role"]["Arn"],
        )
        await cloudtrail.start_logging(Name="management")

    async def make_filter(self, pattern: str = VPC.rule.pattern, name: str = "vpc") -> None:
        logs = await self.client("logs")
        made = {"metricName": METRIC, "metricNamespace": NAMESPACE, "metricValue": "1"}
        await logs.put_metric_filter(
            logGroupName=GROUP, filterName=name, filterPattern=pattern, metricTransformations=[made]
        )

    async def make_topic(self, *addresses: str) -> None:
        sns = await self.client("sns")
        self.topic = (await sns.create_topic(Name=TOPIC))["TopicArn"]
        for address in addresses or ("somebody@example.com",):
            await sns.subscribe(TopicArn=self.topic, Protocol="email", Endpoint=address)

    async def make_alarm(self, name: str = "vpc", **more: Any) -> None:
        cloudwatch = await self.client("cloudwatch")
        told = {
            "AlarmName": name,
            "Namespace": NAMESPACE,
            "MetricName": METRIC,
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": 1.0,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "AlarmActions": [self.topic],
            **more,
        }
        await cloudwatch.put_metric_alarm(**{key: value for key, value in told.items() if value is not None})

    async def close(self) -> None:
        await self.aws.close()
