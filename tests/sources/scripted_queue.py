"""A queue that answers by a script, and answers to it with a clock that is turned by hand."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from trailwarden.sources.problems import Problems
from trailwarden.sources.sqs_answers import Answers
from trailwarden.sources.sqs_messages import Message, Messages
from trailwarden.sources.sqs_queue import Received, Refused

GONE = "ReceiptHandleIsInvalid"


class Queue:
    """Does as the script says, call by call; what is not in it succeeds. An Event is waited for before the answer."""

    def __init__(self) -> None:
        self.script: deque[object] = deque()
        self.deleted: list[list[str]] = []
        self.hidden: list[dict[str, int]] = []
        self.renewed = 0

    async def delete(self, receipts: Sequence[str]) -> list[Refused]:
        self.deleted.append(list(receipts))
        return await self._answer(receipts)

    async def hide(self, receipts: Sequence[str], seconds: Sequence[int]) -> list[Refused]:
        self.hidden.append(dict(zip(receipts, seconds, strict=True)))
        return await self._answer(receipts)

    async def renew(self) -> None:
        self.renewed += 1

    async def _answer(self, receipts: Sequence[str]) -> list[Refused]:
        step = self.script.popleft() if self.script else {}
        if isinstance(step, asyncio.Event):
            await step.wait()
            step = {}
        if isinstance(step, Exception):
            raise step
        assert isinstance(step, dict)
        return [Refused(one, step[one], step[one] == GONE) for one in receipts if one in step]


class Rig:
    """Answers with a clock that is turned by hand."""

    def __init__(self, visibility: int = 100) -> None:
        self.now = 0.0
        self.queue = Queue()
        self.messages = Messages(visibility)
        self.problems = Problems("trail")
        self.lost: list[Message] = []
        self.removed = 0
        self.answers = Answers(
            self.queue,  # type: ignore[arg-type]
            self.messages,
            self.queue,  # type: ignore[arg-type]
            lambda: self.now,
            self.lost.extend,
            self._removed,
            self.problems,
        )

    def _removed(self) -> None:
        self.removed += 1

    def received(self, count: int) -> list[Message]:
        first = len(self.messages)
        numbers = range(first, first + count)
        return [self.messages.add(Received(f"m{n}", f"r{n}", "", 1), self.now) for n in numbers]

    def all_deleted(self) -> set[str]:
        return {receipt for call in self.queue.deleted for receipt in call}
