"""`config check | show | schema`: mistakes are named with place and mend; secrets are never shown."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.running import ROOT, Run

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
GOOD = f"""
sources:
  - {{kind: files, name: spool, path: /tmp}}
sinks:
  - {{kind: webhook, name: siem, url: "https://user:hunter2@siem.example/hook?key=hunter3", secret: "{SECRET}"}}
store: {{url: "sqlite:///state.db"}}
"""


WAITS = """
sources:
  - {kind: s3_sqs, name: trail, ack: delivered, buckets: [trail],
     queue_url: "https://sqs.eu-west-1.amazonaws.com/123456789012/trail"}
sinks:
  - {kind: stdout, name: console}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "trailwarden.yaml"


def test_a_good_one(run: Run, config: Path) -> None:
    config.write_text(GOOD)
    result = run("config", "check", "--config", str(config))
    assert result.code == 0, result.err
    assert "1 source, 1 rule, 1 sink: can be used" in result.out


@pytest.mark.parametrize(
    "store",
    ['url: "postgresql://u:hunter2@db.example/t"', 'url: "postgresql://u@db.example/t", password: hunter2'],
)
def test_the_password_of_a_database_is_masked(run: Run, config: Path, store: str) -> None:
    config.write_text(GOOD.replace('url: "sqlite:///state.db"', store))
    assert run("config", "check", "--config", str(config)).code == 0
    result = run("config", "show", "--config", str(config))
    assert "db.example/t" in result.out
    assert "hunter2" not in result.out + result.err


def test_acks_that_wait_for_delivery(run: Run, config: Path) -> None:
    config.write_text(WAITS)
    assert run("config", "check", "--config", str(config)).code == 0
    result = run("run", "--once", "--config", str(config))
    assert result.code == 2
    assert "use `ack: committed` and keep the store" in result.err


@pytest.mark.parametrize("output", ["table", "json"])
def test_show_masks_every_secret(run: Run, config: Path, output: str) -> None:
    config.write_text(GOOD)
    result = run("config", "show", "--config", str(config), "--format", output)
    assert result.code == 0, result.err
    assert "spool" in result.out
    for secret in (SECRET, SECRET.removeprefix("whsec_"), "hunter2", "hunter3"):
        assert secret not in result.out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sources: []\n", "sources: at least 1 must be there"),
        (GOOD.replace("url: \"https", "ulr: \"https"), "sinks[0].ulr: unknown key; did you mean 'url'?"),
        (GOOD.replace("sources:", "source:"), "source: unknown key; did you mean 'sources'?"),
        (GOOD.replace("kind: webhook", "kind: webhok"), "sinks[0]"),
        (GOOD.replace("kind: files", "kind: fils"), "sources[0]"),
        (GOOD.replace("url: \"sqlite:///state.db\"", "url: nonsense"), "store.url"),
        (GOOD.replace("path: /tmp", "path: /tmp, settle: soon"), "sources[0].settle"),
        (GOOD + "\nrules: {packs: []}\n", "nothing would be looked for"),
        (GOOD + "\nhttp: {port: 99999}\n", "http.port"),
        ("sources: [\n", "not YAML: line"),
        ("", "must be a mapping"),
        ("sources: ${NOWHERE_SET}\n", "sources: the environment has no variable NOWHERE_SET"),
        (WAITS.replace("kind: stdout", "kind: stdout, required: false"), "waits with its acks for the required sinks"),
        (WAITS.replace("delivered", "sent"), "sources[0].ack"),
        (GOOD.replace("path: /tmp", "path: /tmp, ack: delivered"), "sources[0].ack: unknown key"),
        (GOOD.replace(SECRET, "hunter4 is not base64!"), "secret"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(run: Run, config: Path, text: str, said: str) -> None:
    config.write_text(text)
    result = run("config", "check", "--config", str(config))
    assert result.code == 2
    assert said in result.err
    assert str(config) in result.err
    assert "hunter" not in result.err
    assert "Traceback" not in result.err


def test_one_mistake_is_one_line(run: Run, config: Path) -> None:
    config.write_text(GOOD.replace("path: /tmp", "path: /tmp, settle: soon"))
    result = run("config", "check", "--config", str(config))
    assert len(result.err.strip().splitlines()) == 1, result.err


def test_the_environment_fills_in(run: Run, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TW_SPOOL", "/var/spool/x")
    config.write_text(GOOD.replace("path: /tmp", 'path: "${TW_SPOOL}/$${kept}"'))
    assert "/var/spool/x/${kept}" in run("config", "show", "--config", str(config)).out


def test_a_missing_configuration(run: Run) -> None:
    result = run("config", "check", "--config", "/nowhere/at-all.yaml")
    assert result.code == 2
    assert "/nowhere/at-all.yaml: cannot be read" in result.err


def test_a_bad_rules_file_is_found_by_check(run: Run, config: Path, tmp_path: Path) -> None:
    rules = tmp_path / "mine.yaml"
    rules.write_text("pack: mine\nrules: 7\n")
    config.write_text(GOOD + f"\nrules: {{files: ['{rules}']}}\n")
    result = run("config", "check", "--config", str(config))
    assert result.code == 2
    assert "mine.yaml" in result.err


def test_schema_and_the_configurations_that_come_along(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("config", "schema").json()["title"] == "Trailwarden configuration"
    values = {"DEMO_WEBHOOK_URL": "http://127.0.0.1:1/", "DEMO_WEBHOOK_SECRET": SECRET, "DEMO_STATE": "/tmp"}
    values |= {"DEMO_QUEUE_URL": "http://127.0.0.1:1/123456789012/q", "DEMO_AWS_URL": "http://127.0.0.1:1"}
    for name, value in (values | {"DEMO_HTTP_PORT": "8080"}).items():
        monkeypatch.setenv(name, value)
    for name in ("trailwarden.yaml", "demo.yaml", "instances.yaml"):
        assert run("config", "check", "--config", str(ROOT / "config" / name)).code == 0
