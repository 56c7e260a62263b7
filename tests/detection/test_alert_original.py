"""The original event in the document, and the published schema, over real and hostile events."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import orjson
import pytest

from tests.detection.alerts import NOW, ORIGIN, RECEIVED, RULE, SHARED, alert_for, event
from tests.docs.reference import DOCS, alert_schema
from trailwarden.decode import Limits, parse_event
from trailwarden.detection import Matcher, inspect
from trailwarden.detection.alert import build_alert
from trailwarden.model import Event

SCHEMA = json.loads((DOCS / "alert.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_published_schema_is_the_code() -> None:
    assert alert_schema() == SCHEMA, "write it anew: .venv/bin/python -m tests.docs.reference"
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_field_is_described_and_bounded() -> None:
    for model in (SCHEMA, *SCHEMA["$defs"].values()):
        for name, field in model.get("properties", {}).items():
            assert field.get("description") or "$ref" in field, f"{model['title']}.{name}"
            for one in (field, *field.get("anyOf", ())):
                if one.get("type") == "string":
                    assert {"maxLength", "pattern", "const", "enum"} & set(one), f"{model['title']}.{name}"


def test_the_schema_refuses_what_is_not_an_alert() -> None:
    document = json.loads(alert_for(event("DeleteVpc")).document)
    VALIDATOR.validate(document)
    VALIDATOR.validate({**document, "added_later": 1})
    changes: tuple[dict[str, Any], ...] = (
        {"id": "alert_x.y"},
        {"severity": "loud"},
        {"summary": "x" * 1001},
        {"event_time": "2026"},
        {"origin": {}},
    )
    for change in changes:
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate(document | change)


RAW = b'{ "b":\t1.50, "eventName" : "DeleteVpc", "a":"\\u0041/\\/\xc3\xa9", "a": 123456789012345678901234567890 }'


def test_strict_json_is_taken_as_it_came() -> None:
    assert RAW in alert_for(parse_event(RAW), RAW).document


def test_the_document_is_one_line_whatever_the_event_was() -> None:
    raw = b'{\r\n\t"eventName": "DeleteVpc",\n\t"a": "\\n\xe2\x80\xa8"\n}'
    alert = alert_for(parse_event(raw), raw)
    assert b"\n" not in alert.document
    assert b"\r" not in alert.document
    assert json.loads(alert.document)["original"] == {"eventName": "DeleteVpc", "a": "\n\u2028"}


DEEP = b'{"a":' + b"[" * 1100 + b"]" * 1100 + b"}"


@pytest.mark.parametrize(
    ("raw", "original"),
    [
        (b'{"a":"\\ud83e"}', {"a": "\ufffd"}),
        (b'{"a":"\\uD83E\\uDD16 \\udd16\\ud83e"}', {"a": "\U0001f916 \ufffd\ufffd"}),
        (b'{"a":"\\\\ud83e \\"NaN\\" \\udfff"}', {"a": '\\ud83e "NaN" \ufffd'}),
        (b'{"\\ud800":NaN,"a":[-Infinity, Infinity]}', {"\ufffd": "NaN", "a": ["-Infinity", "Infinity"]}),
        (b'{"a":1e999,"b":-1E+999,"c":-0.5e-3}', {"a": "1e999", "b": "-1E+999", "c": -0.0005}),
        (b'{"a":NaN,"b":123456789012345678901234567890}', {"a": "NaN", "b": 123456789012345678901234567890}),
        (b'{"a":' + b"9" * 400 + b"}", {"a": "9" * 400}),
        (b'{"a":"\xed\xa0\x80"}', {"a": "\ufffd"}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        ('{"a":"é"}'.encode("utf-16"), {"a": "é"}),
        (b'{"NaN":"Infinity -1e999",\n"a":NaN}', {"NaN": "Infinity -1e999", "a": "NaN"}),
        (DEEP, {"text": DEEP.decode()}),
    ],
)
def test_what_only_python_reads_becomes_strict(raw: bytes, original: dict[str, Any]) -> None:
    alert = alert_for({"eventName": "DeleteVpc"}, raw)
    assert json.loads(alert.document, parse_constant=pytest.fail)["original"] == original
    orjson.loads(alert.document)
    assert b"\n" not in alert.document


def test_of_a_long_event_too() -> None:
    raw = b'{"a":"' + b'\\"' * 500_000 + b'\\ud800"}'
    original = json.loads(alert_for({}, raw).document)["original"]
    assert original == {"a": '"' * 500_000 + "\ufffd"}


def as_strict(value: Any) -> Any:
    """What a receiver reads of an event with a lone surrogate."""
    return json.loads(json.dumps(value).replace('"\\ud83e"', '"\\ufffd"'))


@pytest.mark.parametrize(
    "file",
    [
        "synthetic/vpc-eleven.json",
        "synthetic/adversarial.jsonl",
        "synthetic/pretty-crlf-bom.json",
        "derived/invictus-all.jsonl",
    ],
)
def test_alerts_of_whole_files_are_of_the_schema_and_carry_the_original(file: str) -> None:
    inspection = inspect((SHARED / file).read_bytes(), Matcher([RULE]), Limits())
    assert inspection.matches
    for match in inspection.matches:
        document = json.loads(build_alert(RULE, match.event, ORIGIN, RECEIVED, NOW).document)
        VALIDATOR.validate(document)
        assert document["original"] == as_strict(match.event.data)


CASES = json.loads((SHARED / "synthetic/adversarial.cases.json").read_text(encoding="utf-8"))
LINES = (SHARED / "synthetic/adversarial.jsonl").read_bytes().split(b"\n")


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["match"]], ids=lambda case: f"{case['line']}-{case['case']}"[:60]
)
def test_every_hostile_line_that_matches_has_an_alert(case: dict[str, Any]) -> None:
    raw = LINES[case["line"] - 1]
    data = json.loads(raw)
    document = json.loads(build_alert(RULE, Event(raw, data, case["line"]), ORIGIN, RECEIVED, NOW).document)
    VALIDATOR.validate(document)
    assert document["event"]["name"] == case["eventName"]
    assert document["original"] == as_strict(data)


def test_real_events_read_as_they_are_meant() -> None:
    """Calls of a real account, anonymised by those who published them."""
    inspection = inspect((SHARED / "derived/invictus-all.jsonl").read_bytes(), Matcher([RULE]), Limits())
    documents = [
        json.loads(build_alert(RULE, match.event, ORIGIN, RECEIVED, NOW).document)
        for match in inspection.matches
    ]
    place = " in us-east-1, account 123837392027, from 192.168.10.20: "
    summaries = {document["event"]["id"]: document["summary"] for document in documents}
    assert len(documents) == len({document["id"] for document in documents}) == 16
    assert summaries["03f29a9a-6568-44b2-a16e-55bddc62fe5e"] == (
        f'user bert-jan created VPC vpc-0e568b18707c87afa "StratusRedTeamVpc" (10.0.0.0/16){place}succeeded'
    )
    assert summaries["39e7ac3a-390b-44dc-b61c-7187fbdab913"] == (
        f'user bert-jan tried to create a VPC "stratus-red-team-share-snap-vpc" (10.0.0.0/16){place}'
        "failed (Client.VpcLimitExceeded)"
    )
    assert summaries["c9c907af-3402-4ce0-a887-53d0f5ba4be3"] == (
        f"user bert-jan deleted VPC vpc-0255d384b4b458b46{place}succeeded"
    )
    statuses = [document["outcome"]["status"] for document in documents]
    assert (statuses.count("succeeded"), statuses.count("failed")) == (13, 3)
