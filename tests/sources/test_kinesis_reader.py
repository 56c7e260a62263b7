"""The reading of one shard, with a stream and a source that do as they are told."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, cast

from trailwarden.model import Origin, SystemClock
from trailwarden.sources.budget import Budget
from trailwarden.sources.kinesis_position import Position
from trailwarden.sources.kinesis_reader import ShardReader
from trailwarden.sources.kinesis_run import KinesisRun
from trailwarden.sources.kinesis_settings import KinesisSettings
from trailwarden.sources.kinesis_stream import Answer, IteratorExpiredError, NumberRefusedError, Record

RECORDS = [Record(number, b"x", None, "key") for number in ("1", "2")]


class Stream:
    """Has two records. Its first iterator expires after them, and where they end is then refused."""

    def __init__(self) -> None:
        self.asked = 0

    async def iterator(self, _shard: str, position: Position) -> str:
        if position.is_number:
            raise NumberRefusedError("no such number")
        return "iterator"

    async def records(self, _iterator: str) -> Answer:
        self.asked += 1
        if self.asked == 2:
            raise IteratorExpiredError("five minutes")
        end = None if self.asked == 3 else "next"
        return Answer(RECORDS, end, timedelta(0), 2)


class Source:
    """Notes what it is told."""

    retention = None

    def __init__(self) -> None:
        self.runs: list[KinesisRun] = []
        self.positions: list[Position] = []

    def hand_on(self, _reader: ShardReader, run: KinesisRun) -> None:
        self.runs.append(run)

    def holding(self, _shard: str) -> object:
        return self

    def reached(self, _shard: str, position: Position) -> None:
        self.positions.append(position)

    def dealt_with(self, _run: KinesisRun) -> None: ...

    def recovered(self, _shard: str) -> None: ...

    def lost(self, _shard: str, _line: str) -> None: ...


async def test_records_that_are_handed_out_again_while_they_are_open_hold_up_nothing() -> None:
    settings = KinesisSettings.model_validate(
        {"kind": "kinesis", "name": "logs", "stream": "s", "poll_interval": "200ms"}
    )
    source, budget, place = Source(), Budget(10**9), Origin("logs", "kinesis", "s/0", {})
    reader = ShardReader(
        place,
        "0",
        Position("TRIM_HORIZON"),
        settings,
        cast(Any, Stream()),
        budget,
        SystemClock(),
        cast(Any, source),
    )
    async with asyncio.timeout(30):
        await reader.run()
    assert [run.key for run in source.runs] == ["s/0@1", "s/0@1"]
    for run in reversed(source.runs):
        assert not source.positions[-1].ended
        await run.ack()
    assert source.positions[-1].ended
    assert budget.taken == 0
