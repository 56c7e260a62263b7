"""Jobs done by a few threads, their results in the order of the jobs.

Keeps: a bounded number of jobs is under way or done and not fetched; what a job raises is raised where its result would have
come; no thread is left behind. concurrent.futures does the same, but takes longer to import than thirty large files to scan.

Next: `trailwarden.cli.scan_files`, which uses it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")
_AHEAD = 8
"""Jobs for each thread that may be handed over before the result of the first of them is fetched."""


def in_order(jobs: Iterable[Job], act: Callable[[Job], Result], threads: int) -> Iterator[Result]:
    """The results of `act` for each job."""
    tasks: SimpleQueue[_Task[Job, Result] | None] = SimpleQueue()
    team = [
        threading.Thread(target=_work, args=(tasks,), name=f"scan-{n}", daemon=True) for n in range(threads)
    ]
    for member in team:
        member.start()
    waiting: deque[_Task[Job, Result]] = deque()
    try:
        for job in jobs:
            task = _Task(job, act)
            waiting.append(task)
            tasks.put(task)
            if len(waiting) > threads * _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for task in waiting:
            task.wanted = False
        for _ in team:
            tasks.put(None)
        for member in team:
            member.join()


def _work(tasks: SimpleQueue[_Task[Job, Result] | None]) -> None:
    while (task := tasks.get()) is not None:
        if task.wanted:
            task.do()


class _Task(Generic[Job, Result]):
    """A job that is done by one thread and fetched by another."""

    __slots__ = ("_act", "_done", "_fault", "_job", "_result", "wanted")

    def __init__(self, job: Job, act: Callable[[Job], Result]) -> None:
        self._job, self._act = job, act
        self._fault: BaseException | None = None
        self._done = threading.Lock()
        self._done.acquire()
        self.wanted = True

    def do(self) -> None:
        """Called once, by a thread of the team."""
        try:
            self._result = self._act(self._job)
        except BaseException as fault:  # noqa: BLE001 - raised again by `result`
            self._fault = fault
        self._done.release()

    def result(self) -> Result:
        """Waits for it. Raises what the job raised."""
        self._done.acquire()
        if self._fault is not None:
            raise self._fault
        return self._result
