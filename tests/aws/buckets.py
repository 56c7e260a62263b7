"""A bucket and the queue that announces its objects, at the emulator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

import orjson

from tests.aws.emulator import REGION, Emulator
from trailwarden.aws import Aws


def s3_news(
    bucket: str, key: str, *, size: int = 0, etag: str | None = None, **members: Any
) -> dict[str, Any]:
    """One record as S3 writes it."""
    described = {"key": quote_plus(key), "size": size, **({"eTag": etag} if etag else {})}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": REGION,
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": described},
        **members,
    }


class Bucket:
    """To be made, and closed."""

    def __init__(self, emulator: Emulator, name: str = "trail-bucket", queue: str = "news") -> None:
        self.emulator = emulator
        self.name = name
        self.queue = queue
        self.url = ""
        self.aws = Aws(emulator.settings())

    async def make(self, **attributes: str) -> None:
        """attributes: of the queue."""
        s3 = await self.aws.client("s3")
        await s3.create_bucket(Bucket=self.name, CreateBucketConfiguration={"LocationConstraint": REGION})
        sqs = await self.aws.client("sqs")
        self.url = (await sqs.create_queue(QueueName=self.queue, Attributes=attributes))["QueueUrl"]

    async def close(self) -> None:
        await self.aws.close()

    aclose = close

    async def put(self, key: str, content: bytes, **more: Any) -> str:
        """Returns the ETag."""
        s3 = await self.aws.client("s3")
        answer = await s3.put_object(Bucket=self.name, Key=key, Body=content, **more)
        return str(answer["ETag"]).strip('"')

    async def remove(self, key: str) -> None:
        await (await self.aws.client("s3")).delete_object(Bucket=self.name, Key=key)

    async def send(self, *bodies: Any) -> None:
        """Messages of these bodies, text or to be written as JSON."""
        sqs = await self.aws.client("sqs")
        for body in bodies:
            text = body if isinstance(body, str) else orjson.dumps(body).decode()
            await sqs.send_message(QueueUrl=self.url, MessageBody=text)

    async def announce(self, *keys: str, etag: str | None = None) -> None:
        """One message about all of them."""
        await self.send({"Records": [s3_news(self.name, key, etag=etag) for key in keys]})

    async def left(self) -> tuple[int, int]:
        """Messages in the queue: to be had, and hidden."""
        sqs = await self.aws.client("sqs")
        names: Sequence[str] = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
        answer = await sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=list(names))
        return int(answer["Attributes"][names[0]]), int(answer["Attributes"][names[1]])

    def source(self, **more: Any) -> dict[str, Any]:
        """Settings of a source of kind s3_sqs."""
        return {"kind": "s3_sqs", "name": "trail", "queue_url": self.url, "buckets": [self.name], **more}
