"""The permissions that a configuration needs, and no other. Pure.

Keeps: an action stands here because a call of ours needs it; a resource is as narrow as the service and the configuration allow.

Source: Service Authorization Reference: Amazon S3, Amazon SQS, Amazon Kinesis Data Streams, Amazon DynamoDB, Apache Kafka APIs
for Amazon MSK clusters, AWS CloudTrail, Amazon CloudWatch (and Logs), Amazon SNS, Amazon EC2, AWS STS, AWS KMS. GetCallerIdentity
needs no permission.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from trailwarden.coverage.settings import AccountSettings
from trailwarden.model.partition import partition_of
from trailwarden.settings import Settings
from trailwarden.sources.kafka_settings import KafkaSettings
from trailwarden.sources.kinesis_settings import KinesisSettings
from trailwarden.sources.s3_listing import root_of
from trailwarden.sources.s3_poll_settings import S3PollSettings
from trailwarden.sources.s3_sqs_settings import S3SqsSettings

OWN: Final = "own"
"""The identity that the service runs as, where no role is assumed."""
_QUEUE: Final = re.compile(r"https?://[^/]+/(\d{12})/([^/]+)")


@dataclass(frozen=True, slots=True)
class Statement:
    """Of a policy. condition: operator -> key -> values."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[str]
    condition: Mapping[str, Mapping[str, Sequence[str]]] | None = None

    def as_json(self) -> dict[str, Any]:
        """As IAM takes it."""
        document: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": sorted(self.resources),
        }
        return document | ({"Condition": self.condition} if self.condition is not None else {})


def policies(
    settings: Settings, kms_keys: Sequence[str] = (), *, audit: bool = False
) -> dict[str, dict[str, Any]]:
    """Identity (OWN or the ARN of a role) -> its policy.

    kms_keys: ARNs of the keys that the objects are encrypted with; audit: with what `trailwarden audit` asks.
    """
    statements: dict[str, list[Statement]] = {}
    for identity, statement in (*_needed(settings, kms_keys), *(_of_audit(settings) if audit else ())):
        statements.setdefault(identity, []).append(statement)
    roles = sorted(identity for identity in statements if identity != OWN)
    if roles:
        statements.setdefault(OWN, []).append(Statement("AssumeRoles", ["sts:AssumeRole"], roles))
    return {identity: _policy(needed) for identity, needed in sorted(statements.items())}


def _policy(statements: Sequence[Statement]) -> dict[str, Any]:
    """Statements with their ids made different; the same one twice is one."""
    distinct: dict[str, Statement] = {}
    for statement in statements:
        name, number = statement.sid, 1
        while name in distinct and distinct[name] != statement:
            number += 1
            name = f"{statement.sid}{number}"
        distinct[name] = statement
    return {
        "Version": "2012-10-17",
        "Statement": [one.as_json() | {"Sid": name} for name, one in distinct.items()],
    }


def _needed(settings: Settings, kms_keys: Sequence[str]) -> Iterator[tuple[str, Statement]]:
    for source in settings.sources:
        needed = _OF_SOURCE.get(type(source))
        if needed is not None:
            identity = _role_of(source) or OWN
            for statement in needed(source, settings, kms_keys):
                yield identity, statement
    for account in settings.coverage.accounts if settings.coverage is not None else ():
        for statement in _coverage(account):
            yield account.role_arn or OWN, statement


def _role_of(source: object) -> str | None:
    """That of a source of AWS, or, for Kafka, the one of its way in."""
    if isinstance(source, KafkaSettings):
        return source.sasl.role_arn if source.sasl is not None else None
    return getattr(source, "role_arn", None)


def _s3_sqs(source: S3SqsSettings, settings: Settings, kms_keys: Sequence[str]) -> Iterator[Statement]:
    region = source.queue_region() or settings.aws.region or "*"
    partition = partition_of(region)
    found = _QUEUE.fullmatch(source.queue_url)
    queue = f"arn:{partition}:sqs:{region}:{found[1]}:{found[2]}" if found is not None else "*"
    yield Statement(
        "ReadQueue",
        ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"],
        [queue],
    )
    yield from s3_objects(partition, source.buckets, source.prefixes, kms_keys)


