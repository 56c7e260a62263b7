"""The source as a whole, with a real queue (emulated, dead-letter queue too) and a store of objects that can refuse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from aiohttp import web

from tests.aws.buckets import Bucket
from tests.aws.emulator import ACCOUNT, REGION, Emulator
from tests.aws.s3_server import Handler, S3Server, refusal, whole
from trailwarden.errors import Reason, UnusableError
from trailwarden.model import Batch, SystemClock
from trailwarden.sources import Given, SourceState
from trailwarden.sources.s3_sqs import S3SqsSource
from trailwarden.sources.s3_sqs_settings import S3SqsSettings

GONE = refusal(404, "NoSuchKey")
DENIED = refusal(403, "AccessDenied", "not authorized to perform: s3:GetObject")
KMS = refusal(400, "KMS.DisabledException")
ARCHIVED = refusal(403, "InvalidObjectState")


class World:
    """objects: key -> what S3 does when it is asked for; got: what came of a key, its content or the reason; failing: keys that
    are nacked when they were read, as when they cannot be inspected."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self.store = S3Server([self._answer])
        self.objects: dict[str, Handler] = {}
        self.got: dict[str, bytes | Reason] = {}
        self.details: list[str] = []
        self.failing: set[str] = set()
        self.inventory: set[str] = set()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        key = unquote(request.raw_path).split("/", 2)[2]
        return await self.objects.get(key, whole(b"content"))(request)

    async def known(self, keys: Sequence[str]) -> Collection[str]:
        return self.inventory & set(keys)

    def source(self, **more: Any) -> S3SqsSource:
        quick = {"visibility": "2s", "wait": "1s", "put_back": "0s", "max_receives": 3}
        document = self.bucket.source(**(quick | more))
        endpoints = {"s3": self.store.url}
        aws = self.bucket.emulator.settings(endpoints=endpoints, s3_addressing="path", max_attempts=1)
        given = Given(SystemClock(), known=self.known, aws=aws)
        return S3SqsSource(S3SqsSettings.model_validate(document), given)

    async def deal_with(self, source: S3SqsSource) -> None:
        """Ack everything that comes, but what is to fail."""
        while batches := await source.read(10):
            for batch in batches:
                await self._one(batch)

    async def _one(self, batch: Batch) -> None:
        name = str(batch.origin.details.get("key", "message"))
        try:
            self.got[name] = batch.load()
        except UnusableError as unusable:
            self.got[name] = unusable.reason
            self.details.append(unusable.detail)
        else:
            if name in self.failing:
                await batch.nack("a bug")
                return
        self.inventory.add(batch.key)
        await batch.ack()

    async def until_empty(self, source: S3SqsSource) -> None:
        """Until nothing is in the queue, neither to be had nor hidden."""
        work = asyncio.create_task(self.deal_with(source))
        try:
            async with asyncio.timeout(60):
                while await self.bucket.left() != (0, 0):
                    assert not work.done() or work.result() is None
                    await asyncio.sleep(0.05)
        finally:
            await source.close()
            await work


@pytest.fixture
async def world(emulator: Emulator) -> AsyncIterator[World]:
    bucket = Bucket(emulator)
    await bucket.make()
    made = World(bucket)
    await made.store.start()
    yield made
    await made.store.stop()
    await bucket.close()


async def opened(world: World, **more: Any) -> S3SqsSource:
    source = world.source(**more)
    await source.open()
    return source


async def eventually(source: S3SqsSource, state: SourceState, detail: str) -> None:
    async with asyncio.timeout(30):
        while source.status().state is not state or detail not in str(source.status()):  # noqa: ASYNC110 - it is polled by health
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(GONE, Reason.MISSING), (ARCHIVED, Reason.ARCHIVED)],
    ids=["missing", "archived"],
)
async def test_without_a_dead_letter_queue_what_will_not_come_is_quarantined_and_the_rest_is_unharmed(
    world: World, answer: Handler, reason: Reason
) -> None:
    world.objects["bad"] = answer
    await world.bucket.announce("good", "bad")
    await world.bucket.announce("other")
    await world.until_empty(await opened(world))
    assert world.got == {"good": b"content", "bad": reason, "other": b"content"}
    assert "received 3 times" in world.details[0]


