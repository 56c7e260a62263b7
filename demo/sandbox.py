"""AWS for the demo: an emulator on the loopback with a trail, a bucket that announces its objects, and a queue.

Keeps: nothing of it is AWS, and nothing of it is left behind; the credentials are made up.
"""

from __future__ import annotations

import gzip
import logging
import os
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson
from aiobotocore.session import get_session
from moto.server import ThreadedMotoServer

ACCOUNT: Final = "123456789012"
REGION: Final = "eu-west-1"
REGIONS: Final = ("eu-west-1", "us-east-1")
BUCKET, QUEUE, TRAIL = "demo-trail", "demo-news", "demo"
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "demo",
    "AWS_SECRET_ACCESS_KEY": "demo",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


class Sandbox:
    """To be started, and stopped."""

    def __init__(self) -> None:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            os.environ.pop(name, None)
        os.environ.update(CREDENTIALS)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for every request
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.url = self.queue_url = ""

    async def start(self) -> None:
        """A multi-Region trail that is logging, into a bucket whose new objects are announced in a queue."""
        self._server.start()
        host, port = self._server.get_host_and_port()
        self.url = f"http://{host}:{port}"
        async with self._client("sqs") as sqs:
            self.queue_url = (await sqs.create_queue(QueueName=QUEUE))["QueueUrl"]
        async with self._client("s3") as s3:
            await s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
            queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:{QUEUE}"
            await s3.put_bucket_notification_configuration(
                Bucket=BUCKET,
                NotificationConfiguration={
                    "QueueConfigurations": [{"QueueArn": queue, "Events": ["s3:ObjectCreated:*"]}]
                },
            )
        async with self._client("cloudtrail") as cloudtrail:
            await cloudtrail.create_trail(Name=TRAIL, S3BucketName=BUCKET, IsMultiRegionTrail=True)
            await cloudtrail.start_logging(Name=TRAIL)

    async def deliver_files(self, files: Sequence[Path]) -> None:
        """Put them into the bucket, as if the trail had just delivered them."""
        async with self._client("s3") as s3:
            for number, path in enumerate(files):
                region = REGIONS[number % len(REGIONS)]
                await s3.put_object(Bucket=BUCKET, Key=_key(region), Body=path.read_bytes())

    async def stop_trail(self) -> None:
        """What somebody does who does not want to be seen; CloudTrail records it, and delivers that."""
        async with self._client("cloudtrail") as cloudtrail:
            await cloudtrail.stop_logging(Name=TRAIL)
        body = gzip.compress(orjson.dumps({"Records": [_stop_logging()]}))
        async with self._client("s3") as s3:
            await s3.put_object(Bucket=BUCKET, Key=_key(REGION), Body=body)

    def stop(self) -> None:
        """End the emulator."""
        self._server.stop()

    def _client(self, service: str) -> Any:
        return get_session().create_client(service, region_name=REGION, endpoint_url=self.url)


def _key(region: str) -> str:
    now = datetime.now(UTC)
    name = f"{ACCOUNT}_CloudTrail_{region}_{now:%Y%m%dT%H%MZ}_{uuid.uuid4().hex[:16]}.json.gz"
    return f"AWSLogs/{ACCOUNT}/CloudTrail/{region}/{now:%Y/%m/%d}/{name}"


def _stop_logging() -> dict[str, Any]:
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "accountId": ACCOUNT,
            "userName": "mallory",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/mallory",
        },
        "eventTime": now,
        "eventSource": "cloudtrail.amazonaws.com",
        "eventName": "StopLogging",
        "awsRegion": REGION,
        "sourceIPAddress": "198.51.100.7",
        "userAgent": "aws-cli/2.15",
        "requestParameters": {"name": f"arn:aws:cloudtrail:{REGION}:{ACCOUNT}:trail/{TRAIL}"},
        "responseElements": None,
        "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": False,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": ACCOUNT,
        "eventCategory": "Management",
    }
