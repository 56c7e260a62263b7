"""What is announced of a verdict that changes, lasts or flaps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.coverage.conditions import State
from trailwarden.coverage.damping import Announced, Change, damped

START = datetime(2026, 11, 24, tzinfo=UTC)
HOLD = timedelta(minutes=5)
WORDS = {"v": State.VERIFIED, "u": State.UNKNOWN, "g": State.GAP}

Told = list[tuple[int, State | None, State]]


def told(seen: list[tuple[int, State]]) -> Told:
    """(minute, state) as seen -> (minute, before, after) as announced."""
    last, changes = Announced(), []
    for minute, state in seen:
        last, change = damped(last, state, START + timedelta(minutes=minute), HOLD)
        if change is not None:
            changes.append((minute, change.before, change.after))
    return changes


# A letter a minute, and what is announced: minute, before, after.
CASES = [
    ("vvvvvvvvvv", []),
    ("vvg", ["2vg"]),
    ("g", ["0-g"]),
    ("vvgggg", ["2vg"]),
    ("vgvvvvvvv", ["1vg", "7gv"]),
    ("vgvvvv", ["1vg"]),
    ("vgvgvgvgvgvgvg", ["1vg"]),
    ("vuvuvuvuvuvu", []),
    ("vuuuuuu", ["6vu"]),
    ("uuuuuu", ["5-u"]),
    ("uuv", []),
    ("uug", ["2-g"]),
    ("vuuug", ["4vg"]),
    ("guuuuuu", ["0-g", "6gu"]),
    ("guuuvvvvvv", ["0-g", "9gv"]),
    ("gvvvvvvg", ["0-g", "6gv", "7vg"]),
]


@pytest.mark.parametrize(("seen", "announced"), CASES, ids=[case[0] for case in CASES])
def test_a_course(seen: str, announced: list[str]) -> None:
    expected = [(int(one[0]), WORDS.get(one[1]), WORDS[one[2]]) for one in announced]
    assert told([(minute, WORDS[letter]) for minute, letter in enumerate(seen)]) == expected


def test_a_clock_that_is_set_back_does_not_hold_a_recovery_up() -> None:
    last = Announced(State.GAP, State.VERIFIED, START + timedelta(days=1))
    last, change = damped(last, State.VERIFIED, START, HOLD)
    assert change is None
    assert damped(last, State.VERIFIED, START + HOLD, HOLD)[1] == Change(State.GAP, State.VERIFIED)


COURSES = st.lists(st.tuples(st.integers(1, 4), st.sampled_from(State)), max_size=40).map(
    lambda steps: [(sum(gap for gap, _ in steps[: n + 1]), state) for n, (_, state) in enumerate(steps)]
)


@given(COURSES)
def test_announcements_follow_on_each_other_and_a_gap_is_never_held_back(
    seen: list[tuple[int, State]],
) -> None:
    changes = told(seen)
    for (_, _, after), (_, before, _) in pairwise(changes):
        assert before in (after, State.VERIFIED), "what was announced is what is left (or it began well)"
    gaps = [minute for minute, _, after in changes if after is State.GAP]
    assert all(later - earlier >= 5 for earlier, later in pairwise(gaps))
    for minute, state in seen:
        if state is State.GAP:
            announced = [after for at, _, after in changes if at <= minute]
            assert announced[-1] is State.GAP


@given(COURSES, st.sampled_from(State))
def test_what_lasts_is_what_was_announced_last(seen: list[tuple[int, State]], at_last: State) -> None:
    begin = seen[-1][0] if seen else 0
    changes = told(seen + [(begin + minute, at_last) for minute in range(1, 8)])
    final = changes[-1][2] if changes else State.VERIFIED
    assert final is at_last
