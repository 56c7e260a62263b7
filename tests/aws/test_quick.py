"""GETs that nobody waits for: the object, or the long way with what was said."""

from __future__ import annotations

import asyncio

import pytest
from botocore.credentials import Credentials

from tests.aws.s3_server import Handler, raw, refusal, reset, whole
from tests.aws.test_objects import HOME, KEY_ID, SECRET, Rig, rig
from trailwarden.aws import AwsError, ObjectPlace
from trailwarden.aws.answer import Answer
from trailwarden.aws.quick import QuickGet

__all__ = ["rig"]

AT = ObjectPlace("trail", "a b/k+\u00fc", region=HOME)


class Get(QuickGet):
    """come: what came of it; room: whether there is some."""

    def __init__(self, of: Rig, at: ObjectPlace = AT, room: bool = True) -> None:
        super().__init__(of.reader, at, 1000)
        self.come: list[bytes | Answer | None] = []
        self.over = asyncio.Event()
        self.asked_room = asyncio.Event()
        self.room = room

    def admit(self, size: int) -> bool:
        assert size <= self.limit
        self.asked_room.set()
        return self.room

    def got(self, body: bytes) -> None:
        self.come.append(body)
        self.over.set()

    def not_got(self, answer: Answer | None) -> None:
        self.come.append(answer)
        self.over.set()

    async def done(self) -> bytes | Answer | None:
        async with asyncio.timeout(10):
            await self.over.wait()
        (come,) = self.come
        return come


async def begun(of: Rig, *answers: Handler, at: ObjectPlace = AT, room: bool = True) -> Get:
    await of.reader.prepare("trail", HOME)
    of.server.answers = list(answers)
    get = Get(of, at, room)
    assert of.reader.quickly(get)
    return get


@pytest.mark.parametrize("version", [None, "v/1="])
async def test_it_is_the_object_and_the_request_is_signed(rig: Rig, version: str | None) -> None:
    get = await begun(rig, whole(b"content"), at=AT._replace(version=version))
    assert await get.done() == b"content"
    (asked,) = rig.server.asked
    assert asked.target.startswith("/trail/a%20b/k%2B%C3%BC")
    assert ("versionId=v%2F1%3D" in asked.target) is (version is not None)
    assert rig.server.signature_is_right(asked, HOME, Credentials(KEY_ID, SECRET))


async def test_before_anything_is_known_of_a_bucket_the_long_way_is_the_only_one(rig: Rig) -> None:
    assert not rig.reader.quickly(Get(rig))
    await rig.read(AT.key, region=HOME)
    get = Get(rig)
    assert rig.reader.quickly(get)
    assert await get.done() == b"content"


async def test_through_a_proxy_the_long_way_is_the_only_one(rig: Rig) -> None:
    rig.aws.settings = rig.aws.settings.model_copy(update={"proxy_url": "http://127.0.0.1:9"})
    rig.reader._http._settings = rig.aws.settings
    await rig.reader.prepare("trail", HOME)
    assert not rig.reader.quickly(Get(rig))


async def test_credentials_that_must_be_looked_at_take_the_long_way_once(rig: Rig) -> None:
    get = await begun(rig, whole(b"content"))
    await get.done()
    rig.now = 31.0
    get = Get(rig)
    assert rig.reader.quickly(get)
    assert await get.done() is None
    assert len(rig.server.asked) == 1
    await rig.read(AT.key, region=HOME)
    get = Get(rig)
    assert rig.reader.quickly(get)
    assert await get.done() == b"content"


async def test_a_refusal_is_understood_by_the_long_way_without_another_request(rig: Rig) -> None:
    get = await begun(rig, refusal(404, "NoSuchKey"))
    answer = await get.done()
    assert isinstance(answer, Answer)
    with pytest.raises(AwsError, match="NoSuchKey"):
        await rig.reader.read(AT, 1000, rig.admit, answer)
    assert len(rig.server.asked) == 1


async def test_a_refusal_of_the_credentials_has_others_looked_for(rig: Rig) -> None:
    answer = await (await begun(rig, refusal(400, "ExpiredToken"))).done()
    assert isinstance(answer, Answer)
    with pytest.raises(AwsError):
        await rig.reader.read(AT, 1000, rig.admit, answer)
    assert rig.renewed == 1
    assert rig.reader.request(AT) is None


async def test_the_region_that_a_refusal_names_is_followed(rig: Rig) -> None:
    get = await begun(
        rig, refusal(301, "PermanentRedirect", x_amz_bucket_region="us-east-2"), whole(b"there")
    )
    answer = await get.done()
    assert isinstance(answer, Answer)
    assert await rig.reader.read(AT, 1000, rig.admit, answer) == b"there"
    again = Get(rig)
    assert rig.reader.quickly(again)
    assert await again.done() == b"there"
    regions = [one.headers["Authorization"].split("/")[2] for one in rig.server.asked]
    assert regions == [HOME, "us-east-2", "us-east-2"]


@pytest.mark.parametrize(
    "answer",
    [
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", b"only this"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nok\r\n0\r\n\r\n"),
        raw(b"not HTTP at all\r\n\r\n"),
        reset,
    ],
    ids=["too large", "truncated", "chunked", "not HTTP", "reset"],
)
async def test_what_is_not_plainly_the_object_is_nothing(rig: Rig, answer: Handler) -> None:
    assert await (await begun(rig, answer)).done() is None


async def test_a_body_waits_for_room(rig: Rig) -> None:
    get = await begun(rig, whole(b"content"), room=False)
    await get.asked_room.wait()
    assert get.come == []
    assert get.connection is not None
    get.connection.go_on()
    assert await get.done() == b"content"


async def test_a_request_that_cannot_be_written_is_the_long_ways_affair(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token\r\nX-Evil: 1")
    assert await (await begun(rig, whole(b"content"))).done() is None
    assert rig.server.asked == []
