"""The command against the emulator, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.test_permissions import allowed
from tests.audit.emulated import METRIC, NAMESPACE, Account
from tests.audit.refusing import Refusing, refusing
from tests.aws.emulator import ACCOUNT, REGION, Emulator
from tests.cli.test_verify import config
from tests.e2e.service import configured
from tests.running import Run
from trailwarden.app.permissions import OWN, policies
from trailwarden.settings import load_settings

OTHER = "222222222222"
ROLES = [f"arn:aws:iam::{account}:role/audit" for account in (OTHER, "333333333333")]


@pytest.fixture
async def account(emulator: Emulator) -> AsyncIterator[Account]:
    made = Account(emulator)
    yield made
    await made.close()


@pytest.fixture
async def proxy(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Refusing]:
    """The command speaks to this one."""
    async with refusing(emulator.url, REGION, "us-east-1") as passing:
        monkeypatch.setenv("AWS_ENDPOINT_URL", passing.url)
        yield passing


async def audit(run: Run, *options: str) -> Any:
    """In a thread: the command has a loop of its own."""
    return await asyncio.to_thread(run, "audit", "--region", REGION, *options)


def links(document: Any) -> dict[str, Any]:
    (control,) = document["accounts"][0]["controls"]
    return {link["name"]: link for link in control["chains"][0]["links"]}


async def test_a_good_account_passes(run: Run, account: Account, proxy: Refusing) -> None:
    await account.make()
    result = await audit(run, "--format", "json")
    assert result.code == 0, result.err
    found = links(result.json())
    assert [link["result"] for link in found.values()] == ["pass"] * 6
    assert found["subscription"]["evidence"]["protocols"] == ["email"]
    assert found["trail"]["subject"].endswith("trail/management")


async def test_what_is_missing_fails_and_the_commands_mend_it(
    run: Run, account: Account, proxy: Refusing
) -> None:
    await account.make_trail()
    result = await audit(run, "--format", "json")
    assert (result.code, result.json()["accounts"][0]["controls"][0]["chains"][0]["broken"]) == (1, "filter")
    commands = await audit(run, "--format", "commands")
    assert "put-metric-filter" in commands.out
    await account.make_filter()
    await account.make_topic()
    await account.make_alarm(ActionsEnabled=False)
    assert links((await audit(run, "--format", "json")).json())["alarm"]["result"] == "fail"
    await (await account.client("cloudwatch")).enable_alarm_actions(AlarmNames=["vpc"])
    assert (await audit(run)).code == 0


async def test_an_account_without_a_trail(run: Run, account: Account, proxy: Refusing) -> None:
    result = await audit(run, "--control", "all", "--format", "json")
    assert result.code == 1
    assert result.json()["summary"] == {"pass": 0, "unknown": 0, "fail": 15}


async def test_an_alarm_on_an_expression(run: Run, account: Account, proxy: Refusing) -> None:
    await account.make_trail()
    await account.make_filter()
    await account.make_topic()
    watched = {"Metric": {"Namespace": NAMESPACE, "MetricName": METRIC}, "Period": 300, "Stat": "Sum"}
    queries = [
        {"Id": "m1", "MetricStat": watched, "ReturnData": False},
        {"Id": "e1", "Expression": "FILL(m1, 0) * 2", "ReturnData": True},
    ]
    plain = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    await account.make_alarm(**plain, Metrics=queries, Threshold=2.0)
    assert (await audit(run)).code == 0


@pytest.mark.parametrize(
    ("action", "link"),
    [
        ("ec2:DescribeRegions", "trail"),
        ("cloudtrail:DescribeTrails", "trail"),
        ("cloudtrail:GetTrailStatus", "trail"),
        ("cloudtrail:GetEventSelectors", "trail"),
        ("logs:DescribeMetricFilters", "filter"),
        ("cloudwatch:DescribeAlarms", "alarm"),
        ("sns:ListSubscriptionsByTopic", "subscription"),
    ],
)
async def test_each_call_denied_in_turn(
    run: Run, account: Account, proxy: Refusing, monkeypatch: pytest.MonkeyPatch, action: str, link: str
) -> None:
    await account.make()
    code = "UnauthorizedOperation" if action.startswith("ec2") else "AccessDeniedException"
    proxy.refuse(action, code, 403)
    result = await audit(run, "--format", "json")
    assert proxy.calls[action]
    assert result.code == 3, result.out
    assert links(result.json())[link]["result"] == "unknown"
    assert links(result.json())[link]["denied"] == action
    assert action in links(result.json())[link]["remedy"]


async def test_whose_credentials_they_are_is_needed_first(
    run: Run, account: Account, proxy: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.refuse("sts:GetCallerIdentity", "AccessDenied", 403)
    result = await audit(run)
    assert result.code == 3
    assert result.err.startswith("trailwarden: whose credentials these are cannot be told: AccessDenied")


@pytest.mark.parametrize(
    "action", ["logs:DescribeMetricFilters", "cloudwatch:DescribeAlarms", "sns:ListSubscriptionsByTopic"]
)
async def test_a_call_that_is_throttled_is_tried_again(
    run: Run, account: Account, proxy: Refusing, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    await account.make()
    proxy.refuse(action, "ThrottlingException", 400, times=1)
    result = await audit(run)
    assert result.code == 0, result.out
    assert proxy.calls[action] == 2


async def test_throttled_for_good_is_unknown(
    run: Run, account: Account, proxy: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account.make()
    proxy.refuse("cloudwatch:DescribeAlarms", "ThrottlingException", 400)
    result = await audit(run, "--format", "json")
    assert result.code == 3
    assert "throttled" in links(result.json())["alarm"]["sentence"]


async def test_subscriptions_over_several_pages(
    run: Run, account: Account, proxy: Refusing, monkeypatch: pytest.MonkeyPatch
) -> None:
    await account.make_trail()
    await account.make_filter()
    await account.make_topic(*(f"somebody-{number}@example.com" for number in range(250)))
    await account.make_alarm()
    result = await audit(run, "--format", "json")
    assert proxy.calls["sns:ListSubscriptionsByTopic"] == 3
    assert links(result.json())["subscription"]["sentence"].startswith("250 confirmed")


async def test_accounts_side_by_side(run: Run, account: Account, proxy: Refusing) -> None:
    options = [word for role in ROLES for word in ("--role-arn", role)]
    result = await audit(run, *options, "--format", "json")
    assert result.code == 1
    assert [one["account"] for one in result.json()["accounts"]] == [OTHER, "333333333333"]
    twice = await audit(run, "--role-arn", ROLES[0], "--role-arn", ROLES[0] + "-2")
    assert twice.code == 2
    assert "two roles of one account" in twice.err


async def test_a_recording_says_the_same_without_aws(
    run: Run, account: Account, proxy: Refusing, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await account.make()
    kept = tmp_path / "kept"
    first = await audit(run, "--format", "json", "--record", str(kept), "--control", "all")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    again = await asyncio.to_thread(
        run, "audit", "--format", "json", "--replay", str(kept), "--control", "all"
    )
    assert again.json() == first.json()
    assert again.code == first.code == 1
    file = kept / "recording.json"
    assert (kept.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    text = file.read_text()
    for secret in ("somebody@example.com", "testing", "AKIA", "Endpoint"):
        assert secret not in text, secret
    masked = await asyncio.to_thread(run, "audit", "--replay", str(kept), "--mask", "--format", "json")
    assert masked.code == 0
    assert ACCOUNT not in masked.out
    assert masked.json()["masked"] is True


async def test_failures_are_recorded_too(
    run: Run, account: Account, proxy: Refusing, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await account.make()
    proxy.refuse("cloudwatch:DescribeAlarms", "AccessDenied", 403)
    first = await audit(run, "--format", "json", "--record", str(tmp_path / "kept"))
    again = await asyncio.to_thread(run, "audit", "--format", "json", "--replay", str(tmp_path / "kept"))
    assert (again.code, again.json()) == (3, first.json())
    assert links(again.json())["alarm"]["denied"] == "cloudwatch:DescribeAlarms"


async def test_every_call_of_an_audit_is_in_the_policy(
    run: Run, account: Account, proxy: Refusing, tmp_path: Path
) -> None:
    await account.make()
    path = config(tmp_path, Emulator(proxy.url), coverage={"accounts": [{"id": ACCOUNT}]})
    result = await asyncio.to_thread(run, "audit", "--config", str(path))
    assert result.code == 0, result.out
    used = set(proxy.calls) - {"sts:GetCallerIdentity"}
    (policy,) = (await asyncio.to_thread(run, "iam-policy", "--config", str(path), "--audit")).json().values()
    assert used == {action for statement in policy["Statement"] for action in statement["Action"]}
    assert not (allowed(policies(load_settings(path))[OWN]) & {"sns:ListSubscriptionsByTopic"}), (
        "only where it is asked for"
    )


def test_without_coverage_the_audit_asks_as_its_own_identity(tmp_path: Path) -> None:
    needed = policies(load_settings(configured(tmp_path)), audit=True)
    assert {"cloudtrail:DescribeTrails", "ec2:DescribeRegions", "logs:DescribeMetricFilters"} <= allowed(
        needed[OWN]
    )
    (alarms,) = [one for one in needed[OWN]["Statement"] if one["Sid"] == "AuditAlarms"]
    assert alarms["Resource"] == ["arn:aws:cloudwatch:*:*:alarm:*"]
