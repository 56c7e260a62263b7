"""A plain run starts without typer: it must be the same run, and load nothing that its configuration does not name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.aws.trails import call, log_file
from tests.cli.typer_way import by_typer
from trailwarden.cli import run_plain
from trailwarden.cli.run_plain import plainly

TOKENS = [
    "--config", "-c", "--config=", "--config=a.yaml", "-cb.yaml", "--conf", "a.yaml", "b", "", "-", "--", "-x",
    "--once", "--once=1", "--no-once", "--help", "-h",
]  # fmt: skip


@given(st.lists(st.sampled_from(TOKENS), max_size=5))
def test_what_is_read_plainly_is_what_typer_reads(tokens: list[str]) -> None:
    plain = plainly(["run", *tokens])
    if plain is not None:
        with pytest.MonkeyPatch.context() as patch:
            assert plain == by_typer(["run", *tokens], patch, run_plain, "run_service")


@pytest.mark.parametrize(
    "tokens",
    [["--config", "a.yaml"], ["-c", "a.yaml", "--once"], ["--once", "--config=a.yaml"]],
)
def test_the_usual_ways_to_write_it_are_plain(tokens: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    plain = plainly(["run", *tokens])
    assert plain is not None
    assert plain == by_typer(["run", *tokens], monkeypatch, run_plain, "run_service")


@pytest.mark.parametrize(
    "arguments",
    [[], ["scan"], ["run"], ["run", "--help"], ["run", "--once"], ["run", "-c"], ["run", "-c", "a", "b"]],
)
def test_the_rest_is_left_to_typer(arguments: list[str]) -> None:
    assert plainly(arguments) is None


HEAVY = {
    "aiobotocore", "aiohttp", "aiokafka", "aiosqlite", "asyncpg", "botocore", "cryptography", "difflib", "hyperscan",
    "importlib.metadata", "jinja2", "msgspec", "prometheus_client", "rich", "sqlalchemy", "typer", "zstandard",
    "trailwarden.coverage.settings", "trailwarden.detection.rules", "trailwarden.detection.runs", "trailwarden.settings.whole",
    "trailwarden.sinks.webhook_settings",
    "trailwarden.sources.kafka_settings", "trailwarden.sources.kinesis_settings",
    "trailwarden.sources.s3_poll_settings", "trailwarden.sources.s3_sqs_settings",
}  # fmt: skip
PROBE = """
import json, sys
from trailwarden.cli import main
try:
    main(leave=sys.exit)
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def configured(tmp_path: Path) -> Path:
    """A configuration that reads one file with one match."""
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "log.json.gz").write_bytes(log_file(call("CreateVpc"), call("DescribeVpcs")))
    config = {
        "sources": [{"kind": "files", "name": "spool", "path": str(spool)}],
        "sinks": [{"kind": "stdout", "name": "console"}],
        "store": {"url": f"sqlite:///{tmp_path / 'state.db'}"},
        "http": {"port": 0},
        "log": {"level": "warning"},
    }
    path = tmp_path / "c.yaml"
    path.write_text(json.dumps(config))  # JSON is YAML
    return path


def test_a_run_loads_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROBE, "run", "--once", "--config", str(configured(tmp_path))]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert json.loads(done.stdout)["event"]["name"] == "CreateVpc", done.stderr
    loaded = set(json.loads(done.stderr.splitlines()[-1]))
    assert sorted(HEAVY & loaded) == []


LEFT = """
import atexit
from trailwarden.cli import main
atexit.register(print, "taken apart")
main()
"""


def test_a_run_that_has_ended_leaves_at_once_with_all_that_it_said(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEFT, "run", "--once", "--config", str(configured(tmp_path))],
        stdout=subprocess.PIPE, check=False, text=True,
    )  # fmt: skip
    assert [json.loads(line)["event"]["name"] for line in done.stdout.splitlines()] == ["CreateVpc"]
    assert done.returncode == 0


HELD_BACK = """
import structlog
from trailwarden.cli import _at_once
from trailwarden.telemetry import setup_logging
setup_logging()
for _ in range(3):
    structlog.get_logger("there").warning("again")
_at_once(4)
"""


def test_what_was_held_back_is_said_before_it_leaves() -> None:
    done = subprocess.run([sys.executable, "-c", HELD_BACK], stderr=subprocess.PIPE, check=False, text=True)
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["again", "repeated"]
    assert done.returncode == 4


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_it_leaves_with_its_code_where_nobody_reads_what_it_says(stream: str) -> None:
    code = HELD_BACK.replace("_at_once(4)", "import sys; sys.stdout.write('x'); _at_once(4)")
    reader, writer = os.pipe()
    os.close(reader)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, stream: writer}
    done = subprocess.run([sys.executable, "-c", code], **streams, env=environment, check=False)
    os.close(writer)
    assert done.returncode == 4
