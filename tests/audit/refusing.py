"""A proxy in front of the emulator that counts calls by IAM action, and refuses some of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web

_SERVICE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([a-z0-9]+)/aws4_request")
_NAMES = {"monitoring": "cloudwatch"}
"""IAM's name, where another one signs."""


class Refusing:
    """calls: action -> how many; refuses: action -> code and status, for the next so many of them.

    regions: told in the place of all that the emulator has.
    """

    def __init__(self, target: str) -> None:
        self.target = target
        self.url = ""
        self.calls: Counter[str] = Counter()
        self.refuses: dict[str, tuple[str, int]] = {}
        self.times: Counter[str] = Counter()
        self.regions: tuple[str, ...] = ()
        self.http: aiohttp.ClientSession | None = None

    def refuse(
        self, action: str, code: str = "AccessDeniedException", status: int = 400, times: int = 1 << 30
    ) -> None:
        self.refuses[action] = (code, status)
        self.times[action] = times

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        action = action_of(request, body)
        self.calls[action] += 1
        if action in self.refuses and self.times[action] > 0:
            self.times[action] -= 1
            return _refusal(request, *self.refuses[action])
        if action == "ec2:DescribeRegions" and self.regions:
            return _told(self.regions)
        assert self.http is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with self.http.request(
            request.method, self.target + request.raw_path, headers=headers, data=body
        ) as answer:
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() in ("content-type", "smithy-protocol") or name.lower().startswith("x-amz")
            }
            return web.Response(status=answer.status, headers=kept, body=await answer.read())


def action_of(request: web.Request, body: bytes) -> str:
    """`sns:ListSubscriptionsByTopic` and the like, whatever protocol was spoken."""
    found = _SERVICE.search(request.headers.get("Authorization", ""))
    service = found[1] if found else ""
    operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if not operation and "/operation/" in request.path:
        operation = request.path.rpartition("/")[2]
    if not operation:
        operation = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
    return f"{_NAMES.get(service, service)}:{operation}"


def _refusal(request: web.Request, code: str, status: int) -> web.Response:
    if "X-Amz-Target" in request.headers:
        said = {"__type": code, "message": "refused by the test"}
        return web.json_response(said, status=status, content_type="application/x-amz-json-1.1")
    if "/operation/" in request.path:
        body = b"\xa2" + b"".join(map(_cbor, ("__type", code, "message", "refused by the test")))
        headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return web.Response(status=status, headers=headers, body=body)
    error = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>refused by the test</Message></Error>"
    text = f"<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>"
    if "/ec2/" in request.headers["Authorization"]:
        text = f"<Response><Errors>{error}</Errors><RequestID>1</RequestID></Response>"
    return web.Response(status=status, text=text, content_type="text/xml")


def _told(regions: tuple[str, ...]) -> web.Response:
    items = "".join(f"<item><regionName>{one}</regionName></item>" for one in regions)
    text = (
        '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>1</requestId><regionInfo>{items}</regionInfo></DescribeRegionsResponse>"
    )
    return web.Response(text=text, content_type="text/xml")


def _cbor(text: str) -> bytes:
    data = text.encode()
    assert len(data) < 256
    return (bytes([0x60 + len(data)]) if len(data) < 24 else bytes([0x78, len(data)])) + data


@asynccontextmanager
async def refusing(target: str, *regions: str) -> AsyncIterator[Refusing]:
    """Within the block it passes on what it does not refuse."""
    proxy = Refusing(target)
    proxy.regions = regions
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", proxy.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    proxy.url = f"http://{host}:{port}"
    proxy.http = aiohttp.ClientSession(auto_decompress=False)
    try:
        yield proxy
    finally:
        await proxy.http.close()
        await runner.cleanup()
