"""`scan` over the bundled sample and over what is wrong with files."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

from tests.running import ROOT, Run
from trailwarden.cli.output import shared_folder

SAMPLE = str(ROOT / "sample/AWSLogs")
ONE = json.dumps({"Records": [{"eventVersion": "1.08", "eventName": "DeleteVpc", "eventID": "1"}]}).encode()


def test_the_sample_as_json(run: Run) -> None:
    result = run("scan", "--format", "json", SAMPLE)
    assert result.code == 0
    document = result.json()
    totals = document["totals"]
    assert isinstance(totals.pop("seconds"), float)
    assert totals == {"files": 55, "events": 2900, "matched": 16, "unmatched": 2884, "quarantined": 0}
    assert set(document["files"][0]) == {"path", "events", "matches", "rules", "quarantined", "error"}
    names = [file["matches"] for file in document["files"] if file["matches"]]
    assert sum(counts.get("CreateVpc", 0) for counts in names) == 10
    assert sum(counts.get("DeleteVpc", 0) for counts in names) == 6
    assert sum(file["rules"].get("cis-vpc-changes", 0) for file in document["files"]) == 16


def test_json_lines_are_a_line_a_file_and_the_totals(run: Run) -> None:
    lines = [json.loads(line) for line in run("scan", "--format", "jsonl", SAMPLE).out.splitlines()]
    assert len(lines) == 56
    assert lines[-1]["totals"]["matched"] == 16
    assert [line["path"] for line in lines[:-1]] == sorted(line["path"] for line in lines[:-1])


def test_the_table_names_the_files_with_a_finding(run: Run) -> None:
    result = run("scan", SAMPLE)
    assert "CreateVpc 2" in result.out
    assert "55 files, 2900 events: 16 matched" in result.out


def test_fail_on_match(run: Run, tmp_path: Path) -> None:
    quiet = tmp_path / "quiet.json"
    quiet.write_bytes(ONE.replace(b"DeleteVpc", b"DescribeVpcs"))
    assert run("scan", "--fail-on-match", SAMPLE).code == 1
    assert run("scan", "--fail-on-match", str(quiet)).code == 0


def test_standard_input(run: Run) -> None:
    document = run("scan", "--format", "json", "-", stdin=gzip.compress(ONE)).json()
    assert document["totals"]["matched"] == 1
    assert document["files"][0]["path"] == "-"


def test_a_missing_file_is_an_error_of_that_file_alone(run: Run, tmp_path: Path) -> None:
    good = tmp_path / "good.json"
    good.write_bytes(ONE)
    result = run("scan", "--format", "json", str(tmp_path / "none.json"), str(good))
    assert result.code == 4
    assert result.json()["files"][0]["error"] == "cannot be read: No such file or directory"
    assert result.json()["totals"]["matched"] == 1


def test_a_file_that_cannot_be_decoded_is_counted_and_named(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json.gz"
    bad.write_bytes(gzip.compress(ONE)[:-9])
    result = run("scan", "--format", "json", "--fail-on-match", str(bad), SAMPLE)
    assert result.code == 4
    file = result.json()["files"][0]
    assert file["quarantined"] == 1
    assert file["error"]
    totals = result.json()["totals"]
    assert totals["events"] == totals["matched"] + totals["unmatched"] + totals["quarantined"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["scan"], "Missing argument"),
        (["scan", "--pack", "cis-vpcs", SAMPLE], "cis-vpc"),
        (["scan", "--rules", "/nowhere/rules.yaml", SAMPLE], "/nowhere/rules.yaml"),
        (["scan", "--format", "xml", SAMPLE], "xml"),
    ],
)
def test_bad_usage(run: Run, arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert result.code == 2
    assert said in result.err
    assert "Traceback" not in result.err


def test_a_pack_by_name_finds_what_the_control_misses(run: Run, tmp_path: Path) -> None:
    extended = tmp_path / "extended.json"
    event = {
        "eventVersion": "1.08",
        "eventSource": "ec2.amazonaws.com",
        "eventName": "ModifyVpcTenancy",
        "eventID": "1",
    }
    extended.write_bytes(json.dumps(event).encode())
    assert run("scan", "--format", "json", str(extended)).json()["totals"]["matched"] == 0
    both = run("scan", "--pack", "cis-vpc", "--pack", "vpc-extended", "--format", "json", str(extended))
    assert both.json()["totals"]["matched"] == 1


def test_a_name_that_is_no_utf_8_is_written_so_that_it_can_be_read(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = os.fsencode(tmp_path) + b"/odd-\xff.json"
    with open(file, "wb") as written:
        written.write(ONE)
    (report,) = run("scan", "--format", "json", str(tmp_path)).json()["files"]
    assert report["path"].endswith("/odd-\\xff.json")
    assert report["matches"] == {"DeleteVpc": 1}
    monkeypatch.chdir(tmp_path)  # a long path would be cut to the width of the table
    assert "odd-\\xff.json" in run("scan", ".").out


@pytest.mark.parametrize(
    ("paths", "folder"),
    [
        ([], ""),
        (["a/b/c.json"], ""),
        (["a/b/c.json", "a/b/d.json"], "a/b/"),
        (["a/bc/1.json", "a/bd/1.json"], "a/"),
        (["x.json", "y.json"], ""),
        (["/x.json", "/y.json"], ""),
    ],
)
def test_what_all_paths_begin_with_is_said_once(paths: list[str], folder: str) -> None:
    assert shared_folder(paths) == folder
