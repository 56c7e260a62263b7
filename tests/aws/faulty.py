"""A proxy in front of the emulator that does to a share of the calls what networks and services do."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import web

STALL = 30.0
"""Seconds without an answer."""

Fault = Callable[[web.Request, web.StreamResponse | None, bytes], Awaitable[web.StreamResponse]]


class FaultyProxy:
    """To be started and stopped. `share` of the calls, chosen by `seed`, meet one of FAULTS; `met` counts them.

    script: action (as in X-Amz-Target) -> what its next calls meet, one after the other, "" for nothing; always: what every call
    of an action meets; stall: seconds without an answer.
    """

    def __init__(self, target: str, share: float, seed: int) -> None:
        self.target = target
        self.share = share
        self.url = ""
        self.script: defaultdict[str, deque[str]] = defaultdict(deque)
        self.always: dict[str, str] = {}
        self.stall = STALL
        self.met: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._runner: web.AppRunner | None = None
        self._http: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        self._http = aiohttp.ClientSession(auto_decompress=False)
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{tail:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"

    async def stop(self) -> None:
        assert self._runner is not None
        assert self._http is not None
        await self._runner.cleanup()
        await self._http.close()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        name = self._next(request.headers.get("X-Amz-Target", "").rpartition(".")[2])
        self.met[name or "none"] += 1
        if name == "stall":
            await asyncio.sleep(self.stall)
        if name in ("reset", "stall"):
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if name in _ANSWERS:
            return _refusal(request, *_ANSWERS[name], _SAID.get(name, "by chance"))
        status, headers, content = await self._forwarded(request, body)
        if name == "truncate" and len(content) > 1:
            return await _cut(request, status, content)
        return web.Response(status=status, headers=headers, body=content)

    def _next(self, action: str) -> str:
        if self.script[action]:
            return self.script[action].popleft()
        if action in self.always:
            return self.always[action]
        return self._random.choice(FAULTS) if self._random.random() < self.share else ""

    async def _forwarded(self, request: web.Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        assert self._http is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() != "host"}
        async with self._http.request(
            request.method, self.target + request.raw_path, headers=headers, data=body
        ) as answer:
            kept = {
                name: value
                for name, value in answer.headers.items()
                if name.lower() in ("content-type", "etag", "last-modified")
                or name.lower().startswith("x-amz")
            }
            return answer.status, kept, await answer.read()


FAULTS = ("internal", "unavailable", "throttled", "reset", "stall", "truncate")
_ANSWERS = {
    "internal": (500, "InternalError"),
    "unavailable": (503, "SlowDown"),
    "throttled": (400, "ThrottlingException"),
    "denied": (400, "AccessDeniedException"),
    "expired": (400, "ExpiredIteratorException"),
    "exceeded": (400, "ProvisionedThroughputExceededException"),
    "unknown number": (400, "InvalidArgumentException"),
    "another shard's number": (400, "InvalidArgumentException"),
    "bad argument": (400, "InvalidArgumentException"),
    "bad key": (400, "UnrecognizedClientException"),
}
_SAID = {
    "unknown number": "StartingSequenceNumber 4960 used in GetShardIterator on shard shardId-000000000000 in stream cloudtrail "
    "under account 123456789012 is invalid because it did not come from this stream.",
    "another shard's number": "Invalid StartingSequenceNumber. It encodes shardId-000000000007, while it was used in a call to a "
    "shard with shardId-000000000000",
}
"""As AWS says it, where that matters."""


def _refusal(request: web.Request, status: int, code: str, said: str) -> web.Response:
    """In the way of the protocol that was spoken."""
    if "X-Amz-Target" in request.headers:
        return web.json_response({"__type": code, "message": said}, status=status)
    text = f"<Error><Code>{code}</Code><Message>{said}</Message></Error>"
    return web.Response(status=503 if status == 400 else status, text=text, content_type="application/xml")


async def _cut(request: web.Request, status: int, content: bytes) -> web.StreamResponse:
    """The head promises more than comes."""
    answer = web.StreamResponse(status=status, headers={"Content-Length": str(len(content))})
    await answer.prepare(request)
    await answer.write(content[: len(content) // 2])
    assert request.transport is not None
    request.transport.abort()
    return answer
