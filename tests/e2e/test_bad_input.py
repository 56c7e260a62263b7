"""Everything bad in one directory: each is named, the rest goes on, nothing is lost."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.service import command, configured
from tests.running import Run

GOOD = {
    "eventVersion": "1.08",
    "eventName": "DeleteVpc",
    "eventID": "good",
    "eventSource": "ec2.amazonaws.com",
}


def records(*events: Any) -> bytes:
    return json.dumps({"Records": list(events)}, separators=(",", ":")).encode()


def bomb(size: int) -> bytes:
    engine = zlib.compressobj(9, wbits=31)
    block = bytes(1 << 20)
    return b"".join([*(engine.compress(block) for _ in range(size >> 20)), engine.flush()])


WRONG: list[Any] = [None, True, 7, -1.5, "", "x" * 100, [], ["CreateVpc"], {}, {"a": {"b": []}}, 10**400]
FIELDS = (
    "eventVersion", "userIdentity", "eventTime", "eventSource", "awsRegion", "sourceIPAddress", "userAgent", "errorCode",
    "errorMessage", "requestParameters", "responseElements", "requestID", "eventID", "readOnly", "eventType", "resources",
    "recipientAccountId", "eventCategory", "addendum",
)  # fmt: skip
DEEP = (
    b'{"Records":['
    + json.dumps({**GOOD, "eventID": "deep"}).encode()[:-1]
    + b',"a":'
    + b"[" * 60
    + b"]" * 60
    + b"}]}"
)
TOO_DEEP = records(GOOD).replace(
    b"[", b'[{"eventVersion":"1.08","a":' + b"[" * 200_000 + b"]" * 200_000 + b"},", 1
)
BAD_EVENT = (
    records(GOOD).replace(b"]}", b',{"eventVersion":"1.08",oops},')
    + json.dumps(GOOD | {"eventID": "2"}).encode()
    + b"]}"
)

# name, content, events that match, parts that are quarantined
CASES: list[tuple[str, bytes, int, int]] = [
    ("empty", b"", 0, 1),
    ("zip bomb", gzip.compress(bomb(2 << 30)), 0, 1),
    ("truncated gzip", gzip.compress(records(GOOD) * 1)[:-6], 0, 1),
    ("corrupt gzip", gzip.compress(records(GOOD))[:-8] + b"\0\0\0\0\0\0\0\0", 0, 1),
    ("several members", gzip.compress(records(GOOD)) + gzip.compress(records({**GOOD, "eventID": "2"})), 2, 0),
    ("trailing data", gzip.compress(records(GOOD)) + b"not gzip", 1, 1),
    ("megabytes of text", records({**GOOD, "userAgent": "x" * 5_000_000}), 1, 0),
    ("sixty deep", DEEP, 1, 0),
    ("far too deep", TOO_DEEP, 1, 1),
    ("lone surrogate", records(GOOD).replace(b'"good"', b'"\\ud83e"'), 1, 0),
    ("invalid UTF-8", records(GOOD, {**GOOD, "eventID": "BAD"}).replace(b"BAD", b"\xff\xfe"), 1, 1),
    ("NaN", records(GOOD).replace(b'"good"', b"NaN"), 1, 0),
    ("one bad event", BAD_EVENT, 2, 1),
    ("not an object", records(GOOD, 7, "x", None, ["y"]), 1, 4),
    ("cut off", records(GOOD, {**GOOD, "eventID": "2"})[:-20], 1, 1),
    ("text", b"hello\n", 0, 1),
    ("wrong types", records(*({**GOOD, field: value} for field in FIELDS for value in WRONG)), len(FIELDS) * len(WRONG), 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "matched", "quarantined"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_scan_names_it_and_keeps_the_rest(
    run: Run, tmp_path: Path, content: bytes, matched: int, quarantined: int
) -> None:
    (tmp_path / "bad").write_bytes(content)
    (tmp_path / "good").write_bytes(records(GOOD))
    result = run("scan", "--format", "json", str(tmp_path))
    assert result.code == (4 if quarantined else 0)
    bad, good = result.json()["files"]
    assert (sum(bad["matches"].values()), bad["quarantined"]) == (matched, quarantined)
    assert good["matches"] == {"DeleteVpc": 1}
    totals = result.json()["totals"]
    assert totals["events"] == totals["matched"] + totals["unmatched"] + totals["quarantined"]


def test_a_directory_without_permission(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    (tmp_path / "good").write_bytes(records(GOOD))
    listing = os.scandir

    def denied(path: str) -> Any:  # the mode bits would not stop root
        if str(path) == str(closed):
            raise PermissionError(13, "Permission denied", path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", denied)
    result = run("scan", "--format", "json", str(tmp_path))
    assert result.code == 4
    files = {Path(file["path"]).name: file["error"] for file in result.json()["files"]}
    assert files == {"good": None, "closed": "the directory cannot be listed"}
    assert result.json()["totals"]["matched"] == 1


async def test_the_service_takes_all_of_it_at_once(tmp_path: Path) -> None:
    config = configured(tmp_path, sinks=[{"kind": "stdout", "name": "out"}])
    for number, (_, content, _, _) in enumerate(CASES):
        (tmp_path / "spool" / f"{number:02d}").write_bytes(content)
    code, out, err = await command("run", "--config", str(config), "--once")
    assert code == 4, err
    assert "Traceback" not in err
    documents = [json.loads(line) for line in out.splitlines()]
    ids = {document["id"] for document in documents}
    assert len(ids) == len(documents)
    event_ids = [document["original"]["eventID"] for document in documents]
    assert {"good", "2", "deep"} <= {one for one in event_ids if isinstance(one, str)}
    _, listed, _ = await command("quarantine", "list", "--config", str(config), "--format", "json")
    assert len(json.loads(listed)) == sum(case[3] for case in CASES)
