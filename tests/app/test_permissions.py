"""The printed policy is what the service needs: no call is missing in it, and nothing stands in it for nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.app.recording import recording
from tests.aws.buckets import Bucket
from tests.aws.emulator import ACCOUNT, REGION, Emulator
from tests.aws.streams import TABLE, KinesisStreamAt
from tests.aws.trails import REGIONS, TRAIL, call, coverage, deliver, make_trail
from tests.e2e.service import configured, running
from tests.receiver import receiving
from tests.running import Run
from trailwarden.app.permissions import OWN, policies
from trailwarden.model.partition import partition_of
from trailwarden.settings import Settings, load_settings

NEEDS_NONE = {"sts:GetCallerIdentity"}
OTHER = "arn:aws:iam::222222222222:role/reader"
QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/news"


def allowed(policy: dict[str, Any]) -> set[str]:
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def settings(*sources: dict[str, Any], **more: Any) -> Settings:
    s3 = {"kind": "s3_sqs", "name": "trail", "queue_url": QUEUE, "buckets": ["trail-bucket"]}
    return Settings.model_validate({"sources": [{**s3, **source} for source in sources or ({},)], **more})


async def test_every_call_of_a_running_service_is_in_the_policy(tmp_path: Path, emulator: Emulator) -> None:
    bucket = Bucket(emulator)
    await bucket.make()
    await make_trail(bucket)
    async with receiving() as receiver, recording(emulator.url) as recorder:
        path = configured(
            tmp_path,
            receiver.url,
            sources=[bucket.source(wait="1s", put_back="0s", max_receives=2)],
            aws={"region": REGION, "endpoint_url": recorder.url},
            coverage={
                "accounts": [{"id": ACCOUNT}, {"id": "222222222222", "role_arn": OTHER, "regions": [REGION]}]
            },
        )
        async with running(path) as service:
            await deliver(bucket, REGIONS[0], call("CreateVpc"))
            await bucket.announce("AWSLogs/is-not-there.json.gz")
            await receiver.until(1)
            await service.until("/health", lambda _, text: "1 payload" in text or "quarantine" in text)
            await service.until("/coverage", lambda _, text: "not configured" not in text)
            assert await service.end() == 0
    await bucket.close()
    needed = policies(load_settings(path))
    own = recorder.calls.pop("testing") - NEEDS_NONE
    assumed = set().union(*recorder.calls.values()) - NEEDS_NONE
    assert {"s3:GetObject", "sqs:DeleteMessage", "cloudtrail:GetTrailStatus", "sts:AssumeRole"} <= own
    assert own <= allowed(needed[OWN]), own - allowed(needed[OWN])
    assert assumed
    assert assumed <= allowed(needed[OTHER]), assumed - allowed(needed[OTHER])
    # These are used where this run had no occasion.
    rare = {"sqs:ChangeMessageVisibility", "s3:GetObjectVersion", "s3:ListBucket"}
    assert allowed(needed[OWN]) - rare <= own


def test_resources_are_as_narrow_as_can_be() -> None:
    needed = policies(settings({"prefixes": ["a/", "b/"]}), ["arn:aws:kms:eu-west-1:123456789012:key/k"])[OWN]
    by_sid = {statement["Sid"]: statement for statement in needed["Statement"]}
    assert by_sid["ReadQueue"]["Resource"] == ["arn:aws:sqs:eu-west-1:123456789012:news"]
    assert by_sid["ReadObjects"]["Resource"] == [
        "arn:aws:s3:::trail-bucket/a/*",
        "arn:aws:s3:::trail-bucket/b/*",
    ]
    assert by_sid["DecryptObjects"]["Action"] == ["kms:Decrypt"]
    assert "FindTrails" not in by_sid


def test_each_identity_has_its_own() -> None:
    needed = policies(
        settings(
            {"role_arn": OTHER},
            coverage={
                "accounts": [{"id": ACCOUNT, "trail": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/t"}]
            },
        )
    )
    assert set(needed) == {OWN, OTHER}
    assert allowed(needed[OTHER]) & {"sqs:ReceiveMessage", "cloudtrail:DescribeTrails"} == {
        "sqs:ReceiveMessage"
    }
    assume = [one for one in needed[OWN]["Statement"] if one["Action"] == ["sts:AssumeRole"]]
    assert assume[0]["Resource"] == [OTHER]


def test_a_cluster_with_iam_is_the_role_s_that_gets_in() -> None:
    kafka = {
        "kind": "kafka",
        "name": "bus",
        "bootstrap_servers": ["b:9098"],
        "topics": ["cloudtrail"],
        "tls": {},
    }
    iam = {"mechanism": "AWS_MSK_IAM", "region": REGION, "role_arn": OTHER}
    needed = policies(Settings.model_validate({"sources": [{**kafka, "sasl": iam}]}))
    assert allowed(needed[OWN]) == {"sts:AssumeRole"}
    assert "kafka-cluster:Connect" in allowed(needed[OTHER])
    del iam["role_arn"]
    own = policies(Settings.model_validate({"sources": [{**kafka, "sasl": iam}]}))
    assert set(own) == {OWN}
    assert "kafka-cluster:ReadData" in allowed(own[OWN])


def test_regions_are_looked_up_for_all_alone() -> None:
    listed = policies(settings(coverage=coverage()))[OWN]
    every = policies(settings(coverage={"accounts": [{"id": ACCOUNT, "trail": TRAIL}]}))[OWN]
    assert allowed(every) - allowed(listed) == {"ec2:DescribeRegions"}


def test_two_queues_are_two_statements_and_the_same_one_is_one() -> None:
    other = {"name": "b", "queue_url": QUEUE.replace("news", "more")}
    needed = policies(settings({}, other))[OWN]["Statement"]
    assert [one["Sid"] for one in needed] == [
        "ReadQueue",
        "ReadObjects",
        "ListBucket",
        "ReadQueue2",
    ]


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_partitions(region: str, partition: str) -> None:
    assert partition_of(region) == partition


def test_files_need_nothing(tmp_path: Path, run: Run) -> None:
    path = str(configured(tmp_path))
    assert run("iam-policy", "--config", path).json() == {}
    wrong = run("iam-policy", "--config", path, "--for", "own")
    assert wrong.code == 2
    assert "uses nothing of AWS" in wrong.err


def test_the_command_prints_one_policy_alone(tmp_path: Path, run: Run) -> None:
    path = configured(
        tmp_path, sources=[{"kind": "s3_sqs", "name": "t", "queue_url": QUEUE, "buckets": ["b"]}]
    )
    policy = run("iam-policy", "--config", str(path), "--for", "own").json()
    assert policy["Version"] == "2012-10-17"
    assert "sqs:ReceiveMessage" in allowed(policy)


def test_polling_lists_and_reads_below_its_root() -> None:
    source = {"kind": "s3_poll", "name": "p", "bucket": "b", "prefix": "org", "organization": "o-abcdefghij"}
    needed = policies(Settings.model_validate({"sources": [source]}))[OWN]
    assert allowed(needed) == {"s3:ListBucket", "s3:GetObject", "s3:GetObjectVersion"}
    assert needed["Statement"][0]["Resource"] == ["arn:aws:s3:::b/org/AWSLogs/o-abcdefghij/*"]
    assert needed["Statement"][1]["Resource"] == ["arn:aws:s3:::b"]


async def test_every_call_of_a_service_that_shares_a_stream_is_in_the_policy(
    tmp_path: Path, emulator: Emulator
) -> None:
    stream = KinesisStreamAt(emulator)
    await stream.make()
    async with receiving() as receiver, recording(emulator.url) as recorder:
        path = configured(
            tmp_path,
            receiver.url,
            sources=[stream.source(lease_table=TABLE, create_lease_table=True)],
            aws={"region": REGION, "endpoint_url": recorder.url},
        )
        async with running(path) as service:
            await stream.put(orjson.dumps(call("CreateVpc")))
            await receiver.until(1)
            assert await service.end() == 0
    await stream.close()
    needed = allowed(policies(load_settings(path))[OWN])
    own = recorder.calls.pop("testing")
    assert {"kinesis:GetRecords", "dynamodb:UpdateItem", "dynamodb:CreateTable"} <= own
    assert own <= needed, own - needed
    # These are used where this run had no occasion: a lease that is doubtful, a shard that is gone.
    assert needed - {"dynamodb:GetItem", "dynamodb:DeleteItem"} <= own


def test_a_stream_needs_no_more_than_it_uses() -> None:
    def needed(**source: Any) -> dict[str, Any]:
        base = {"kind": "kinesis", "name": "k", "stream": "cloudtrail"}
        document = {"sources": [{**base, **source}], "aws": {"region": REGION}}
        (policy,) = policies(Settings.model_validate(document)).values()
        return {statement["Sid"]: statement for statement in policy["Statement"]}

    assert list(needed()) == ["ReadStream"]
    assert needed()["ReadStream"]["Resource"] == [f"arn:aws:kinesis:{REGION}:*:stream/cloudtrail"]
    arn = "arn:aws:kinesis:us-east-1:111122223333:stream/other"
    assert needed(stream=arn)["ReadStream"]["Resource"] == [arn]
    shared = needed(lease_table="leases")["ShareShards"]
    assert shared["Resource"] == [f"arn:aws:dynamodb:{REGION}:*:table/leases"]
    assert "dynamodb:CreateTable" not in shared["Action"]
