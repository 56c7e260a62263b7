"""Signature Version 4 for the requests that are made most often: what botocore's signer makes of them, eight times as fast.

A signer for every request of every service costs 85 µs, a third of what a whole small GET costs; here the day's key is made once
and a request has one of two shapes. A property test holds the result against botocore's, byte by byte.

Keeps: whatever the key, the query, the body and the token are, the signature is botocore's.

Source: Amazon S3 API reference, "Signature calculations for the Authorization header: transferring payload in a single chunk".
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from botocore.credentials import ReadOnlyCredentials

from trailwarden.aws.session import Aws

_EMPTY: Final = hashlib.sha256(b"").hexdigest()
_ALGORITHM: Final = "AWS4-HMAC-SHA256"
_SIGNER_SECONDS: Final = 30.0
"""Credentials are looked at so often; botocore renews them minutes before they expire."""


def parts_of(url: str) -> tuple[str, str, str]:
    """Host with port, path and query of a URL that is encoded as it is sent, and has no fragment."""
    host, _, rest = url.partition("://")[2].partition("/")
    path, _, query = rest.partition("?")
    return host, f"/{path}", query


def _now() -> datetime:
    return datetime.now(UTC)


class Signer:
    """Signs requests of one identity to one service in one Region."""

    def __init__(
        self,
        credentials: ReadOnlyCredentials,
        region: str,
        service: str,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._credentials = credentials
        self._region = region
        self._service = service
        self._now = now
        self._day = ""
        self._key = b""

    def get(self, url: str) -> dict[str, str]:
        """Headers of a GET without a body, as S3 wants them. url: encoded as it is sent; a query has one parameter."""
        host, path, query = parts_of(url)
        return self._signed("GET", path, query, _EMPTY, host, {"x-amz-content-sha256": _EMPTY})

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> dict[str, str]:
        """Headers of a POST, those that are given among them, which are signed too. Their names are in small letters."""
        host, path, query = parts_of(url)
        return self._signed("POST", path, query, hashlib.sha256(body).hexdigest(), host, headers)

    def _signed(
        self, method: str, path: str, query: str, digest: str, host: str, headers: dict[str, str]
    ) -> dict[str, str]:
        moment = self._now().strftime("%Y%m%dT%H%M%SZ")
        signed = {**headers, "host": host, "x-amz-date": moment}
        if self._credentials.token:
            signed["x-amz-security-token"] = self._credentials.token
        ordered = sorted(signed)
        names = ";".join(ordered)
        lines = (f"{name}:{signed[name]}" for name in ordered)
        canonical = "\n".join((method, path, query, *lines, "", names, digest))
        scope = f"{moment[:8]}/{self._region}/{self._service}/aws4_request"
        hashed = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashed}"
        signature = hmac.new(self._of_day(moment[:8]), text.encode(), "sha256").hexdigest()
        signed["Authorization"] = (
            f"{_ALGORITHM} Credential={self._credentials.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return signed

    def _of_day(self, day: str) -> bytes:
        if day != self._day:
            key = f"AWS4{self._credentials.secret_key}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.new(key, part.encode(), "sha256").digest()
            self._day, self._key = day, key
        return self._key


class Signers:
    """One signer for each Region, with the identity's credentials of the last half minute."""

    def __init__(self, aws: Aws, service: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._aws = aws
        self._service = service
        self._monotonic = monotonic
        self._kept: dict[str, tuple[Signer, float]] = {}

    async def of(self, region: str) -> Signer:
        """Raises what botocore raises where no credentials are found."""
        kept = self._kept.get(region)
        if kept is None or self._monotonic() >= kept[1]:
            made = Signer(await self._aws.credentials(), region, self._service)
            kept = self._kept[region] = made, self._monotonic() + _SIGNER_SECONDS
        return kept[0]

    def forget(self) -> None:
        """Look at the credentials anew for the next one."""
        self._kept.clear()
