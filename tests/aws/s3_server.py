"""A server that answers GETs as S3 does, and remembers how it was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from multidict import CIMultiDict

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Asked:
    """One request. target: the path and the query, as they were sent."""

    target: str
    headers: CIMultiDict[str]


@dataclass(slots=True)
class S3Server:
    """answers: one per request, the last one repeats."""

    answers: list[Handler] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""
    _runner: web.ServerRunner | None = None

    async def start(self) -> None:
        # The plain server, without a router: a key must arrive as it was sent.
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.1)  # type: ignore[arg-type]
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.asked.append(Asked(request.raw_path, CIMultiDict(request.headers)))
        handler = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await handler(request)  # type: ignore[arg-type]

    def signature_is_right(self, asked: Asked, region: str, credentials: Credentials) -> bool:
        """Whether botocore signs what arrived in the same way."""
        wanted = AWSRequest("GET", self.url + asked.target)
        wanted.context["timestamp"] = asked.headers["X-Amz-Date"]
        auth = S3SigV4Auth(credentials, "s3", region)
        for name in ("X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token"):
            if name in asked.headers:
                wanted.headers[name] = asked.headers[name]
        assert asked.headers["Host"] == urlsplit(self.url).netloc
        canonical = auth.canonical_request(wanted)
        signature = auth.signature(auth.string_to_sign(wanted, canonical), wanted)
        return f"Signature={signature}" in asked.headers["Authorization"]


def whole(content: bytes, **headers: str) -> Handler:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=content, headers=headers)

    return answer


def refusal(status: int, code: str = "", message: str = "said", **headers: str) -> Handler:
    """An error as S3 writes it; without a code, no body."""
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"

    async def answer(_request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text if code else "", headers=named)

    return answer


def raw(*pieces: bytes) -> Handler:
    """These bytes on the connection, which is then cut."""

    async def answer(request: web.Request) -> web.StreamResponse:
        transport = request.transport
        assert transport is not None
        for piece in pieces:
            transport.write(piece)
            await asyncio.sleep(0.02)
        transport.close()
        return web.Response()

    return answer


async def reset(request: web.Request) -> web.StreamResponse:
    """The connection is gone."""
    transport = request.transport
    assert isinstance(transport, asyncio.Transport)
    transport.abort()
    return web.Response()
