"""Every file of the shared data gives exactly the counts that are written down for it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.decode.taking import DATA, LIMITS, compact, opened, raws, values
from trailwarden.decode import decompress, fast_count

NAMES = frozenset(
    {
        "AcceptVpcPeeringConnection",
        "AttachClassicLinkVpc",
        "CreateVpc",
        "CreateVpcPeeringConnection",
        "DeleteVpc",
        "DeleteVpcPeeringConnection",
        "DetachClassicLinkVpc",
        "DisableVpcClassicLink",
        "EnableVpcClassicLink",
        "ModifyVpcAttribute",
        "RejectVpcPeeringConnection",
    }
)
EXPECTED: dict[str, dict[str, Any]] = json.loads((DATA / "expected.json").read_bytes())
CASES: list[dict[str, Any]] = json.loads((DATA / "synthetic/adversarial.cases.json").read_bytes())
LINES = (DATA / "synthetic/adversarial.jsonl").read_bytes().rstrip(b"\n").split(b"\n")


def payloads(path: Path) -> Iterator[bytes]:
    """The file; of a test fixture of streamalert, what stands inside of its own `{"data": …}`."""
    payload = path.read_bytes()
    if path.parent.name == "streamalert":
        yield from (compact(case["data"]) for case in json.loads(payload))
    else:
        yield payload


def watched(event: dict[str, Any]) -> bool:
    name = event.get("eventName")
    return isinstance(name, str) and name in NAMES


@pytest.mark.parametrize("name", EXPECTED)
def test_a_file_gives_its_counts(name: str) -> None:
    events = 0
    matches: Counter[str] = Counter()
    labels: Counter[str] = Counter()
    for payload in payloads(DATA / name):
        content = decompress(payload, LIMITS)
        decoded = opened(content.data)
        assert content.trailing is None
        assert decoded.rejected == []
        found = values(decoded)
        assert fast_count(content.data) in (None, len(found))
        events += len(found)
        labels += decoded.labels
        matches.update(event["eventName"] for event in found if watched(event))
    assert events == EXPECTED[name]["events"]
    assert matches == EXPECTED[name]["matches"]
    assert events or labels


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['line']}-{case['case'][:40]}")
def test_an_adversarial_line_behaves_as_written(case: dict[str, Any]) -> None:
    line = LINES[case["line"] - 1]
    decoded = opened(line)
    assert decoded.rejected == []
    assert raws(decoded) == [line]
    (event,) = values(decoded)
    assert event.get("eventName") == case["eventName"]
    assert watched(event) is case["match"]


def test_the_log_files_as_aws_wrote_them_are_counted_without_parsing() -> None:
    compact_files = [name for name, facts in EXPECTED.items() if name.startswith("derived/s3-tree")]
    assert len(compact_files) == 55
    for name in compact_files:
        content = decompress((DATA / name).read_bytes(), LIMITS)
        assert content.compressed
        assert fast_count(content.data) == EXPECTED[name]["events"]
