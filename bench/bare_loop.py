"""The least that one writes first: aiobotocore receives, gets, deletes, and looks at nothing.

`python -m bench.bare_loop SQS_URL S3_URL`. Three pollers, the ten objects of a poll side by side, deletes in batches.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any
from urllib.parse import unquote_plus

import orjson
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

QUEUE = "/123456789012/queue"


async def poll(sqs: Any, s3: Any, url: str) -> None:
    """Until the queue is empty."""
    while True:
        answer = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        messages = answer.get("Messages")
        if not messages:
            return
        await asyncio.gather(*(get(s3, message["Body"]) for message in messages))
        entries = [
            {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
            for number, message in enumerate(messages)
        ]
        await sqs.delete_message_batch(QueueUrl=url, Entries=entries)


async def get(s3: Any, body: str) -> None:
    """All objects of one message."""
    for record in orjson.loads(body)["Records"]:
        place = record["s3"]
        answer = await s3.get_object(Bucket=place["bucket"]["name"], Key=unquote_plus(place["object"]["key"]))
        async with answer["Body"] as stream:
            await stream.read()


async def main(queue: str, store: str) -> None:
    """Everything in the queue."""
    session = get_session()
    options: dict[str, Any] = {
        "region_name": "eu-west-1",
        "config": AioConfig(max_pool_connections=64, s3={"addressing_style": "path"}),
    }
    async with (
        session.create_client("sqs", endpoint_url=queue, **options) as sqs,
        session.create_client("s3", endpoint_url=store, **options) as s3,
    ):
        await asyncio.gather(*(poll(sqs, s3, queue + QUEUE) for _ in range(3)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
