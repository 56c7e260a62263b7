"""What tests of the Kinesis source share: a stream behind a proxy that can misbehave, and a reader that deals with everything."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from tests.aws.emulator import Emulator
from tests.aws.faulty import FaultyProxy
from tests.aws.streams import KinesisStreamAt
from trailwarden.model import Batch, Checkpoint, Clock, Run, SystemClock
from trailwarden.sources import Given
from trailwarden.sources.kinesis import KinesisSource
from trailwarden.sources.kinesis_settings import KinesisSettings


class World:
    """stream: at the emulator; proxy: in front of it; checkpoints: as the store has them; got: the data that was dealt with."""

    def __init__(self, stream: KinesisStreamAt, proxy: FaultyProxy) -> None:
        self.stream = stream
        self.proxy = proxy
        self.checkpoints: dict[str, str] = {}
        self.got: list[tuple[str, bytes]] = []
        self.changed = asyncio.Condition()
        self.broken: BaseException | None = None

    def source(self, clock: Clock | None = None, **more: Any) -> KinesisSource:
        """A new one, as after a start of the process."""
        settings = KinesisSettings.model_validate(self.stream.source(**more))
        aws = self.stream.emulator.settings(endpoint_url=self.proxy.url, read_timeout="2s")
        given = Given(clock or SystemClock(), dict(self.checkpoints), save=self._save, aws=aws)
        return KinesisSource(settings, given)

    async def _save(self, checkpoints: Sequence[Checkpoint]) -> None:
        self.checkpoints.update((one.key, one.value) for one in checkpoints)

    async def deal_with(self, source: KinesisSource) -> None:
        """Ack everything that comes, and note it with its shard."""
        while batches := await source.read(4):
            for batch in batches:
                await self.done(batch)

    async def done(self, batch: Batch) -> None:
        assert isinstance(batch, Run)
        async with self.changed:
            for index, payload in enumerate(batch.payloads()):
                assert isinstance(payload, bytes)
                self.got.append((str(batch.origin_of(index).details["shard"]), payload))
            await batch.ack()
            self.changed.notify_all()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Of what was dealt with."""
        async with asyncio.timeout(30):
            while not reached():
                if self.broken is not None:
                    raise self.broken
                async with self.changed:
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.2):
                            await self.changed.wait()

    def stopped(self, work: asyncio.Task[None]) -> None:
        """Whoever waits gets to know when the work broke off."""
        if not work.cancelled() and work.exception() is not None:
            self.broken = work.exception()

    def data(self) -> list[bytes]:
        return [data for _, data in self.got]


@asynccontextmanager
async def streaming(emulator: Emulator, shards: int = 1) -> AsyncIterator[World]:
    stream = KinesisStreamAt(emulator)
    await stream.make(shards)
    proxy = FaultyProxy(emulator.url, 0.0, 1)
    await proxy.start()
    try:
        yield World(stream, proxy)
    finally:
        await proxy.stop()
        await stream.close()


@asynccontextmanager
async def working(world: World, source: KinesisSource) -> AsyncIterator[KinesisSource]:
    """It reads, and everything is dealt with."""
    await source.open()
    work = asyncio.create_task(world.deal_with(source))
    work.add_done_callback(world.stopped)
    try:
        async with asyncio.timeout(60):
            yield source
    finally:
        await source.close()
        await work


async def comes_true(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - a status is a snapshot; no event tells of it
            await asyncio.sleep(0.01)
