"""Calls of a service that speaks JSON, straight: a client made for every service spends a millisecond on a call, this a seventh.

Keeps: only a success is taken from here. Whatever else comes of a call, the client makes it once more, so that its retries and
what it makes of a refusal hold as everywhere; hence only calls that may be made twice belong here.

Rules: AWS JSON 1.0 protocol (Smithy documentation); endpoint, Region and credentials are those of the client.

Next: `trailwarden.sources.sqs_queue`, which receives, deletes and hides with it.
"""

from __future__ import annotations

from typing import Any, Final

import aiohttp
import orjson
from botocore import xform_name

from trailwarden.aws.answer import ObjectTooLargeError, no_wait
from trailwarden.aws.failures import AwsError
from trailwarden.aws.plain import PlainHttp
from trailwarden.aws.session import Aws
from trailwarden.aws.signature import Signers

_CONNECTIONS: Final = 64
_ANSWER_BYTES: Final = 32 * 1024 * 1024
_JSON: Final = "application/x-amz-json-1.0"


class DirectCalls:
    """Calls of one service in one Region, as one identity. Made without I/O; to be closed."""

    def __init__(self, aws: Aws, service: str, prefix: str, region: str | None, read_timeout: float) -> None:
        """prefix: of X-Amz-Target, `AmazonSQS`; region: None for the one that the client finds; read_timeout: seconds."""
        self._aws = aws
        self._service = service
        self._prefix = prefix
        self._region = region
        self._read_timeout = read_timeout
        self._signers = Signers(aws, service)
        self._place: tuple[str, str] | None = None
        self._http = PlainHttp(aws.settings, _CONNECTIONS, read_timeout)

    async def call(self, operation: str, **members: Any) -> dict[str, Any]:
        """The answer as the client gives it. operation: `ReceiveMessage`. Raises what the client raises."""
        answer = await self._straight(self._place or await self._find(), operation, members)
        if answer is None:
            self._signers.forget()
            self._place = None
            client = await self._client()
            answer = await getattr(client, xform_name(operation))(**members)
        return answer

    async def close(self) -> None:
        """Close the connections. Idempotent."""
        await self._http.close()

    async def _client(self) -> Any:
        return await self._aws.client(self._service, self._region, read_timeout=self._read_timeout)

    async def _find(self) -> tuple[str, str]:
        """URL and Region, as the client has them."""
        meta = (await self._client()).meta
        self._place = f"{meta.endpoint_url}/", str(meta.region_name)
        return self._place

    async def _straight(
        self, place: tuple[str, str], operation: str, members: dict[str, Any]
    ) -> dict[str, Any] | None:
        """None unless it was a success."""
        url, region = place
        body = orjson.dumps(members)
        signer = self._signers.kept(region) or await self._signers.of(region)
        headers = {"content-type": _JSON, "x-amz-target": f"{self._prefix}.{operation}"}
        try:
            wire = self._http.short_way(url)
            if wire is not None:
                answer = await wire.ask(signer.call(url, body, operation, headers), _ANSWER_BYTES, no_wait)
            else:
                signed = signer.post(url, body, headers)
                answer = await self._http.send("POST", url, signed, body, _ANSWER_BYTES, no_wait)
            found = orjson.loads(answer.body) if answer is not None and answer.status == 200 else None
        except (AwsError, ObjectTooLargeError, aiohttp.ClientError, OSError, orjson.JSONDecodeError):
            return None
        return found if isinstance(found, dict) else None
