"""Calls straight to a service are those of its client; whatever is no success is the client's affair."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import web
from botocore.exceptions import ClientError

from tests.aws.buckets import Bucket
from tests.aws.emulator import Emulator
from tests.aws.s3_server import Handler, S3Server, raw, reset, whole
from trailwarden.aws import Aws, AwsSettings, DirectCalls

URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/q"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("NO_PROXY", "*")


@asynccontextmanager
async def calling(*answers: Handler, **more: Any) -> AsyncIterator[tuple[S3Server, DirectCalls]]:
    server = S3Server(list(answers))
    await server.start()
    aws = Aws(AwsSettings.model_validate({"region": "eu-west-1", "endpoint_url": server.url, **more}))
    calls = DirectCalls(aws, "sqs", "AmazonSQS", None, 5.0)
    try:
        yield server, calls
    finally:
        await calls.close()
        await aws.close()
        await server.stop()


def refused(status: int, code: str) -> Handler:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"__type": f"com.amazonaws.sqs#{code}", "message": "no"}, status=status)

    return answer


async def test_what_is_sent_is_what_the_client_sends() -> None:
    async with calling(whole(b"{}")) as (server, calls):
        assert await calls.call("ReceiveMessage", QueueUrl=URL, MaxNumberOfMessages=10) == {}
    (asked,) = server.asked
    assert asked.target == "/"
    assert asked.headers["X-Amz-Target"] == "AmazonSQS.ReceiveMessage"
    assert asked.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert "/eu-west-1/sqs/aws4_request" in asked.headers["Authorization"]


@pytest.mark.parametrize(
    "first",
    [
        refused(500, "InternalError"),
        refused(400, "ExpiredToken"),
        whole(b"no JSON"),
        whole(b"[]"),
        reset,
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", b"{"),
    ],
    ids=["500", "400", "no JSON", "a list", "reset", "torn"],
)
async def test_what_is_no_success_is_asked_by_the_client(first: Handler) -> None:
    async with calling(first, whole(orjson.dumps({"Messages": []}))) as (server, calls):
        assert (await calls.call("ReceiveMessage", QueueUrl=URL)).get("Messages") == []
    assert "aiobotocore" not in server.asked[0].headers["User-Agent"]
    assert "aiobotocore" in server.asked[-1].headers["User-Agent"]


async def test_a_refusal_is_raised_as_the_client_raises_it() -> None:
    async with calling(refused(400, "QueueDoesNotExist")) as (server, calls):
        with pytest.raises(ClientError, match="QueueDoesNotExist"):
            await calls.call("ReceiveMessage", QueueUrl=URL)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({}, "sqs.eu-west-1.amazonaws.com"),
        ({"use_fips_endpoint": True}, "sqs-fips.eu-west-1.amazonaws.com"),
        ({"use_dualstack_endpoint": True}, "sqs.eu-west-1.api.aws"),
        ({"region": "cn-north-1"}, "sqs.cn-north-1.amazonaws.com.cn"),
        ({"region": "us-gov-west-1"}, "sqs.us-gov-west-1.amazonaws.com"),
        (
            {"endpoints": {"sqs": "https://vpce-1.sqs.eu-west-1.vpce.amazonaws.com"}},
            "vpce-1.sqs.eu-west-1.vpce.amazonaws.com",
        ),
    ],
)
async def test_it_goes_where_the_client_goes(settings: dict[str, Any], host: str) -> None:
    aws = Aws(AwsSettings.model_validate({"region": "eu-west-1", **settings}))
    sent: list[str] = []

    def stopped(request: Any, **_more: Any) -> None:
        sent.append(request.url)
        raise RuntimeError

    client = await aws.client("sqs")
    client.meta.events.register("before-send.sqs.*", stopped)
    with pytest.raises(RuntimeError):
        await client.receive_message(QueueUrl=URL)
    assert sent == [f"{client.meta.endpoint_url}/"] == [f"https://{host}/"]
    await aws.close()


async def test_with_a_queue(emulator: Emulator) -> None:
    bucket = Bucket(emulator)
    await bucket.make()
    calls = DirectCalls(bucket.aws, "sqs", "AmazonSQS", None, 30.0)
    await bucket.send("one", "two")
    members = {"QueueUrl": bucket.url, "MaxNumberOfMessages": 10}
    told = ["ApproximateReceiveCount"]
    got = (await calls.call("ReceiveMessage", MessageSystemAttributeNames=told, **members))["Messages"]
    assert sorted(one["Body"] for one in got) == ["one", "two"]
    assert {one["Attributes"]["ApproximateReceiveCount"] for one in got} == {"1"}
    entries = [{"Id": str(n), "ReceiptHandle": one["ReceiptHandle"]} for n, one in enumerate(got)]
    await calls.call("DeleteMessageBatch", QueueUrl=bucket.url, Entries=entries)
    assert await bucket.left() == (0, 0)
    await calls.close()
    await bucket.close()
