"""Events and alerts for the tests of the alert document."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trailwarden.detection import load_pack
from trailwarden.detection.alert import build_alert
from trailwarden.model import Alert, Event, Origin

SHARED = Path(__file__).resolve().parents[2] / "../shared/data"
RULE = load_pack("cis-vpc")[0]
RECEIVED = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
NOW = datetime(2026, 1, 1, 0, 5, 1, tzinfo=UTC)
ORIGIN = Origin("spool", "files", "/spool/AWSLogs/111122223333/CloudTrail/eu-west-1/x.json.gz")
ROLE = {
    "type": "AssumedRole",
    "principalId": "AROAEXAMPLE:alice",
    "arn": "arn:aws:sts::111122223333:assumed-role/deploy/alice",
    "accountId": "111122223333",
    "accessKeyId": "ASIAEXAMPLE",
    "sessionContext": {
        "sessionIssuer": {
            "type": "Role",
            "arn": "arn:aws:iam::111122223333:role/deploy",
            "userName": "deploy",
        },
        "attributes": {"mfaAuthenticated": "true"},
    },
}


def event(name: str, request: Any = None, response: Any = None, **more: Any) -> dict[str, Any]:
    """A record of the EC2 API."""
    return {
        "eventVersion": "1.08",
        "userIdentity": ROLE,
        "eventTime": "2026-01-01T00:00:00Z",
        "eventSource": "ec2.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "aws-cli/2",
        "requestParameters": request,
        "responseElements": response,
        "eventID": "5a0f-1",
        "recipientAccountId": "111122223333",
        **more,
    }


def alert_for(data: dict[str, Any], raw: bytes | None = None, origin: Origin = ORIGIN) -> Alert:
    """The alert that the CIS rule gives."""
    raw = json.dumps(data).encode() if raw is None else raw
    return build_alert(RULE, Event(raw, data, 3), origin, RECEIVED, NOW)


def document_for(data: dict[str, Any], raw: bytes | None = None) -> dict[str, Any]:
    """Its document, as a receiver reads it."""
    document: dict[str, Any] = json.loads(alert_for(data, raw).document)
    return document
