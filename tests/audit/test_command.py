"""The command's options, its errors, and the recording's file."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.aws.emulator import ACCOUNT, Emulator
from tests.cli.test_verify import config, fed, world
from tests.e2e.service import configured
from tests.running import ROOT, Run
from trailwarden.audit import recording

ROLE = f"arn:aws:iam::{ACCOUNT}:role/audit"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--control", "4.99"), "no such control"),
        (("--config", "c.yaml", "--region", "eu-west-1"), "stand in the configuration"),
        (("--config", "c.yaml"), "cannot be read"),
        (("--replay", "d", "--record", "e"), "--replay takes"),
        (("--replay", "nowhere"), "cannot be read"),
        (("--record", "d", "--mask"), "--mask with --record"),
        (("--timeout", "soon"), "no duration"),
        (("--role-arn", "me"), "--role-arn"),
        (("--region", "here"), "--region"),
        (("--external-id", "ab"), "external_id"),
    ],
)
def test_what_cannot_be_used_is_said_in_a_line(run: Run, options: tuple[str, ...], says: str) -> None:
    result = run("audit", *options)
    assert result.code == 2, result.err
    assert says in result.err
    assert result.err.count("\n") == 1
    assert result.out == ""


def test_without_credentials_nothing_is_known(
    run: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    result = run("audit", "--region", "eu-west-1")
    assert result.code == 3
    assert "whose credentials" in result.err
    assert "hush" not in result.err


def test_by_configuration_both_ways_are_judged(run: Run, tmp_path: Path, emulator: Emulator) -> None:
    world(emulator)
    path = config(tmp_path, emulator)
    fed(path)
    result = run("audit", "--config", str(path), "--format", "json", "--record", str(tmp_path / "kept"))
    assert result.code == 0, result.out
    (control,) = result.json()["accounts"][0]["controls"]
    assert {chain["path"]: (chain["result"], chain["broken"]) for chain in control["chains"]} == {
        "cloudwatch": ("fail", "log_group"),
        "siem": ("pass", ""),
    }
    assert control["remediation"] == [], "it is met"
    again = run("audit", "--replay", str(tmp_path / "kept"), "--format", "json")
    assert again.json() == result.json()
    every = run("audit", "--config", str(path), "--control", "all", "--format", "json").json()
    passed = {one["key"] for one in every["accounts"][0]["controls"] if one["result"] == "pass"}
    assert passed == {"vpc-changes", "cloudtrail-changes", "key-disabled"}, (
        "trail-tampering comes with coverage"
    )


def test_a_configuration_without_coverage_is_audited_as_its_own_account(
    run: Run, tmp_path: Path, emulator: Emulator
) -> None:
    world(emulator)
    path = configured(
        tmp_path, "http://127.0.0.1:9/hook", aws={"region": "eu-west-1", "endpoint_url": emulator.url}
    )
    result = run("audit", "--config", str(path), "--format", "json")
    assert result.code == 3, "nothing watches the feed, so that nobody can tell"
    (account,) = result.json()["accounts"]
    assert account["account"] == ACCOUNT
    chains = {chain["path"]: chain["broken"] for chain in account["controls"][0]["chains"]}
    assert chains == {"cloudwatch": "log_group", "siem": "feed"}


def test_no_form_holds_a_secret_of_the_configuration(run: Run, tmp_path: Path, emulator: Emulator) -> None:
    world(emulator)
    path = config(tmp_path, emulator)
    for form in ("table", "json", "ocsf", "junit", "html", "commands", "terraform"):
        result = run("audit", "--config", str(path), "--format", form)
        for secret in ("whsec", "testing", "127.0.0.1:9/hook"):
            assert secret not in result.out + result.err, (form, secret)


def kept(folder: Path, **changes: Any) -> Path:
    document = {
        "format": recording.FORMAT,
        "version": "0.1.0",
        "at": "2026-11-24T12:00:00Z",
        "accounts": [{"id": ACCOUNT}],
        "home": {"own": "eu-west-1"},
        "calls": [],
        **changes,
    }
    folder.mkdir(exist_ok=True)
    (folder / recording.FILE).write_text(json.dumps(document))
    return folder


def test_what_was_not_recorded_is_unknown(run: Run, tmp_path: Path) -> None:
    result = run("audit", "--replay", str(kept(tmp_path)), "--format", "json")
    assert result.code == 3
    assert "not in the recording" in result.json()["accounts"][0]["controls"][0]["reason"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": "trailwarden.recording/9"}, "not of the format"),
        ({"accounts": [{"id": "1"}]}, "accounts.0.id"),
        ({"more": 1}, "more"),
        ({"at": "yesterday"}, "at"),
        ({"own": {"rules": [{"id": "a", "severity": "low", "pattern": "{ $", "sinks": []}], "arrived": [], "taken": {},
                  "max_age": 1, "alert_path": 1}}, "rule a"),
    ],
)  # fmt: skip
def test_a_recording_that_cannot_be_used(
    run: Run, tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    result = run("audit", "--replay", str(kept(tmp_path, **changes)))
    assert result.code == 2
    assert says in result.err
    assert result.err.count("\n") == 1


def test_a_recording_that_is_too_large_or_no_json(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = kept(tmp_path)
    (folder / recording.FILE).write_text("{")
    assert "not JSON" in run("audit", "--replay", str(folder)).err
    monkeypatch.setattr(recording, "MAX_BYTES", 10)
    (folder / recording.FILE).write_text("{" + " " * 20)
    assert "larger than 10 bytes" in run("audit", "--replay", str(folder)).err


def test_a_recording_is_not_written_over(run: Run, tmp_path: Path) -> None:
    result = run("audit", "--record", str(kept(tmp_path)))
    assert result.code == 2
    assert "there is a recording already" in result.err


def test_only_what_is_read_is_kept() -> None:
    told = {
        "Subscriptions": [
            {
                "SubscriptionArn": "arn:x",
                "Protocol": "https",
                "Endpoint": "https://u:p@h/?token=t",
                "Owner": "1",
            }
        ],
        "ResponseMetadata": {"RequestId": "r"},
    }
    assert recording.kept(told) == {"Subscriptions": [{"SubscriptionArn": "arn:x", "Protocol": "https"}]}


def test_progress_is_for_a_terminal_alone_and_masked(tmp_path: Path) -> None:
    command = [
        str(ROOT / ".venv/bin/trailwarden"),
        "audit",
        "--replay",
        str(kept(tmp_path)),
        "--format",
        "json",
        "--mask",
    ]
    command[0] = command[0] if Path(command[0]).exists() else "trailwarden"
    ours, theirs = pty.openpty()
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=theirs, check=False, env={**os.environ, "TERM": "xterm"}
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert done.returncode == 3
    assert json.loads(done.stdout)["masked"] is True
    assert "auditing" in shown or "trails of 1 account" in shown or "judging" in shown
    assert ACCOUNT not in shown
    quiet = subprocess.run(command, capture_output=True, check=False)
    assert (quiet.returncode, quiet.stderr) == (3, b"")
