"""The document: id, actor, times, origin, the original; and its published schema."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from tests.detection.alerts import ORIGIN, RULE, SHARED, alert_for, document_for, event
from tests.docs.reference import DOCS, alert_schema
from trailwarden.decode import Limits
from trailwarden.detection import Matcher, alert_id, build_alert, inspect
from trailwarden.model import Event, Origin

SCHEMA = json.loads((DOCS / "alert.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def identity(data: dict[str, Any]) -> str:
    return alert_id("cis-vpc-changes", Event(json.dumps(data).encode(), data, 0))


def test_the_published_schema_is_the_code() -> None:
    assert alert_schema() == SCHEMA, "write it anew: .venv/bin/python -m tests.docs.reference"


def test_the_id_is_of_rule_and_event_alone() -> None:
    one = event("DeleteVpc")
    assert identity(one) == identity({**one, "awsRegion": "elsewhere"})
    assert identity(one) != identity({**one, "eventID": "other"})
    assert identity(one) != alert_id("another-rule", Event(b"", one, 0))
    assert identity(one).startswith("alert_")
    assert "." not in identity(one)


@pytest.mark.parametrize("missing", [None, "", 7, [], {"a": 1}, "x" * 300])
def test_an_event_without_an_id_counts_by_its_bytes(missing: Any) -> None:
    one = {**event("DeleteVpc"), "eventID": missing}
    assert identity(one) == identity(dict(one))
    assert identity(one) != identity({**one, "awsRegion": "elsewhere"})


def test_an_amended_version_is_the_event_that_it_amends() -> None:
    amended = {**event("DeleteVpc"), "eventID": "new"}
    amended["addendum"] = {"reason": "UPDATED_DATA", "originalEventID": "5a0f-1"}
    assert identity(amended) == identity(event("DeleteVpc"))
    assert document_for(amended)["amends"] == "5a0f-1"
    late = {**event("DeleteVpc"), "addendum": {"reason": "DELIVERY_DELAY", "originalEventID": "x"}}
    assert identity(late) == identity(event("DeleteVpc"))


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert alert_for(event("DeleteVpc")).document == alert_for(event("DeleteVpc")).document


def test_actor_times_and_origin() -> None:
    document = document_for(event("DeleteVpc", {"vpcId": "vpc-1"}))
    assert document["actor"] == {
        "type": "AssumedRole", "name": "deploy", "arn": "arn:aws:sts::111122223333:assumed-role/deploy/alice",
        "account": "111122223333", "principal_id": "AROAEXAMPLE:alice", "access_key_id": "ASIAEXAMPLE", "mfa": True,
        "session_name": "alice", "invoked_by": None, "source_identity": None,
        "session_issuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/deploy", "account": None, "name": "deploy"},
    }  # fmt: skip
    assert (document["event_time"], document["delay_seconds"]) == ("2026-01-01T00:00:00.000Z", 300.0)
    assert document["origin"]["locator"] == ORIGIN.locator
    assert document["origin"]["index"] == 3
    assert document["rule"]["references"]["security_hub"] == ["CloudWatch.14"]


@pytest.mark.parametrize(
    ("identity_", "beginning"),
    [
        (
            {"type": "Root", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:root"},
            "root deleted",
        ),
        (
            {"type": "IAMUser", "arn": "arn:aws:iam::1:user/net/alice", "userName": "alice"},
            "user alice deleted",
        ),
        ({"type": "AWSService", "invokedBy": "config.amazonaws.com"}, "service config.amazonaws.com deleted"),
        ({"accountId": "1", "invokedBy": "x.amazonaws.com"}, "service x.amazonaws.com deleted"),
        ({"type": "AWSAccount", "accountId": "444455556666"}, "account 444455556666 deleted"),
        (None, "somebody deleted"),
        ("nonsense", "somebody deleted"),
    ],
)
def test_who_did_it(identity_: Any, beginning: str) -> None:
    assert document_for({**event("DeleteVpc"), "userIdentity": identity_})["summary"].startswith(beginning)


def test_the_account_falls_back_on_the_key_and_then_on_the_caller() -> None:
    data = event("DeleteVpc")
    del data["recipientAccountId"]
    keyed = Origin("s", "files", "/x/AWSLogs/o-abc1234567/999988887777/CloudTrail/eu-west-1/f.json.gz")
    bare = Origin("s", "files", "/x/f.json.gz")
    assert json.loads(alert_for(data, origin=keyed).document)["account"] == "999988887777"
    assert json.loads(alert_for(data, origin=bare).document)["account"] == "111122223333"


def test_text_from_an_event_cannot_mislead_or_swell() -> None:
    data = event(
        "DeleteVpc", {"vpcId": "vpc-\u202e1\x1b[31m"}, sourceIPAddress="x" * 5000, userAgent="a\nb\u2028c"
    )
    document = document_for(data)
    assert "\u202e" not in document["summary"]
    assert "\x1b" not in document["summary"]
    assert len(document["summary"]) <= 500
    assert len(document["source_ip"]) == 1024
    assert document["user_agent"] == "a\ufffdb\ufffdc"
    assert document["original"] == data


@pytest.mark.parametrize(
    ("raw", "original"),
    [
        (b'{"eventName":"DeleteVpc","a":"\\ud83e"}', {"eventName": "DeleteVpc", "a": "\ufffd"}),
        (b'{"eventName":"DeleteVpc","a":NaN}', {"eventName": "DeleteVpc", "a": "nan"}),
        (b'{"eventName":"DeleteVpc","a":1e999}', {"eventName": "DeleteVpc", "a": "inf"}),
    ],
)
def test_what_only_python_reads_becomes_strict(raw: bytes, original: dict[str, Any]) -> None:
    document = json.loads(alert_for(json.loads(raw), raw).document, parse_constant=pytest.fail)
    assert document["original"] == original


@pytest.mark.parametrize("file", ["vpc-eleven.json", "adversarial.jsonl", "pretty-crlf-bom.json"])
def test_alerts_of_whole_files_are_of_the_schema_and_carry_the_original(file: str) -> None:
    inspection = inspect((SHARED / "synthetic" / file).read_bytes(), Matcher([RULE]), Limits())
    assert inspection.matches
    for match in inspection.matches:
        alert = build_alert(RULE, match.event, ORIGIN, alert_for({}).created_at, alert_for({}).created_at)
        document = json.loads(alert.document)
        VALIDATOR.validate(document)
        assert document["original"] == json.loads(
            json.dumps(match.event.data).replace('\\ud83e"', '\\ufffd"')
        )
