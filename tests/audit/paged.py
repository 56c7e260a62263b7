"""A server that tells of a `World` over HTTP as AWS does, page by page: JSON, XML and CBOR, as each service speaks."""

from __future__ import annotations

import json
import struct
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

from aiohttp import web

from tests.audit.world import ACCOUNT, HERE, OTHER_REGION, Client, World

_METHODS = {
    "DescribeMetricFilters": "describe_metric_filters",
    "DescribeAlarms": "describe_alarms",
    "ListSubscriptionsByTopic": "list_subscriptions_by_topic",
}


class Server:
    """world: what it tells of; asked: operation -> how often.

    lost: operation -> the page, from 1, that is refused; says: what the refusal says.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""
        self.lost: dict[str, int] = {}
        self.says = "no"
        self.asked: Counter[str] = Counter()

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        if target:
            told = await self._told(target, json.loads(body or b"{}"))
            kind = "application/x-amz-json-1.1"
            return web.json_response(
                told or {"__type": "AccessDeniedException", "message": self.says},
                status=200 if told else 400,
                content_type=kind,
            )
        if "/operation/" in request.path:
            told = await self._told(request.path.rpartition("/")[2], _decoded(body, 0)[0])
            headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
            refused = {"__type": "AccessDenied", "message": self.says}
            return web.Response(status=200 if told else 403, body=_encoded(told or refused), headers=headers)
        form = dict(parse_qsl(body.decode()))
        return _xml(form["Action"], await self._told(form["Action"], form), self.says)

    async def _told(self, operation: str, asked: dict[str, Any]) -> Any:
        self.asked[operation] += 1
        if self.lost.get(operation) == self.asked[operation]:
            return None
        if operation in _METHODS:
            return await getattr(Client(self.world, ACCOUNT, HERE), _METHODS[operation])(**asked)
        return {
            "GetCallerIdentity": {"Account": ACCOUNT},
            "DescribeRegions": {"regions": [HERE, OTHER_REGION]},
            "DescribeTrails": {"trailList": self.world.trails},
            "GetTrailStatus": self.world.statuses,
            "GetEventSelectors": self.world.selectors,
        }[operation]


def _xml(action: str, told: Any, says: str) -> web.Response:
    if told is None:
        error = f"<Error><Code>AuthorizationError</Code><Message>{says}</Message></Error>"
        text = f"<ErrorResponse>{error}</ErrorResponse>"
        return web.Response(status=403, text=text, content_type="text/xml")
    if action == "DescribeRegions":
        items = "".join(f"<item><regionName>{one}</regionName></item>" for one in told["regions"])
        inner = f"<regionInfo>{items}</regionInfo>"
        text = (
            f'<{action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">{inner}</{action}Response>'
        )
        return web.Response(text=text, content_type="text/xml")
    members = "".join(
        "<member>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in one.items()) + "</member>"
        for one in told.get("Subscriptions", ())
    )
    inner = f"<Subscriptions>{members}</Subscriptions>" if action != "GetCallerIdentity" else ""
    inner += "".join(f"<{name}>{value}</{name}>" for name, value in told.items() if isinstance(value, str))
    text = f"<{action}Response><{action}Result>{inner}</{action}Result></{action}Response>"
    return web.Response(text=text, content_type="text/xml")


def _encoded(value: Any) -> bytes:
    """CBOR (RFC 8949), as far as answers need it."""
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list | tuple):
        return _head(4, len(value)) + b"".join(map(_encoded, value))
    pairs = ((_encoded(key), _encoded(inner)) for key, inner in value.items())
    return _head(5, len(value)) + b"".join(key + inner for key, inner in pairs)


def _head(kind: int, number: int) -> bytes:
    return (
        bytes([kind << 5 | 24]) + bytes([number])
        if number < 256
        else bytes([kind << 5 | 25]) + struct.pack(">H", number)
    )


def _decoded(data: bytes, at: int) -> tuple[Any, int]:
    """The value at a place, and the place behind it: maps, lists, texts and numbers of a known length."""
    kind, low = data[at] >> 5, data[at] & 31
    size = {24: 1, 25: 2, 26: 4, 27: 8}.get(low, 0)
    number = int.from_bytes(data[at + 1 : at + 1 + size], "big") if size else low
    at += 1 + size
    if kind == 3:
        return data[at : at + number].decode(), at + number
    if kind in (4, 5):
        values: list[Any] = []
        endless = low == 31
        while (data[at] != 0xFF) if endless else (len(values) < number * (kind - 3)):
            value, at = _decoded(data, at)
            values.append(value)
        at += endless
        return (values if kind == 4 else dict(zip(values[::2], values[1::2], strict=True))), at
    return number, at


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[Server]:
    """Within the block it answers."""
    server = Server(world)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    server.url = f"http://{host}:{port}"
    try:
        yield server
    finally:
        await runner.cleanup()
