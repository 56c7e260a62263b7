"""Jobs done by threads, results in order."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from trailwarden.cli.in_order import in_order


def scanning() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("scan-")]


def test_results_come_in_the_order_of_the_jobs_whoever_is_first() -> None:
    second_done = threading.Event()

    def act(job: int) -> int:
        if job == 0:
            assert second_done.wait(30)
        if job == 1:
            second_done.set()
        return job * job

    assert list(in_order(range(500), act, 2)) == [job * job for job in range(500)]
    assert not scanning()


def test_what_a_job_raises_comes_in_its_place_and_the_rest_is_let_go() -> None:
    def act(job: int) -> int:
        if job == 2:
            raise ValueError("two")
        return job

    results = in_order(range(100), act, 3)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ValueError, match="two"):
        next(results)
    assert not scanning()


def test_jobs_are_not_taken_far_ahead_and_none_are_done_for_nobody() -> None:
    taken: list[int] = []
    done: list[int] = []

    def jobs() -> Iterator[int]:
        for job in range(10_000):
            taken.append(job)
            yield job

    results = in_order(jobs(), done.append, 2)
    next(results)
    assert len(taken) < 50
    results.close()  # type: ignore[attr-defined]  # a generator
    assert len(done) <= len(taken)
    assert not scanning()


def test_what_the_jobs_themselves_raise_comes_through() -> None:
    def jobs() -> Iterator[int]:
        yield 1
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        list(in_order(jobs(), str, 2))
    assert not scanning()
