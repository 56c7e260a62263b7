"""The document: actor, outcome, account, times, origin, and text that nobody can trust."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.detection.alerts import NOW, ORIGIN, RECEIVED, ROLE, RULE, alert_for, document_for, event
from trailwarden.detection.alert import build_alert
from trailwarden.detection.document import AlertDocument
from trailwarden.model import Event, Origin, Severity

HOME = "111122223333"


def test_what_the_store_and_the_sinks_get() -> None:
    data = event("DeleteVpc", {"vpcId": "vpc-1"})
    alert = alert_for(data)
    document = json.loads(alert.document)
    assert (alert.id, alert.summary) == (document["id"], document["summary"])
    assert (alert.rule_id, alert.severity) == ("cis-vpc-changes", Severity.MEDIUM)
    assert (alert.event_time, alert.created_at) == (datetime(2026, 1, 1, tzinfo=UTC), NOW)
    assert alert.fingerprint == document["event"]["sha256"]
    assert document["original"] == data


def test_the_same_inputs_give_the_same_bytes_and_other_bytes_another_fingerprint() -> None:
    data = event("DeleteVpc")
    assert alert_for(data) == alert_for(data)
    assert alert_for(data).fingerprint != alert_for(data, json.dumps(data, indent=1).encode()).fingerprint


def test_rule_actor_times_and_origin() -> None:
    document = document_for(
        event("DeleteVpc", {"vpcId": "vpc-1"}, sharedEventID="s", requestID="r", readOnly=False)
    )
    assert document["actor"] == {
        "type": "AssumedRole", "name": "deploy", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/alice",
        "account": HOME, "principal_id": "AROAEXAMPLE:alice", "access_key_id": "ASIAEXAMPLE", "mfa": True,
        "session_name": "alice", "invoked_by": None, "source_identity": None,
        "session_issuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/deploy", "account": None, "name": "deploy"},
    }  # fmt: skip
    assert (document["source_ip"], document["user_agent"], document["region"]) == (
        "203.0.113.7",
        "aws-cli/2",
        "eu-west-1",
    )
    assert (document["event_time"], document["received_at"]) == (
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:05:00.000Z",
    )
    assert (document["delay_seconds"], document["created_at"]) == (300.0, "2026-01-01T00:05:01.000Z")
    assert document["origin"] == {"source": "spool", "kind": "files", "locator": ORIGIN.locator, "index": 3}
    assert document["rule"] == {
        "id": RULE.id, "title": RULE.title, "description": RULE.description, "severity": "medium", "pack": "cis-vpc",
        "references": document["references"],
    }  # fmt: skip
    assert document["references"]["security_hub"] == ["CloudWatch.14"]
    assert (document["schema"], document["kind"], document["amends"]) == (
        "trailwarden.alert/1",
        "event_match",
        None,
    )
    del document["event"]["sha256"]
    assert document["event"] == {
        "id": "5a0f-1", "name": "DeleteVpc", "source": "ec2.amazonaws.com", "type": None, "category": None, "version": "1.08",
        "time": "2026-01-01T00:00:00Z", "request_id": "r", "shared_event_id": "s", "read_only": False,
    }  # fmt: skip


ISSUER = {"type": "IAMUser", "arn": "arn:aws:iam::1:user/bob", "userName": "bob"}


@pytest.mark.parametrize(
    ("identity", "beginning", "session"),
    [
        ({"type": "Root", "accountId": HOME, "arn": "arn:aws:iam::111122223333:root"}, "root", None),
        ({"type": "IAMUser", "arn": "arn:aws:iam::1:user/net/alice", "userName": "alice"}, "user alice", None),
        ({"type": "IAMUser", "arn": "arn:aws:iam::1:user/net/alice"}, "user alice", None),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/deploy/ci"}, "role deploy", "ci"),
        ({"type": "AssumedRole", "principalId": "AROA:ci"}, "role AROA:ci", "ci"),
        ({"arn": "arn:aws:sts::1:assumed-role/deploy/ci"}, "role deploy", "ci"),
        ({**ROLE, "invokedBy": "cloudformation.amazonaws.com"}, "role deploy", "alice"),
        ({"type": "FederatedUser", "arn": "arn:aws:sts::1:federated-user/bob", "sessionContext": {"sessionIssuer": ISSUER}},
         "federated user bob", None),
        ({"type": "AWSService", "invokedBy": "config.amazonaws.com"}, "service config.amazonaws.com", None),
        ({"accountId": HOME, "invokedBy": "x.amazonaws.com"}, "service x.amazonaws.com", None),
        ({"type": "AWSAccount", "accountId": "444455556666", "principalId": "AIDA"}, "account 444455556666", None),
        ({"type": "IdentityCenterUser", "userName": "carol"}, "user carol", None),
        ({"type": "Unknown", "principalId": "p"}, "p", None),
        ({"type": "Unknown", "accountId": HOME}, f"somebody of account {HOME}", None),
        ({"type": "IAMUser", "arn": "not-an-arn"}, "somebody", None),
        (None, "somebody", None),
        ("nonsense", "somebody", None),
    ],
)  # fmt: skip
def test_who_did_it(identity: Any, beginning: str, session: str | None) -> None:
    document = document_for({**event("DeleteVpc"), "userIdentity": identity})
    assert document["summary"].startswith(f"{beginning} deleted a VPC in")
    assert document["actor"]["session_name"] == session


@pytest.mark.parametrize(
    ("written", "mfa"),
    [("true", True), ("false", False), (True, True), ("maybe", None), (1, None), ({}, None), (None, None)],
)
def test_mfa(written: Any, mfa: bool | None) -> None:
    context = {"attributes": {"mfaAuthenticated": written}}
    document = document_for(event("DeleteVpc", userIdentity={"sessionContext": context}))
    assert document["actor"]["mfa"] is mfa


@pytest.mark.parametrize(
    ("error", "status", "end"),
    [
        ({"errorCode": None, "errorMessage": ""}, "succeeded", "succeeded"),
        ({"errorCode": "Server.InternalError"}, "failed", "failed (Server.InternalError)"),
        ({"errorCode": "AccessDenied"}, "denied", "denied (AccessDenied)"),
        ({"errorCode": "VpceAccessDenied"}, "denied", "denied (VpceAccessDenied)"),
        ({"errorCode": "DryRunOperation"}, "dry_run", "a dry run, nothing was changed"),
        ({"errorMessage": "Failed authentication"}, "failed", "failed (Failed authentication)"),
        ({"errorCode": 404}, "failed", "failed (404)"),
        ({"errorCode": False}, "failed", "failed"),
        ({"errorCode": {"code": "x"}}, "failed", "failed"),
        ({"errorCode": [], "errorMessage": "why"}, "failed", "failed (why)"),
    ],
)
def test_only_what_shows_no_error_succeeded(error: dict[str, Any], status: str, end: str) -> None:
    document = document_for(event("DeleteVpc", **error))
    assert document["outcome"]["status"] == status
    assert document["summary"].endswith(f": {end}")
    assert ("tried to delete" in document["summary"]) is (status != "succeeded")


@pytest.mark.parametrize(
    ("locator", "details", "account"),
    [
        ("/x/AWSLogs/o-abc1234567/999988887777/CloudTrail/eu-west-1/f.json.gz", {}, "999988887777"),
        ("s3://b/AWSLogs/111111111111/AWSLogs/999988887777/CloudTrail/f.json.gz", {}, "999988887777"),
        ("/x/999988887777_CloudTrail_eu-west-1_20230710T1200Z_x.json", {}, "999988887777"),
        ("/x/f.json.gz", {"account": "999988887777"}, "999988887777"),
        ("/x/f.json.gz", {"account": 7}, HOME),
        ("/x/f.json.gz", {}, HOME),
        ("/AWSLogs/123/x", {}, HOME),
    ],
)
def test_the_account_falls_back_on_the_key_and_then_on_the_caller(
    locator: str, details: dict[str, str | int], account: str
) -> None:
    data = event("DeleteVpc", recipientAccountId="")
    origin = Origin("s", "files", locator, details)
    assert json.loads(alert_for(data, origin=origin).document)["account"] == account


@pytest.mark.parametrize(
    ("written", "read", "delay"),
    [
        ("2026-01-01T00:00:00.25Z", "2026-01-01T00:00:00.250Z", 299.75),
        ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00.000Z", 300.0),
        ("2026-01-01T00:06:00Z", "2026-01-01T00:06:00.000Z", -60.0),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:00.000Z", 300.0),
        ("0001-01-01T00:00:00+23:00", None, None),
        ("2026-13-01T00:00:00Z", None, None),
        ("...", None, None),
        (1735689600000, None, None),
        ("x" * 100_000, None, None),
        (None, None, None),
    ],
)
def test_times(written: Any, read: str | None, delay: float | None) -> None:
    document = document_for(event("DeleteVpc", eventTime=written))
    assert (document["event_time"], document["delay_seconds"]) == (read, delay)


def test_a_time_is_read_under_its_own_name_alone() -> None:
    data = event("DeleteVpc")
    data["EventTime"] = data.pop("eventTime")
    document = document_for(data)
    assert document["event"]["time"] == "2026-01-01T00:00:00Z"
    assert (document["event_time"], document["delay_seconds"]) == (None, None)


def test_times_of_other_zones_are_written_in_utc() -> None:
    data = event("DeleteVpc")
    zone = timezone(timedelta(hours=2))
    raw = Event(json.dumps(data).encode(), data, 3)
    assert build_alert(RULE, raw, ORIGIN, RECEIVED.astimezone(zone), NOW).document == alert_for(data).document


def test_text_from_an_event_cannot_mislead_or_swell() -> None:
    data = event(
        "DeleteVpc", {"vpcId": "vpc-\u202e1\x1b[31m"}, sourceIPAddress="x" * 5000, userAgent="a\nb\u2028c\ud83e",
        awsRegion="r" * 5000, errorCode="e" * 5000, userIdentity={"type": "IAMUser", "userName": "u" * 5000},
    )  # fmt: skip
    document = document_for(data)
    assert document["summary"].startswith(
        "user " + "u" * 114 + "… tried to delete VPC vpc-\ufffd1\ufffd[31m in rrr"
    )
    assert document["summary"].isprintable()
    assert len(document["summary"]) <= 500
    assert len(document["source_ip"]) == 1024
    assert document["user_agent"] == "a\ufffdb\ufffdc\ufffd"


def test_an_origin_that_json_cannot_hold() -> None:
    origin = Origin(
        "s\ud800", "files", "/spool/\udcff\n" + "x" * 9000, {"offset": 2**70, "part": 2**62, "index": 9}
    )
    found = json.loads(alert_for(event("DeleteVpc"), origin=origin).document)["origin"]
    assert found["source"] == "s\ufffd"
    assert found["locator"].startswith("/spool/\ufffd\ufffdxxx")
    assert len(found["locator"]) == 4096
    assert (found["offset"], found["part"], found["index"]) == (str(2**70), 2**62, 3)


def test_a_reader_of_ours_reads_what_is_written() -> None:
    document = document_for(event("DeleteVpc", {"vpcId": "vpc-1"}))
    assert AlertDocument.model_validate(document).model_dump(mode="json", by_alias=True) == document
