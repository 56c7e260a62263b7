"""`ack: delivered` over a queue: while the sink is away a message stays ours and stays there; then it goes."""

from __future__ import annotations

import asyncio
import gzip
import json
from pathlib import Path

import pytest

from tests.crash.feeds import S3Queue
from tests.crash.harness import CREDENTIALS
from tests.e2e.service import configured, running
from tests.receiver import answer, receiving


def file(name: str, *ids: str) -> bytes:
    events = [{"eventVersion": "1.08", "eventName": name, "eventID": one} for one in ids]
    return gzip.compress(json.dumps({"Records": events}).encode())


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


async def test_a_message_stays_hidden_until_its_alerts_are_delivered(tmp_path: Path) -> None:
    feed = S3Queue(tmp_path)
    await feed.start()
    try:
        async with receiving(always=answer(503)) as receiver:
            source = feed.source() | {"ack": "delivered", "visibility": "6s"}
            config = configured(tmp_path, receiver.url, sources=[source], **feed.more())
            async with running(config) as service:
                feed.put("loud", file("DeleteVpc", "e1"))
                feed.put("quiet", file("DescribeVpcs", "e2"))
                await service.until("/metrics", lambda _, body: 'held_batches{source="trail"} 1.0' in body)
                async with asyncio.timeout(60):
                    for _ in range(3):  # each at half of its time: without them it would have come again
                        await feed.renewals.acquire()
                assert list(feed.messages) == ["loud"]
                assert feed.receives["loud"] == 1
                receiver.always = None
                await service.until("/metrics", lambda _, body: 'held_batches{source="trail"} 0.0' in body)
                async with asyncio.timeout(10):
                    while feed.left():  # noqa: ASYNC110 - deletes are gathered
                        await asyncio.sleep(0.05)
                assert feed.receives["loud"] == 1
                assert await service.end() == 0
        assert len(set(receiver.ids)) == 1
    finally:
        await feed.stop()


async def test_a_stop_while_the_sink_is_away_gives_the_message_back(tmp_path: Path) -> None:
    feed = S3Queue(tmp_path)
    await feed.start()
    try:
        async with receiving(always=answer(503)) as receiver:
            source = feed.source() | {"ack": "delivered"}
            config = configured(tmp_path, receiver.url, sources=[source], **feed.more())
            async with running(config) as service:
                feed.put("loud", file("DeleteVpc", "e1"))
                await service.until("/metrics", lambda _, body: 'held_batches{source="trail"} 1.0' in body)
                assert await service.end() == 0
            for path in tmp_path.glob("state.db*"):
                path.unlink()
            assert list(feed.messages) == ["loud"]
            receiver.always = None
            async with running(config):
                before = set(receiver.ids)
                async with asyncio.timeout(30):
                    while feed.left():  # noqa: ASYNC110 - likewise
                        await asyncio.sleep(0.05)
            assert set(receiver.ids) == before != set()
    finally:
        await feed.stop()
