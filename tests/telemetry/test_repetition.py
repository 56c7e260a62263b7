"""Repeated lines are held back, and every one of them is told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trailwarden.telemetry.repetition import INTERVAL, MAX_REMEMBERED, PER_EVENT, Repetition, Suppressed


def test_an_equal_line_passes_once_an_interval() -> None:
    repetition = Repetition()
    assert [repetition.admits("failed", "same", now) for now in (0.0, 1.0, 2.0)] == [True, False, False]
    assert repetition.ended(INTERVAL - 1) == []
    assert repetition.ended(INTERVAL) == [Suppressed("failed", 2)]
    assert repetition.ended(INTERVAL) == []
    assert repetition.admits("failed", "same", INTERVAL)


def test_lines_that_differ_pass_up_to_a_limit() -> None:
    repetition = Repetition()
    passed = sum(repetition.admits("quarantined", str(number), 0.0) for number in range(10_000))
    assert passed == PER_EVENT
    assert repetition.admits("other", "line", 0.0)
    assert repetition.ended(INTERVAL) == [Suppressed("quarantined", 10_000 - PER_EVENT)]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.floats(0, 20)), max_size=60))
def test_passed_and_told_are_all_there_were(lines: list[tuple[str, str, float]]) -> None:
    repetition = Repetition()
    now, passed, told = 0.0, 0, 0
    for event, line, pause in lines:
        now += pause
        told += sum(one.count for one in repetition.ended(now))
        passed += repetition.admits(event, line, now)
    told += sum(one.count for one in repetition.ended(now, every=True))
    assert passed + told == len(lines)


def test_what_is_remembered_is_bounded() -> None:
    repetition = Repetition()
    for number in range(3 * MAX_REMEMBERED):
        repetition.ended(0.0)
        repetition.admits(f"event {number}", "line", 0.0)
        assert len(repetition._windows) <= MAX_REMEMBERED + 2