def _msk(source: KafkaSettings, settings: Settings, _kms_keys: Sequence[str]) -> Iterator[Statement]:
    """With IAM as the way in. Brokers' addresses name neither the account nor the cluster: any of the Region."""
    if source.sasl is None or source.sasl.mechanism != "AWS_MSK_IAM":
        return
    region = source.sasl.region or settings.aws.region or "*"
    place = f"arn:{partition_of(region)}:kafka:{region}:*"
    yield Statement("ConnectToCluster", ["kafka-cluster:Connect"], [f"{place}:cluster/*"])
    topics = [f"{place}:topic/*/*/{topic}" for topic in source.topics]
    yield Statement("ReadTopics", ["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"], topics)
    yield Statement(
        "JoinGroup",
        ["kafka-cluster:AlterGroup", "kafka-cluster:DescribeGroup"],
        [f"{place}:group/*/*/{source.group_id}"],
    )


def _s3_poll(source: S3PollSettings, settings: Settings, kms_keys: Sequence[str]) -> Iterator[Statement]:
    partition = partition_of(source.region or settings.aws.region or "")
    prefix = root_of(source.prefix, source.organization)
    yield from s3_objects(partition, [source.bucket], [prefix], kms_keys)


def _kinesis(source: KinesisSettings, settings: Settings, kms_keys: Sequence[str]) -> Iterator[Statement]:
    region = source.stream_region() or settings.aws.region or "*"
    partition = partition_of(region)
    named = source.stream.startswith("arn:")
    stream = source.stream if named else f"arn:{partition}:kinesis:{region}:*:stream/{source.stream}"
    reads = ["DescribeStreamSummary", "ListShards", "GetShardIterator", "GetRecords"]
    yield Statement("ReadStream", [f"kinesis:{read}" for read in reads], [stream])
    if kms_keys:
        yield Statement("DecryptRecords", ["kms:Decrypt"], list(kms_keys))
    if source.lease_table is not None:
        calls = ["Scan", "GetItem", "PutItem", "UpdateItem", "DeleteItem"]
        calls += ["CreateTable"] if source.create_lease_table else []
        table = f"arn:{partition}:dynamodb:{region}:*:table/{source.lease_table}"
        yield Statement("ShareShards", [f"dynamodb:{call}" for call in calls], [table])


_OF_SOURCE: Final[Mapping[type, Callable[[Any, Settings, Sequence[str]], Iterator[Statement]]]] = {
    S3SqsSettings: _s3_sqs,
    S3PollSettings: _s3_poll,
    KafkaSettings: _msk,
    KinesisSettings: _kinesis,
}
"""Settings of a source -> what it needs."""


def s3_objects(
    partition: str, buckets: Sequence[str], prefixes: Sequence[str], kms_keys: Sequence[str]
) -> Iterator[Statement]:
    """To list and read the objects. Without ListBucket a missing object cannot be told from a denied one."""
    objects = [f"arn:{partition}:s3:::{bucket}/{prefix}*" for bucket in buckets for prefix in prefixes]
    yield Statement("ReadObjects", ["s3:GetObject", "s3:GetObjectVersion"], objects)
    yield Statement("ListBucket", ["s3:ListBucket"], [f"arn:{partition}:s3:::{bucket}" for bucket in buckets])
    if kms_keys:
        yield Statement("DecryptObjects", ["kms:Decrypt"], list(kms_keys))


def _of_audit(settings: Settings) -> Iterator[tuple[str, Statement]]:
    """For each account that is audited: those of coverage, or that of the credentials."""
    partition = partition_of(settings.aws.region or "")
    if settings.coverage is None:
        for statement in _coverage(AccountSettings(id="000000000000")):
            yield OWN, statement
    accounts = settings.coverage.accounts if settings.coverage is not None else ()
    for account, identity in [(one.id, one.role_arn or OWN) for one in accounts] or [("*", OWN)]:
        groups = f"arn:{partition}:logs:*:{account}:log-group:*"
        alarms = f"arn:{partition}:cloudwatch:*:{account}:alarm:*"
        yield identity, Statement("AuditFilters", ["logs:DescribeMetricFilters"], [groups])
        yield identity, Statement("AuditAlarms", ["cloudwatch:DescribeAlarms"], [alarms])
        # Alarms may notify topics of other accounts.
        topics = f"arn:{partition}:sns:*:*:*"
        yield identity, Statement("AuditSubscriptions", ["sns:ListSubscriptionsByTopic"], [topics])


def _coverage(account: AccountSettings) -> Iterator[Statement]:
    yield Statement("FindTrails", ["cloudtrail:DescribeTrails"], ["*"])  # the action has no resources
    trails = [account.trail] if account.trail.startswith("arn:") else ["*"]
    yield Statement("LookIntoTrails", ["cloudtrail:GetTrailStatus", "cloudtrail:GetEventSelectors"], trails)
    if account.regions == "all":
        yield Statement("FindRegions", ["ec2:DescribeRegions"], ["*"])
