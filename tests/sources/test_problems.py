from __future__ import annotations

from structlog.testing import capture_logs

from trailwarden.sources.problems import SHOWN, Problems


def test_a_problem_is_there_until_it_is_cleared() -> None:
    problems = Problems("spool")
    problems.note("a", "a: denied")
    problems.note("b", "b: denied")
    problems.clear("a")
    problems.clear("never there")
    assert problems.lines() == ["b: denied"]


def test_a_problem_is_logged_when_it_appears_and_when_it_changes() -> None:
    problems = Problems("spool")
    with capture_logs() as logs:
        for line in ("denied", "denied", "gone", "gone"):
            problems.note("a", line)
    assert [entry["problem"] for entry in logs] == ["denied", "gone"]
    assert problems.lines() == ["gone"]


def test_the_lines_are_bounded_and_say_how_many_more_there_are() -> None:
    problems = Problems("spool")
    for number in range(SHOWN + 5):
        problems.note(str(number), f"problem {number}")
    assert problems.lines() == [*(f"problem {number}" for number in range(SHOWN)), "and 5 more"]


def test_what_is_kept_is_bounded_too() -> None:
    problems = Problems("spool")
    with capture_logs() as logs:
        for number in range(5000):
            problems.note(str(number), "denied")
    assert len(logs) == 1000
    assert problems.lines()[-1] == f"and at least {1000 - SHOWN} more"
    for number in range(5000):
        problems.clear(str(number))
    assert problems.lines() == []
