"""HTTP requests that we sign ourselves, with the settings that botocore's clients have.

Two ways: the short one for the answers that S3 and SQS give all day, and aiohttp for what is unusual: a proxy, an answer in
chunks, a status before the final one. An answer that turned out to be unusual is asked for again, the long way.

Keeps: TLS is verified; no cookies, no redirects, no `.netrc`; a success is given whole or not at all.

Next: `objects`, GETs of S3; `direct`, calls of a JSON service.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from trailwarden.aws.answer import BEGINNING, Admit, Answer, ObjectTooLargeError
from trailwarden.aws.failures import AwsError, AwsFailure, Fault
from trailwarden.aws.settings import AwsSettings
from trailwarden.aws.signature import AGENT, head_of
from trailwarden.aws.wire import Wire
from trailwarden.aws.wire_connection import LEAST_RATE

_PORTS: Final = {"http": 80, "https": 443}


class PlainHttp:
    """For requests of one identity. Made without I/O; to be closed."""

    def __init__(self, settings: AwsSettings, connections: int, read_timeout: float) -> None:
        """connections: to one host, at most; read_timeout: seconds without new bytes, or with too few (`LEAST_RATE`)."""
        self._settings = settings
        self._connections = connections
        self._read_timeout = read_timeout
        self._wires: dict[tuple[str, str], Wire | None] = {}
        self._proxies: dict[tuple[str, str], str | None] = {}
        self._trusted: ssl.SSLContext | None = None
        self._http: aiohttp.ClientSession | None = None

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, limit: int, admit: Admit
    ) -> Answer:
        """url: encoded as it is sent; headers: `host` among them; limit: bytes of a success; admit: awaited with its size first.

        Raises AwsError, OSError, TimeoutError, aiohttp.ClientError, ObjectTooLargeError, and what admit raises.
        """
        wire = self.short_way(url)
        if wire is not None:
            path = url.partition("://")[2].partition("/")[2]
            answer = await wire.ask(_request(method, f"/{path}", headers, body), limit, admit)
            if answer is not None:
                return answer
        return await self._by_aiohttp(method, url, headers, body, limit, admit)

    def short_way(self, url: str) -> Wire | None:
        """The connections to the host of a URL; None where a proxy is between."""
        scheme, _, rest = url.partition("://")
        place = scheme, rest.partition("/")[0]
        if place not in self._proxies:
            self._proxies[place] = proxy_for(self._settings, url)
        return self._wire(place) if self._proxies[place] is None else None

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        for wire in self._wires.values():
            if wire is not None:
                wire.close()
        self._wires.clear()
        if self._http is not None:
            await self._http.close()
            self._http = None

    def _wire(self, place: tuple[str, str]) -> Wire:
        wire = self._wires.get(place)
        if wire is None:
            parts = urlsplit(f"{place[0]}://{place[1]}")
            wire = self._wires[place] = Wire(
                parts.hostname or "",
                parts.port or _PORTS[parts.scheme],
                self._tls() if parts.scheme == "https" else None,
                self._settings.connect_timeout.total_seconds(),
                self._read_timeout,
                self._connections,
            )
        return wire

    def _tls(self) -> ssl.SSLContext:
        if self._trusted is None:
            bundle = self._settings.ca_bundle
            self._trusted = ssl.create_default_context(cafile=str(bundle) if bundle is not None else None)
        return self._trusted

    async def _by_aiohttp(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes, limit: int, admit: Admit
    ) -> Answer:
        place = urlsplit(url)[:2]
        begun = self._settings.connect_timeout.total_seconds() + 2 * self._read_timeout
        async with (
            asyncio.timeout(begun) as patience,
            self._session().request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body or None,
                proxy=self._proxies[place[0], place[1]],
                allow_redirects=False,
            ) as answer,
        ):
            named = {name.lower(): value for name, value in answer.headers.items()}
            if answer.status != 200:
                return Answer(answer.status, named, await _beginning(answer))
            patience.reschedule(None)  # room is waited for as long as it takes
            size = await _admitted(answer, limit, admit)
            ends = asyncio.get_running_loop().time() + self._read_timeout + size / LEAST_RATE
            patience.reschedule(ends)
            return Answer(
                200, named, await answer.read()
            )  # raises where fewer bytes come than were announced

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=self._tls()),
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    sock_connect=self._settings.connect_timeout.total_seconds(),
                    sock_read=self._read_timeout,
                ),
                auto_decompress=False,  # a log file is the bytes that lie there, whatever header they were put with
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": AGENT},
                skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type"),
            )
        return self._http


def proxy_for(settings: AwsSettings, url: str) -> str | None:
    """Of the settings, or of the environment (HTTPS_PROXY and the like).

    To be asked once for a host: aiohttp's trust_env looks for it, and for a netrc, at every request.
    """
    if settings.proxy_url is not None:
        return settings.proxy_url
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)


def _request(method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"User-Agent: {AGENT}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return f"{head_of(lines)}\r\n".encode("latin-1") + body


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """Of an error's body, which may come in pieces."""
    body = b""
    while len(body) < BEGINNING and (piece := await answer.content.read(BEGINNING - len(body))):
        body += piece
    return body


async def _admitted(answer: aiohttp.ClientResponse, limit: int, admit: Admit) -> int:
    """The bytes of its body, once there is room for them."""
    announced = answer.content_length
    if announced is None:
        # S3 always announces it; what does not say how much it is cannot be told from what was cut off.
        raise AwsError(
            AwsFailure(Fault.NETWORK, "no Content-Length", "an answer that does not tell its length")
        )
    if announced > limit:
        raise ObjectTooLargeError(announced)
    await admit(announced)
    return announced
