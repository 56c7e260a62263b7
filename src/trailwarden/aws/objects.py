"""Reading S3 objects: signed GETs on a plain HTTP session.

A client made for many operations spends two milliseconds on a request; the objects of CloudTrail are small and many, so the
request is the cost. Credentials, Region, endpoint and proxy are botocore's all the same, and so is the
signature, byte by byte.

Keeps: bytes are returned whole or not at all, and never more than the limit; a key is sent exactly as it is (`a//b` and a
leading slash are keys, too).

Rules: Amazon S3 API reference, GetObject; "Signature calculations for the Authorization header".

Next: `trailwarden.sources.s3_objects`, which says what each failure means for the message.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

from trailwarden.aws.failures import AwsError, AwsFailure, Fault, classified_code, translated
from trailwarden.aws.session import Aws
from trailwarden.aws.signature import GetSigner
from trailwarden.errors import TrailwardenError

_SIGNER_SECONDS: Final = 30.0
"""Credentials are looked at so often; botocore renews them minutes before they expire."""
_ERROR_BYTES: Final = 8192
_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9._-]{1,80})</Code>")
_MESSAGE: Final = re.compile(rb"<Message>([^<]{0,400})</Message>")
_REGION_HEADER: Final = "x-amz-bucket-region"
_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_REDIRECTED: Final = frozenset({301, 307, 400, 403})


class ObjectTooLargeError(TrailwardenError):
    """An object has more bytes than the limit allows. size: as announced, in the answer."""

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes")
        self.size = size


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """Where an object is. region: the bucket's, where it is known."""

    bucket: str
    key: str
    version: str | None = None
    region: str | None = None


Admit = Callable[[int], Awaitable[None]]
"""Takes a number of bytes and returns when there is room for them."""


@dataclass(frozen=True, slots=True)
class _Base:
    """Of a bucket, as botocore has it. url: with a slash at its end; region: to sign for."""

    url: str
    region: str
    proxy: str | None


@dataclass(frozen=True, slots=True)
class _Signer:
    get: GetSigner
    until: float


class ObjectReader:
    """Reads the objects of any bucket as one identity. Made without I/O; to be closed."""

    def __init__(self, aws: Aws, connections: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """connections: at most so many at once."""
        self._aws = aws
        self._connections = connections
        self._monotonic = monotonic
        self._http: aiohttp.ClientSession | None = None
        self._regions: dict[str, str] = {}
        self._bases: dict[tuple[str, str | None], _Base] = {}
        self._signers: dict[str, _Signer] = {}

    async def read(self, at: ObjectPlace, limit: int, admit: Admit) -> bytes:
        """The whole object. admit: awaited with the object's size before its body is read; it may wait for room. One try.

        Raises AwsError, ObjectTooLargeError, and what admit raises.
        """
        for _ in range(2):  # the second time in the Region that S3 named
            region = self._regions.get(at.bucket) or _region(at)
            try:
                with translated():
                    body, elsewhere = await self._try(at, region, limit, admit)
            except AwsError as fault:
                await self._forget(fault)
                raise
            if elsewhere is None:
                return body
            self._regions[at.bucket] = elsewhere
        raise AwsError(
            classified_code("PermanentRedirect", 301, f"bucket {at.bucket} is in no Region that it names")
        )

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        if self._http is not None:
            await self._http.close()
            self._http = None

    async def _try(
        self, at: ObjectPlace, region: str | None, limit: int, admit: Admit
    ) -> tuple[bytes, str | None]:
        base = await self._base(at.bucket, region)
        url = base.url + quote(at.key, safe="/~")
        if at.version is not None:
            url += f"?versionId={quote(at.version, safe='')}"
        headers = await self._signed(url, base.region)
        async with self._session().get(
            URL(url, encoded=True),
            headers=headers,
            proxy=base.proxy,
            allow_redirects=False,
        ) as answer:
            if answer.status == 200:
                return await _whole(answer, limit, admit), None
            elsewhere = answer.headers.get(_REGION_HEADER, "")
            if answer.status in _REDIRECTED and elsewhere != base.region and _REGION.fullmatch(elsewhere):
                return b"", elsewhere
            raise AwsError(_refused(answer.status, await _beginning(answer)))

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            settings = self._aws.settings
            trusted = ssl.create_default_context(
                cafile=str(settings.ca_bundle) if settings.ca_bundle is not None else None
            )
            self._http = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=trusted),
                timeout=aiohttp.ClientTimeout(
                    total=None,
                    sock_connect=settings.connect_timeout.total_seconds(),
                    sock_read=settings.read_timeout.total_seconds(),
                ),
                auto_decompress=False,  # a log file is the bytes that lie there, whatever header they were put with
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._http

    async def _base(self, bucket: str, region: str | None) -> _Base:
        found = self._bases.get((bucket, region))
        if found is None:
            client = await self._aws.client("s3", region, signature_version="s3v4")
            # An endpoint is made of many settings; a signed URL shows what became of them.
            signed = await client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
            url = str(signed).partition("?")[0].removesuffix("k")
            proxy = self._aws.settings.proxy_url or _proxy_of_the_environment(url)
            found = _Base(url, str(client.meta.region_name), proxy)
            self._bases[bucket, region] = found
        return found

    async def _signed(self, url: str, region: str) -> Mapping[str, str]:
        signer = self._signers.get(region)
        if signer is None or self._monotonic() >= signer.until:
            made = GetSigner(await self._aws.credentials(), region)
            signer = _Signer(made, self._monotonic() + _SIGNER_SECONDS)
            self._signers[region] = signer
        return signer.get.headers(url)

    async def _forget(self, fault: AwsError) -> None:
        """After bad credentials: look for others before the next try."""
        if fault.failure.credentials:
            self._signers.clear()
            await self._aws.renew()


def _region(at: ObjectPlace) -> str | None:
    """As announced, where it is one: other stores that speak S3 announce names of their own."""
    return at.region if at.region is not None and _REGION.fullmatch(at.region) else None


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """Of an error's body, which may come in pieces."""
    body = b""
    while len(body) < _ERROR_BYTES and (piece := await answer.content.read(_ERROR_BYTES - len(body))):
        body += piece
    return body


async def _whole(answer: aiohttp.ClientResponse, limit: int, admit: Admit) -> bytes:
    announced = answer.content_length
    if announced is None:
        # S3 always announces it; what does not say how much it is cannot be told from what was cut off.
        raise AwsError(
            AwsFailure(Fault.NETWORK, "no Content-Length", "an answer that does not tell its length")
        )
    if announced > limit:
        raise ObjectTooLargeError(announced)
    await admit(announced)
    return await answer.read()  # raises where fewer bytes come than were announced


def _refused(status: int, body: bytes) -> AwsFailure:
    code, message = _CODE.search(body), _MESSAGE.search(body)
    said = message[1].decode("utf-8", "replace") if message is not None else ""
    failure = classified_code(code[1].decode("ascii") if code is not None else str(status), status, said)
    if code is None and failure.fault is Fault.OTHER:
        return AwsFailure(Fault.NETWORK, failure.code, f"an answer with status {status} that is not S3's")
    return failure


def _proxy_of_the_environment(url: str) -> str | None:
    """HTTPS_PROXY and the like, found once: aiohttp's trust_env looks for it, and for a netrc, at every request."""
    parts = urlsplit(url)
    if proxy_bypass(parts.hostname or ""):
        return None
    return getproxies().get(parts.scheme)
