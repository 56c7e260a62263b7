"""Small CloudTrail files with known VPC changes, each event with an id of its own, put into a feed as they are wanted."""

from __future__ import annotations

import gzip
import json
import random
import uuid
from typing import Any

from tests.crash.feeds import Feed

NAMES = ("CreateVpc", "DeleteVpc", "ModifyVpcAttribute", "CreateVpcPeeringConnection")
NOISE = ("DescribeVpcs", "DescribeInstances", "GetBucketAcl", "AssumeRole", "CreateVpcEndpoint")


class Corpus:
    """Writes files; `expected` holds the eventIDs that must arrive."""

    def __init__(self, feed: Feed, seed: int) -> None:
        self.feed = feed
        self.expected: set[str] = set()
        self._random = random.Random(seed)
        self._files = 0

    def add_files(self, count: int) -> None:
        """Put `count` files; some events are in two files, as CloudTrail delivers them."""
        repeated: list[dict[str, Any]] = []
        for _ in range(count):
            events = repeated + [self._event() for _ in range(self._random.randint(1, 40))]
            repeated = [event for event in events if self._random.random() < 0.02]
            self._write(events)

    def _event(self) -> dict[str, Any]:
        wanted = self._random.random() < 0.1
        event_id = str(uuid.UUID(int=self._random.getrandbits(128)))
        if wanted:
            self.expected.add(event_id)
        return {
            "eventVersion": "1.08",
            "userIdentity": {
                "type": "IAMUser",
                "arn": "arn:aws:iam::111122223333:user/net",
                "userName": "net",
            },
            "eventTime": "2026-01-01T00:00:00Z",
            "eventSource": "ec2.amazonaws.com",
            "eventName": self._random.choice(NAMES if wanted else NOISE),
            "awsRegion": "eu-west-1",
            "sourceIPAddress": "192.0.2.10",
            "requestParameters": {"vpcId": f"vpc-{self._random.getrandbits(68):017x}"},
            "responseElements": None,
            "eventID": event_id,
            "readOnly": False,
            "eventType": "AwsApiCall",
            "recipientAccountId": "111122223333",
            "eventCategory": "Management",
        }

    def _write(self, events: list[dict[str, Any]]) -> None:
        self._files += 1
        text = json.dumps({"Records": events}, separators=(",", ":")).encode()
        self.feed.put(f"111122223333_CloudTrail_eu-west-1_{self._files:08d}.json.gz", gzip.compress(text, 1))
