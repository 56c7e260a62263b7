"""A verdict grows old, and says so."""

from __future__ import annotations

from trailwarden.health import StatusBoard
from trailwarden.health.model import Coverage


def test_a_verdict_that_nobody_renews_becomes_unknown() -> None:
    now = 0.0
    board = StatusBoard(monotonic=lambda: now)
    board.set_coverage(Coverage("verified", "17 Regions", board.now(), max_age=900))
    now = 900.0
    assert (board.coverage().verdict, board.coverage().age) == ("verified", 900)
    now = 901.0
    assert board.coverage().verdict == "unknown"
    assert "last: verified: 17 Regions" in board.coverage().reason


def test_a_verdict_from_before_a_restart_is_as_old_as_it_is() -> None:
    board = StatusBoard(monotonic=lambda: 5.0)
    board.set_coverage(Coverage("gap", "stopped", board.now(), max_age=900), age=100)
    assert (board.coverage().verdict, board.coverage().age) == ("gap", 100)
    board.set_coverage(Coverage("gap", "stopped", board.now(), max_age=900), age=1000)
    assert board.coverage().verdict == "unknown"
