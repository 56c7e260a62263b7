"""Every list over several pages, over HTTP in the protocol of its service; and a page that is lost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.audit.paged import serving
from tests.audit.world import ACCOUNT, HERE, TOPIC, World, alarm, composite, metric_filter, subscription
from tests.aws.emulator import Emulator
from tests.running import Run

PAGES = ("DescribeMetricFilters", "DescribeAlarms", "ListSubscriptionsByTopic")


def world() -> World:
    """What counts is on the last page of each list."""
    return World(
        page=2,
        filters=[
            *(metric_filter("{ $.a = b }", f"f{number}", f"m{number}") for number in range(4)),
            metric_filter(),
        ],
        alarms=[
            *(alarm(f"a{number}", f"m{number}", AlarmActions=[]) for number in range(4)),
            alarm(AlarmActions=[]),
        ],
        composites=[composite("ALARM(vpc)")],
        subscriptions=[*(subscription("PendingConfirmation") for _ in range(4)), subscription()],
    )


async def audit(run: Run, *options: str) -> Any:
    return await asyncio.to_thread(run, "audit", "--region", HERE, "--format", "json", *options)


async def test_what_counts_may_be_on_the_last_page(
    run: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(world()) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        result = await audit(run)
    assert result.code == 0, result.out + result.err
    assert [server.asked[name] for name in PAGES] == [3, 3, 3]
    links = result.json()["accounts"][0]["controls"][0]["chains"][0]["links"]
    assert links[4]["subject"] == TOPIC
    assert links[5]["sentence"] == "1 confirmed: email"


@pytest.mark.parametrize(
    ("operation", "link"), [*zip(PAGES, ("filter", "alarm", "subscription"), strict=True)]
)
@pytest.mark.parametrize("page", [1, 3])
async def test_a_lost_page_loses_the_list_and_nothing_passes_for_whole(
    run: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, operation: str, link: str, page: int
) -> None:
    async with serving(world()) as server:
        server.lost[operation] = page
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        result = await audit(run)
    assert result.code == 3, result.out
    chain = result.json()["accounts"][0]["controls"][0]["chains"][0]
    assert (chain["result"], chain["broken"]) == ("unknown", link)
    assert next(one for one in chain["links"] if one["name"] == link)["denied"].endswith(operation)


SECRETS = "token=hush-hush Authorization: hush-hush AKIAHUSHHUSH1234 secret: hush-hush"


@pytest.mark.parametrize("operation", ["GetCallerIdentity", "GetTrailStatus", *PAGES])
async def test_what_a_careless_service_says_is_in_no_output(
    run: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, operation: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    async with serving(world()) as server:
        server.lost[operation], server.says = 1, f"{SECRETS} for account {ACCOUNT}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        said = await audit(run, "--record", str(tmp_path / "kept"))
    outputs = {"said": said.out + said.err}
    kept = tmp_path / "kept" / "recording.json"
    if operation != "GetCallerIdentity":
        outputs["recording"] = kept.read_text()
        for form in ("table", "json", "ocsf", "junit", "html", "commands", "terraform"):
            shown = await asyncio.to_thread(
                run, "audit", "--replay", str(kept.parent), "--mask", "--format", form
            )
            outputs[form] = shown.out + shown.err
            assert ACCOUNT not in outputs[form], form
    for name, text in outputs.items():
        assert "hush" not in text.lower(), name


async def test_an_error_is_masked_too(run: Run, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(world()) as server:
        server.lost["GetCallerIdentity"], server.says = 1, f"arn:aws:iam::{ACCOUNT}:user/me may not"
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        result = await audit(run, "--mask")
    assert result.code == 3
    assert ACCOUNT not in result.err
    assert "arn:aws:iam::xxxxxxxxxxx1:user/me may not" in result.err
