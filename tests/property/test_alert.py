"""Whatever stands in whichever field of an event: there is an alert, and its document is of the published schema."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import orjson
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.detection import load_pack
from trailwarden.detection.alert import build_alert
from trailwarden.detection.identity import alert_id
from trailwarden.model import Event, Origin

ROOT = Path(__file__).resolve().parents[2]
VALIDATOR = jsonschema.Draft202012Validator(
    json.loads((ROOT / "docs/alert.schema.json").read_text(encoding="utf-8"))
)
RULE = load_pack("cis-vpc")[0]
ORIGIN = Origin("spool", "files", "/spool/x.json.gz")
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def samples() -> list[dict[str, Any]]:
    """The eleven calls, and real ones of a real account."""
    shared = ROOT / "../shared/data"
    events: list[dict[str, Any]] = json.loads((shared / "synthetic/vpc-eleven.json").read_text())["Records"]
    lines = (shared / "derived/invictus-all.jsonl").read_text(encoding="utf-8").split("\n")
    real = [json.loads(line) for line in lines if '"eventName":"CreateVpc"' in line or "FlowLogs" in line]
    assert real
    return events + real[:6]


Place = tuple[str | int, ...]


def places(value: Any, here: Place = ()) -> list[Place]:
    """Every place in a value, itself included."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [here, *(place for key, inner in children for place in places(inner, (*here, key)))]


SAMPLES = [(event, places(event)[1:]) for event in samples()]
WORDS = [
    "", "true", "vpc-0a1b2c3d4e5f60718", "CreateVpc", "ec2.amazonaws.com", "\ud800", "a\x00b\u202ec", "x" * 3000, "arn:aws:::::/",
    "2026-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "123456789012", "Client.DryRunOperation",
    ":assumed-role/", "items", "a:assumed-role/b/c", "UPDATED_DATA",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from([2**63, -(2**70), 10**4000, 1e308, 0.0]), st.floats(),
    st.sampled_from(WORDS), st.text(st.characters(codec=None), max_size=8),
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "items",
        "item",
        "content",
        "tag",
        "Tag",
        "value",
        "vpcId",
        "VpcId",
        "key",
        "Name",
        "cidrBlock",
        "\udfff",
        "",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A sample with other values, or nothing, in up to four places."""
    event, all_places = draw(st.sampled_from(SAMPLES))
    found: dict[str, Any] = copy.deepcopy(event)
    for place in draw(st.lists(st.sampled_from(all_places), min_size=1, max_size=4)):
        parent: Any = found
        for key in place[:-1]:
            parent = parent[key] if isinstance(parent, (dict, list)) and _has(parent, key) else None
        if isinstance(parent, (dict, list)) and _has(parent, place[-1]):
            if isinstance(parent, dict) and draw(st.integers(0, 4)) == 0:
                del parent[place[-1]]
            else:
                parent[place[-1]] = draw(VALUES)
    return found


def _has(parent: dict[str, Any] | list[Any], key: str | int) -> bool:
    return key in parent if isinstance(parent, dict) else isinstance(key, int) and key < len(parent)


@given(mutated(), st.integers(0, 2**40))
def test_any_event_has_a_valid_alert(data: dict[str, Any], index: int) -> None:
    raw = b"{}"  # the text has tests of its own; not every value here has one
    alert = build_alert(RULE, Event(raw, data, index), ORIGIN, MOMENT, MOMENT)
    document = orjson.loads(alert.document)
    VALIDATOR.validate(document)
    assert document["id"] == alert.id == alert_id(RULE.id, Event(b"", data, 0))
    assert document["summary"].isprintable() or "\ufffd" in document["summary"]
    assert alert == build_alert(RULE, Event(raw, data, index), ORIGIN, MOMENT, MOMENT)


@given(
    st.dictionaries(st.text(st.characters(codec=None), max_size=5), VALUES, max_size=4),
    st.sampled_from([None, 1]),
)
def test_any_text_that_python_reads_becomes_an_original_that_all_read(
    data: dict[str, Any], indent: int | None
) -> None:
    raw = json.dumps(data, indent=indent).encode()
    alert = build_alert(RULE, Event(raw, data, 0), ORIGIN, MOMENT, MOMENT)
    original = orjson.loads(alert.document)["original"]
    assert b"\n" not in alert.document
    try:
        assert original == orjson.loads(raw), "strict JSON stays as it is"
    except orjson.JSONDecodeError:
        assert len(original) <= len(data)
