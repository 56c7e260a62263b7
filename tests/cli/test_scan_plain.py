"""A plain scan starts without typer: it must be the same scan, and it must stay light."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.aws.trails import call, log_file
from tests.cli.typer_way import by_typer
from trailwarden.cli import scan_run
from trailwarden.cli.scan_plain import plainly
from trailwarden.decode import COMPILED

TOKENS = [
    "a.json", "dir/b", "-", "s3://bucket", "", "-x", "--", "--format", "--format=json", "json", "table", "jsonl", "xml",
    "--threads", "--threads=3", "0", "8", "65", "007", "+1", "٣", "--pack", "--pack=", "cis-vpc", "--rules", "r.yaml",
    "--rules=r=s.yaml", "--fail-on-match", "--fail-on-match=1", "--no-fail-on-match", "--help",
    "-h", "--forma", "--since", "2026-01-01",
]  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=6))
def test_what_is_read_plainly_is_what_typer_reads(tokens: list[str]) -> None:
    plain = plainly(["scan", *tokens])
    if plain is not None:
        with pytest.MonkeyPatch.context() as patch:
            assert plain == by_typer(["scan", *tokens], patch, scan_run, "run_scan")


@pytest.mark.parametrize(
    "tokens",
    [
        ["a.json"],
        ["--format", "json", "a.json", "-"],
        ["a.json", "b.json", "--format=jsonl", "--threads", "4", "--fail-on-match"],
        [
            "--pack",
            "cis-vpc",
            "--pack=vpc-extended",
            "--rules",
            "r.yaml",
            "--format",
            "json",
            "--format",
            "table",
            "a",
        ],
    ],
)
def test_the_usual_ways_to_write_it_are_plain(tokens: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = plainly(["scan", *tokens])
    assert plain is not None
    assert plain == by_typer(["scan", *tokens], monkeypatch, scan_run, "run_scan")


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["run"], ["scan"], ["scan", "--help"], ["scan", "s3://bucket"], ["scan", "a", "--format", "xml"],
        ["scan", "a", "--format"],
        ["scan", "a", "--threads", "0"], ["scan", "a", "--since", "2026-01-01"], ["scan", "--", "a"],
    ],
)  # fmt: skip
def test_the_rest_is_left_to_typer(arguments: list[str]) -> None:
    assert plainly(arguments) is None


HEAVY = {
    "aiohttp", "asyncio", "concurrent.futures", "email", "hashlib", "hyperscan", "importlib.metadata",
    "importlib.resources", "logging", "msgspec", "pydantic", "rich", "sqlalchemy", "structlog", "typer",
    "typing_extensions", "zstandard", "trailwarden.patterns.regex", "trailwarden.model.batch",
}  # fmt: skip
PROBE = """
import json, sys
from trailwarden.cli import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def test_a_plain_scan_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    (tmp_path / "log.json.gz").write_bytes(log_file(call("CreateVpc"), call("DescribeVpcs")))
    command = [sys.executable, "-c", PROBE, "scan", "--format", "json", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert json.loads(done.stdout)["totals"]["matched"] == 1, done.stderr
    without = {"msgspec", "typing_extensions"} if not COMPILED else set()
    assert not (HEAVY - without) & set(json.loads(done.stderr.splitlines()[0]))
