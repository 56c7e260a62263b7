"""What is handed over to a sink that fails, that hangs, or that takes many at once."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.handing import world
from tests.pipeline.parts import ScriptedSink
from tests.pipeline.test_delivery import FAILED, states
from trailwarden.errors import StoreError
from trailwarden.pipeline.delivery import SinkState
from trailwarden.sinks import DELIVERED, Attempt, Outcome
from trailwarden.store import DeliveryState


async def test_a_sink_that_fails_is_handed_nothing_and_loses_nothing(tmp_path: Path) -> None:
    sink = ScriptedSink(script=deque([FAILED]))
    async with world(tmp_path, sink) as at:
        await at.put(1)
        await at.delivery.idle()
        assert at.delivery.status()["sink"].state is SinkState.FAILING
        await at.put(2)
        await at.delivery.idle()
        assert sum(at.claims) == 1
        assert sink.delivered == {"alert_2"}
        at.clock.advance(minutes=1)
        await at.put(3)
        await at.delivery.idle()
        assert sink.delivered == {"alert_1", "alert_2", "alert_3"}
        assert await at.attempts() == {"alert_1": 2, "alert_2": 1, "alert_3": 1}


async def test_a_sink_that_hangs_holds_up_neither_commits_nor_the_other_sink(tmp_path: Path) -> None:
    hangs, works = ScriptedSink("hangs", gate=asyncio.Event()), ScriptedSink("works")
    async with world(tmp_path, hangs, works, concurrency=2) as at:
        for start in range(0, 200, 20):
            await at.put(*range(start, start + 20), sinks=("hangs", "works"))
        await works.until(lambda: len(works.delivered) == 200)
        assert len(hangs.sent) == 2
        assert hangs.gate is not None
        hangs.gate.set()
        await at.delivery.idle()
        assert sorted(hangs.sent) == sorted(works.sent)


async def test_what_is_due_again_is_not_forgotten_when_the_store_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailwarden.pipeline.lane._STORE_PAUSE", 0.001)
    sink = ScriptedSink(script=deque([FAILED]))
    async with world(tmp_path, sink) as at:
        at.delivery._lanes["sink"].attempts.chance = lambda: 0.0  # due again at once
        claim, faults = at.store.claim, [StoreError("away")]

        async def sometimes(*arguments: Any) -> Any:
            if faults:
                raise faults.pop()
            return await claim(*arguments)

        at.store.claim = sometimes  # type: ignore[method-assign]
        await at.put(1)
        await at.delivery.idle()
        assert sink.sent == ["alert_1", "alert_1"]
        assert sink.delivered == {"alert_1"}


@dataclass
class ManySink(ScriptedSink):
    """Takes several at once."""

    calls: list[int] = field(default_factory=list)
    answers: int | None = None

    async def send_many(self, attempts: Sequence[Attempt]) -> Sequence[Outcome]:
        self.calls.append(len(attempts))
        outcomes = [await self.send(*one) for one in attempts]
        return outcomes[: self.answers]


async def test_several_go_in_one_call_and_each_has_its_outcome(tmp_path: Path) -> None:
    sink = ManySink(script=deque([DELIVERED, FAILED, DELIVERED]))
    async with world(tmp_path, sink, concurrency=4) as at:
        await at.put(*range(10))
        await at.delivery.idle()
        assert sink.calls == [4, 4, 2]
        pending = {name for name, state in await states(at.store) if state is DeliveryState.PENDING}
        assert pending == {"alert_1"}


@pytest.mark.parametrize("answers", [None, 1])
async def test_a_bug_of_such_a_sink_costs_no_alert(tmp_path: Path, answers: int | None) -> None:
    sink = ManySink(script=deque([] if answers else [KeyError("a bug")]), answers=answers)
    async with world(tmp_path, sink) as at:
        await at.put(1, 2)
        await at.delivery.idle()
        assert {state for _, state in await states(at.store)} == {DeliveryState.PENDING}
        sink.answers = None
        at.clock.advance(minutes=1)
        at.delivery.wake()
        await at.delivery.idle()
        assert {state for _, state in await states(at.store)} == {DeliveryState.DELIVERED}