async def test_an_object_that_is_still_arriving_is_read_when_it_is_there(world: World) -> None:
    answers = [GONE, GONE]

    async def arriving(request: web.Request) -> web.StreamResponse:
        return await (answers.pop() if answers else whole(b"late"))(request)

    world.objects["late"] = arriving
    await world.bucket.announce("late")
    await world.until_empty(await opened(world))
    assert world.got == {"late": b"late"}


async def test_poison_is_quarantined_after_so_many_receives(world: World) -> None:
    world.failing.add("poison")
    await world.bucket.announce("poison", "beside it")
    await world.bucket.announce("good")
    await world.until_empty(await opened(world))
    assert world.got == {"poison": Reason.GIVEN_UP, "beside it": b"content", "good": b"content"}
    assert "a bug" in world.details[0]


@pytest.mark.parametrize("answer", [DENIED, KMS], ids=["denied", "kms"])
async def test_what_is_denied_stays_and_is_read_once_somebody_mended_it(
    world: World, answer: Handler
) -> None:
    world.objects["closed"] = answer
    await world.bucket.announce("closed")
    await world.bucket.announce("open")
    source = await opened(world)
    work = asyncio.create_task(world.deal_with(source))
    await eventually(source, SourceState.RUNNING, "closed")
    async with asyncio.timeout(30):
        while sum(one.target.endswith("/closed") for one in world.store.asked) < 5:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # more often than max_receives
    assert world.got == {"open": b"content"}
    world.objects.clear()
    await source.close()
    await work
    await world.until_empty(await opened(world))
    assert world.got == {"open": b"content", "closed": b"content"}


async def test_before_the_queue_moves_a_message_away_what_it_announces_is_in_the_quarantine(
    world: World,
) -> None:
    sqs = await world.bucket.aws.client("sqs")
    dead = (await sqs.create_queue(QueueName="dead"))["QueueUrl"]
    policy = {"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", "maxReceiveCount": "2"}
    await sqs.set_queue_attributes(
        QueueUrl=world.bucket.url, Attributes={"RedrivePolicy": orjson.dumps(policy).decode()}
    )
    world.objects["bad"] = GONE
    await world.bucket.announce("bad")
    await world.until_empty(await opened(world, max_receives=50))
    assert world.got == {"bad": Reason.MISSING}
    asked = await sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["ApproximateNumberOfMessages"])
    assert asked["Attributes"]["ApproximateNumberOfMessages"] == "0"


async def test_news_of_others_is_quarantined_before_it_is_deleted(world: World) -> None:
    await world.bucket.send({"Records": [], "what": "somebody else's"}, "no JSON at all")
    source = await opened(world)
    batches: list[Batch] = []
    async with asyncio.timeout(30):
        while len(batches) < 2:
            batches += await source.read(10)
    assert await world.bucket.left() == (0, 2)  # nothing is deleted before it was committed
    for batch in batches:
        with pytest.raises(UnusableError) as caught:
            batch.load()
        assert caught.value.reason is Reason.NOT_OURS
        await batch.ack()
    await world.until_empty(source)


async def test_news_that_comes_twice_costs_a_look_up_and_no_fetch(world: World) -> None:
    await world.bucket.announce("a", etag="1")
    await world.until_empty(await opened(world))
    await world.bucket.announce("a", etag="1")
    await world.bucket.announce("a", etag="2")
    source = await opened(world)
    await world.until_empty(source)
    assert source.status().passed_over["known"] == 1
    assert [one.target for one in world.store.asked] == ["/trail-bucket/a"] * 2


async def test_credentials_that_are_refused_are_a_status_and_recover(world: World) -> None:
    world.objects["a"] = refusal(400, "ExpiredToken", "The provided token has expired.")
    await world.bucket.announce("a")
    source = await opened(world, visibility="30s")
    work = asyncio.create_task(world.deal_with(source))
    await eventually(source, SourceState.RUNNING, "ExpiredToken")
    world.objects.clear()
    async with asyncio.timeout(60):
        while "a" not in world.got:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert not source.status().problems
    await source.close()
    await work


async def test_a_queue_that_is_not_there_is_a_status_and_may_come_yet(
    emulator: Emulator, world: World
) -> None:
    source = world.source(queue_url=world.bucket.url.replace("/news", "/later"))
    await source.open()
    work = asyncio.create_task(world.deal_with(source))
    await eventually(source, SourceState.FAILING, "NonExistentQueue")
    sqs = await world.bucket.aws.client("sqs")
    await sqs.create_queue(QueueName="later")
    await eventually(source, SourceState.RUNNING, "")
    await source.close()
    await work
