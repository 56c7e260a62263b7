"""What every sink keeps. A new sink is a row in SINKS."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from tests.receiver import SECRET, hang, receiving
from tests.sinks.alerts import alert
from trailwarden.model import SystemClock
from trailwarden.sinks import Sink, StdoutSettings, StdoutSink, Verdict, WebhookSettings
from trailwarden.sinks.webhook import WebhookSink


@dataclass
class Bench:
    """A sink, open; what its other side has got; and a way to make the other side stop taking."""

    sink: Sink
    got: Callable[[], list[bytes]]
    stall: Callable[[], None]


@contextlib.asynccontextmanager
async def webhook() -> AsyncIterator[Bench]:
    async with receiving() as receiver:
        settings = WebhookSettings.model_validate(
            {"kind": "webhook", "name": "w", "url": receiver.url, "secret": SECRET, "timeout": "300ms"}
        )
        sink = WebhookSink(settings, SystemClock())

        def stall() -> None:
            receiver.always = hang

        yield Bench(sink, lambda: list(receiver.bodies), stall)


@contextlib.asynccontextmanager
async def stdout() -> AsyncIterator[Bench]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    os.set_blocking(writing, False)
    open_ends = {reading, writing}

    def stall() -> None:
        os.close(reading)
        open_ends.discard(reading)

    def got() -> list[bytes]:
        with contextlib.suppress(BlockingIOError):
            return os.read(reading, 1 << 20).splitlines()
        return []

    try:
        yield Bench(StdoutSink(StdoutSettings(kind="stdout", name="s"), writing), got, stall)
    finally:
        for end in open_ends:
            os.close(end)


SINKS = {"webhook": webhook, "stdout": stdout}


@pytest.fixture(params=SINKS)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with SINKS[request.param]() as ready:
        await ready.sink.open()
        yield ready
        await ready.sink.close()


async def test_the_document_arrives_unchanged(bench: Bench) -> None:
    assert (await bench.sink.send(alert(), 1)).verdict is Verdict.DELIVERED
    (body,) = bench.got()
    assert alert().document in body


async def test_concurrent_sends_do_not_mix(bench: Bench) -> None:
    alerts = [alert(number) for number in range(20)]
    outcomes = await asyncio.gather(*(bench.sink.send(one, 1) for one in alerts))
    assert {outcome.verdict for outcome in outcomes} == {Verdict.DELIVERED}
    bodies = bench.got()
    assert len(bodies) == 20
    for one in alerts:
        assert sum(one.document in body for body in bodies) == 1


async def test_what_the_other_side_does_is_an_outcome_and_no_exception(bench: Bench) -> None:
    bench.stall()
    outcome = await bench.sink.send(alert(), 1)
    assert outcome.verdict is Verdict.RETRY
    assert outcome.reason is not None
    assert outcome.detail
    assert "\n" not in outcome.detail


async def test_open_and_close_may_be_repeated(bench: Bench) -> None:
    await bench.sink.open()
    await bench.sink.close()
    await bench.sink.close()
    await bench.sink.open()
    assert (await bench.sink.send(alert(), 1)).verdict is Verdict.DELIVERED


async def test_name_and_kind_are_told(bench: Bench) -> None:
    assert bench.sink.name
    assert bench.sink.kind in SINKS
