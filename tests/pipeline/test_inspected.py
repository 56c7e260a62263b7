"""What is counted of an inspection after its events are gone is what was counted with them."""

from __future__ import annotations

import json

import pytest

from trailwarden.decode import Limits
from trailwarden.detection import Matcher, inspect, load_ruleset
from trailwarden.pipeline.inspected import counted
from trailwarden.telemetry import Known, Metrics

DELETED = {"eventName": "DeleteVpc", "eventSource": "ec2.amazonaws.com", "eventID": "1"}
QUIET = {"eventName": "DescribeVpcs", "eventSource": "ec2.amazonaws.com", "eventID": "2"}
PAYLOADS = {
    "matches": json.dumps({"Records": [DELETED, QUIET, DELETED]}),
    "none": json.dumps({"Records": [QUIET]}),
    "a match and what is no event": json.dumps({"Records": [DELETED, 7]}),
    "no event at all": "{",
    "something else": json.dumps({"Event": "s3:TestEvent", "Bucket": "b", "Service": "Amazon S3"}),
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_it_counts_the_same(payload: str) -> None:
    matcher = Matcher(load_ruleset())
    inspection = inspect(payload.encode(), matcher, Limits())
    shown = []
    for one in (inspection, counted(inspection)):
        metrics = Metrics(Known(sources=("spool",)))
        metrics.inspected("spool", one)
        text, _ = metrics.render()
        shown.append([line for line in text.splitlines() if line.startswith(b"trailwarden_")])
    assert shown[0] == shown[1]
    assert not any(hasattr(match, "event") for match in counted(inspection).matches)
