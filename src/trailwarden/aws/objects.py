"""Reading S3 objects: signed GETs over plain HTTP.

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
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote

from trailwarden.aws.answer import Admit, Answer, ObjectTooLargeError
from trailwarden.aws.failures import AwsError, AwsFailure, Fault, classified_code, translated
from trailwarden.aws.plain import PlainHttp
from trailwarden.aws.quick import QuickGet
from trailwarden.aws.session import Aws
from trailwarden.aws.signature import Signers, parts_of

__all__ = ["Admit", "ObjectPlace", "ObjectReader", "ObjectTooLargeError"]

_CODE: Final = re.compile(rb"<Code>([A-Za-z0-9._-]{1,80})</Code>")
_MESSAGE: Final = re.compile(rb"<Message>([^<]{0,400})</Message>")
_REGION_HEADER: Final = "x-amz-bucket-region"
_REGION: Final = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")
_REDIRECTED: Final = frozenset({301, 307, 400, 403})
_SAFE: Final = re.compile(r"[A-Za-z0-9_.~/-]*")
"""Keys that are sent as they are."""


class ObjectPlace(NamedTuple):
    """Where an object is. region: the bucket's, where it is known."""

    bucket: str
    key: str
    version: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class _Base:
    """Of a bucket, as botocore has it. url: with a slash at its end, host and path of it; region: to sign for."""

    url: str
    host: str
    path: str
    region: str


class ObjectReader:
    """Reads the objects of any bucket as one identity. Made without I/O; to be closed.

    Two ways: `read`, awaited, knows what to do about every answer; `quickly` calls back, and leaves to `read` whatever is not
    plainly the object.
    """

    def __init__(self, aws: Aws, connections: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        """connections: at most so many at once."""
        self._aws = aws
        self._http = PlainHttp(aws.settings, connections, aws.settings.read_timeout.total_seconds())
        self._regions: dict[str, str] = {}
        self._bases: dict[tuple[str, str | None], _Base] = {}
        self._signers = Signers(aws, "s3", monotonic)

    async def prepare(self, bucket: str, region: str | None) -> None:
        """What the first read of a bucket begins with, which loads the client. region: that reads will name. Raises AwsError."""
        with translated():
            base = await self._base(bucket, region)
            await self._signers.of(base.region)

    def quickly(self, get: QuickGet) -> bool:
        """Begin; False where only the long way is open: before the first read of a bucket, and through a proxy."""
        base = self._known(get.at)
        wire = self._http.short_way(base.url) if base is not None else None
        if wire is None:
            return False
        wire.start(get)
        return True

    def request(self, at: ObjectPlace) -> bytes | None:
        """The signed GET of an object; None where something must be awaited first. Raises ValueError."""
        base = self._known(at)
        signer = self._signers.kept(base.region) if base is not None else None
        if base is None or signer is None:
            return None
        return signer.request(base.host, base.path + _sent(at.key), _query(at))

    async def read(self, at: ObjectPlace, limit: int, admit: Admit, refused: Answer | None = None) -> bytes:
        """The whole object. admit: awaited with the object's size before its body is read; it may wait for room. One try.

        refused: what S3 said to it by the short way, and then that was the try. Raises AwsError, ObjectTooLargeError, and what
        admit raises.
        """
        for _ in range(2):  # the second time in the Region that S3 named
            region = self._regions.get(at.bucket) or _region(at)
            try:
                with translated():
                    answer, refused = refused or await self._asked(at, region, limit, admit), None
                    body, elsewhere = await self._understood(at, region, answer)
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
        await self._http.close()

    async def _asked(self, at: ObjectPlace, region: str | None, limit: int, admit: Admit) -> Answer:
        base = await self._base(at.bucket, region)
        query = _query(at)
        url = base.url + _sent(at.key) + (f"?{query}" if query else "")
        headers = (await self._signers.of(base.region)).get(url)
        return await self._http.send("GET", url, headers, b"", limit, admit)

    async def _understood(
        self, at: ObjectPlace, region: str | None, answer: Answer
    ) -> tuple[bytes, str | None]:
        """The object, or the Region in which it is."""
        if answer.status == 200:
            return answer.body, None
        elsewhere = answer.headers.get(_REGION_HEADER, "")
        base = await self._base(at.bucket, region)
        if answer.status in _REDIRECTED and elsewhere != base.region and _REGION.fullmatch(elsewhere):
            return b"", elsewhere
        raise AwsError(_refused(answer.status, answer.body))

    def _known(self, at: ObjectPlace) -> _Base | None:
        """Of its bucket, where no client need be asked for it."""
        region = self._regions.get(at.bucket) if self._regions else None
        return self._bases.get((at.bucket, region or _region(at)))

    async def _base(self, bucket: str, region: str | None) -> _Base:
        found = self._bases.get((bucket, region))
        if found is None:
            client = await self._aws.client("s3", region, signature_version="s3v4")
            # An endpoint is made of many settings; a signed URL shows what became of them.
            signed = await client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "k"})
            url = str(signed).partition("?")[0].removesuffix("k")
            found = _Base(url, *parts_of(url)[:2], str(client.meta.region_name))
            self._bases[bucket, region] = found
        return found

    async def _forget(self, fault: AwsError) -> None:
        """After bad credentials: look for others before the next try."""
        if fault.failure.credentials:
            self._signers.forget()
            await self._aws.renew()


def _region(at: ObjectPlace) -> str | None:
    """As announced, where it is one: other stores that speak S3 announce names of their own."""
    return at.region if at.region is not None and _is_region(at.region) else None


@lru_cache(maxsize=256)
def _is_region(name: str) -> bool:
    return _REGION.fullmatch(name) is not None


def _sent(key: str) -> str:
    return key if _SAFE.fullmatch(key) else quote(key, safe="/~")


def _query(at: ObjectPlace) -> str:
    return f"versionId={quote(at.version, safe='')}" if at.version is not None else ""


def _refused(status: int, body: bytes) -> AwsFailure:
    code, message = _CODE.search(body), _MESSAGE.search(body)
    said = message[1].decode("utf-8", "replace") if message is not None else ""
    failure = classified_code(code[1].decode("ascii") if code is not None else str(status), status, said)
    if code is None and failure.fault is Fault.OTHER:
        return AwsFailure(Fault.NETWORK, failure.code, f"an answer with status {status} that is not S3's")
    return failure
