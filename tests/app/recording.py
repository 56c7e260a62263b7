"""A proxy in front of the emulator that notes which IAM action each request needs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web

_SERVICE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([a-z0-9]+)/aws4_request")
_BATCHES = {"DeleteMessageBatch": "DeleteMessage", "ChangeMessageVisibilityBatch": "ChangeMessageVisibility"}
"""IAM knows the single form alone."""


class Recorder:
    """`calls`: access key -> actions. The key tells the identity: an assumed role has a temporary one. `bodies`: as they came."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.url = ""
        self.calls: dict[str, set[str]] = {}
        self.bodies: list[bytes] = []

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.bodies.append(body)
        signed = request.headers.get("Authorization", "")
        found = _SERVICE.search(signed)
        if found is not None:
            key = signed.partition("Credential=")[2].partition("/")[0]
            self.calls.setdefault(key, set()).add(f"{found[1]}:{_action(request, found[1], body)}")
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with (
            aiohttp.ClientSession(auto_decompress=False) as http,
            http.request(
                request.method, self.target + request.raw_path, headers=headers, data=body
            ) as answer,
        ):
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() in ("content-type", "etag") or name.lower().startswith("x-amz")
            }
            return web.Response(status=answer.status, headers=kept, body=await answer.read())


def _action(request: web.Request, service: str, body: bytes) -> str:
    target = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
    if target:
        return _BATCHES.get(target, target)
    if service == "s3":
        if "versionId" in request.query:
            return "GetObjectVersion"
        return "GetObject" if request.path.count("/") > 1 else "ListBucket"
    return parse_qs(body.decode()).get("Action", [""])[0]


@asynccontextmanager
async def recording(target: str) -> AsyncIterator[Recorder]:
    """Within the block it passes everything on, and takes notes."""
    recorder = Recorder(target)
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", recorder.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    recorder.url = f"http://{host}:{port}"
    try:
        yield recorder
    finally:
        await runner.cleanup()
