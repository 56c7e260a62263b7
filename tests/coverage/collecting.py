"""A server that speaks as CloudTrail and EC2 do, and what tests of the calls share."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs

import pytest
from aiohttp import web

from tests.aws.emulator import ACCOUNT, REGION
from trailwarden.aws import Aws, AwsSettings
from trailwarden.coverage.binding import Arrived
from trailwarden.coverage.collect import collect
from trailwarden.coverage.conditions import State
from trailwarden.coverage.facts import AccountFacts, Failure, Fault
from trailwarden.coverage.settings import AccountSettings
from trailwarden.coverage.verdict import Verdict, judge
from trailwarden.model.log_key import LogKey

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HERE, THERE, FAR = REGION, "us-east-1", "ap-east-1"
MANAGEMENT = "999999999999"
LONG = timedelta(seconds=20)
TRAILS, STATUS, SELECTORS = "DescribeTrails", "GetTrailStatus", "GetEventSelectors"


class StandingClock:
    def now(self) -> datetime:
        return NOW


def account(*regions: str, **more: str) -> AccountSettings:
    return AccountSettings.model_validate({"id": ACCOUNT, "regions": regions or "all", **more})


def arn(name: str, home: str = HERE, owner: str = ACCOUNT) -> str:
    return f"arn:aws:cloudtrail:{home}:{owner}:trail/{name}"


def listed(name: str, home: str = HERE, owner: str = ACCOUNT, *, multi: bool = True) -> dict[str, Any]:
    """A trail as DescribeTrails tells it."""
    return {
        "Name": name,
        "TrailARN": arn(name, home, owner),
        "HomeRegion": home,
        "IsMultiRegionTrail": multi,
        "IsOrganizationTrail": owner != ACCOUNT,
        "S3BucketName": "logs",
        "S3KeyPrefix": "/audit/",
        "LogFileValidationEnabled": True,
    }


def verdict_of(facts: AccountFacts, region: str = HERE, *, organization: str = "") -> Verdict:
    """With a file that arrived just now from where `listed` trails write."""
    key = LogKey("audit", organization, ACCOUNT, "CloudTrail", region, facts.asked)
    return judge(facts, region, [Arrived("logs", key, facts.asked)])


def bad(verdict: Verdict) -> set[str]:
    return {one.condition for one in verdict.findings if one.state is not State.VERIFIED}


# --- a server that speaks as CloudTrail and EC2 do ----------------------------------------------------------

HANG: Final = object()


@dataclass(frozen=True)
class Refused:
    """An error answer."""

    code: str
    status: int = 400
    message: str = "no"


@dataclass
class Peer:
    """answers: (operation, Region), or (operation, "") for all others -> the answer. asked: what came in."""

    url: str = ""
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    asked: list[tuple[str, str, Mapping[str, Any]]] = field(default_factory=list)
    busy: int = 0
    most_busy: int = 0
    seconds: float = 0
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def says(self, operation: str, answer: Any, region: str = "") -> None:
        self.answers[operation, region] = answer

    def count(self, operation: str) -> int:
        return sum(one == operation for one, _, _ in self.asked)

    def settings(self, **more: Any) -> AwsSettings:
        return AwsSettings.model_validate(
            {"region": HERE, "endpoint_url": self.url, "max_attempts": 1, **more}
        )

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.text()
        scope = re.search(r"Credential=[^/]+/\d+/([^/]+)/", request.headers["Authorization"])
        assert scope
        target = request.headers.get("X-Amz-Target", "")
        told = json.loads(body) if target else {name: value[0] for name, value in parse_qs(body).items()}
        operation = target.rpartition(".")[2] if target else told["Action"]
        self.asked.append((operation, scope[1], told))
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        try:
            await asyncio.sleep(self.seconds)
            answer = self.answers.get((operation, scope[1]), self.answers.get((operation, "")))
            if answer is HANG:
                self.hanging.set()
                await self.over.wait()
                return web.Response(status=500)
            return _in_json(answer) if target else _in_xml(answer)
        finally:
            self.busy -= 1


def _in_json(answer: Any) -> web.Response:
    if isinstance(answer, Refused):
        said = {"__type": answer.code, "message": answer.message}
        return web.json_response(said, status=answer.status, content_type="application/x-amz-json-1.1")
    return web.json_response(answer, content_type="application/x-amz-json-1.1")


def _in_xml(answer: Any) -> web.Response:
    if isinstance(answer, Refused):
        error = f"<Error><Code>{answer.code}</Code><Message>{answer.message}</Message></Error>"
        text = f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"
        return web.Response(text=text, status=answer.status, content_type="text/xml")
    items = "".join(f"<item><regionName>{one}</regionName></item>" for one in answer)
    text = (
        '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>1</requestId><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
    )
    return web.Response(text=text, content_type="text/xml")


@pytest.fixture
async def peer(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Peer]:
    """All is well with it: one multi-Region trail in two Regions, until a test says otherwise."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
    made = Peer()
    made.says("DescribeRegions", [THERE, HERE])
    made.says(TRAILS, {"trailList": [listed("all")]})
    made.says(STATUS, {"IsLogging": True, "LatestDeliveryTime": NOW.timestamp() - 300})
    made.says(SELECTORS, {"EventSelectors": [{"ReadWriteType": "All", "IncludeManagementEvents": True}]})
    application = web.Application()
    application.router.add_post("/", made.handle)
    runner = web.AppRunner(application, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    made.over.set()
    await runner.cleanup()


class CountingAws(Aws):
    """calls_before: how many calls had come in, each time that it was told to find its credentials anew."""

    def __init__(self, peer: Peer) -> None:
        super().__init__(peer.settings())
        self._peer = peer
        self.calls_before: list[int] = []

    async def renew(self) -> None:
        self.calls_before.append(len(self._peer.asked))
        await super().renew()


async def asked_of(
    peer: Peer, settings: AccountSettings, within: timedelta = LONG, renewals: int = 0
) -> AccountFacts:
    """Also that the credentials were renewed that many times, and only after the last call had ended."""
    aws = CountingAws(peer)
    try:
        facts = await collect(aws, settings, StandingClock(), within)
        assert aws.calls_before == [len(peer.asked)] * renewals
        return facts
    finally:
        await aws.close()


def fault_of(answer: object) -> Fault:
    assert isinstance(answer, Failure)
    assert answer.at == NOW
    return answer.fault


def names(facts: AccountFacts) -> list[str]:
    assert not isinstance(facts.trails, Failure)
    return [one.name for one in facts.trails]
