from __future__ import annotations

from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.sources.spools import TurnedClock
from trailwarden.sources.files_batch import Answer, Result, Version
from trailwarden.sources.files_ledger import MAX_BACKOFF, STALLED, Ledger

PATHS = ("/spool/a", "/spool/b", "/spool/sub/a")
LONG = timedelta(minutes=10)


def version(clock: TurnedClock, size: int) -> Version:
    return Version(size, int(clock.now().timestamp()) * 1_000_000_000)


class AnyHistory(RuleBasedStateMachine):
    """Files change, are looked at, are answered for, in any order: none is lost, none is out twice."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = TurnedClock()
        self.ledger = Ledger(timedelta(seconds=2), timedelta(seconds=1))
        self.there: dict[str, Version] = {}
        self.out: dict[str, Version] = {}
        self.done: dict[str, Version] = {}

    @rule(path=st.sampled_from(PATHS), size=st.integers(0, 3))
    def write(self, path: str, size: int) -> None:
        self.there[path] = version(self.clock, size)

    @rule(seconds=st.integers(0, 90))
    def wait(self, seconds: int) -> None:
        self.clock.turn(timedelta(seconds=seconds))

    @rule()
    def clock_is_set_back(self) -> None:
        self.clock.turn(timedelta(seconds=-30))

    @rule()
    def look(self) -> None:
        for path, present in self.there.items():
            if self.ledger.is_wanted(path, present, self.clock.now()):
                assert path not in self.out
                assert self.done.get(path) != present
                self.out[path] = present

    @precondition(lambda self: self.out)
    @rule(data=st.data(), result=st.sampled_from(Result))
    def answer(self, data: st.DataObject, result: Result) -> None:
        path = data.draw(st.sampled_from(sorted(self.out)))
        was = self.out.pop(path)
        self.ledger.take(Answer(path, was, result, ""), self.clock.now())
        if result is Result.DONE:
            self.done[path] = was

    @rule(path=st.sampled_from(PATHS))
    def delete(self, path: str) -> None:
        self.there.pop(path, None)
        self.done.pop(path, None)
        self.ledger.forget(path)

    @invariant()
    def in_flight_is_what_is_out(self) -> None:
        assert self.ledger.in_flight == len(self.out)

    def teardown(self) -> None:
        for path, was in self.out.items():
            self.ledger.take(Answer(path, was, Result.FAILED, ""), self.clock.now())
        self.out.clear()
        self.clock.turn(LONG)
        self.look()
        assert set(self.out) == {
            path for path, present in self.there.items() if self.done.get(path) != present
        }


AnyHistory.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestAnyHistory = AnyHistory.TestCase


def failed(path: str) -> Answer:
    return Answer(path, Version(1, 0), Result.FAILED, "denied")


def test_the_pause_before_the_next_try_doubles_up_to_a_limit() -> None:
    clock, ledger = TurnedClock(), Ledger(timedelta(0), timedelta(seconds=1))
    pauses = []
    for _ in range(9):
        assert ledger.is_wanted("/spool/a", Version(1, 0), clock.now())
        ledger.take(failed("/spool/a"), clock.now())
        due = ledger.next_try()
        assert due is not None
        assert not ledger.is_wanted("/spool/a", Version(1, 0), due - timedelta(milliseconds=1))
        pauses.append((due - clock.now()).total_seconds())
        clock.time = due
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert MAX_BACKOFF.total_seconds() == 60


def test_with_a_limit_of_tries_it_is_given_up() -> None:
    clock, ledger = TurnedClock(), Ledger(timedelta(0), timedelta(seconds=1), max_tries=2)
    for _ in range(2):
        assert ledger.is_wanted("/spool/a", Version(1, 0), clock.now())
        ledger.take(failed("/spool/a"), clock.now())
        clock.turn(LONG)
    assert not ledger.is_wanted("/spool/a", Version(1, 0), clock.now())
    assert ledger.next_try() is None


def test_a_file_older_than_any_clock_may_be_off_is_read_at_once_a_fresh_one_when_it_rested() -> None:
    clock, ledger = TurnedClock(), Ledger(timedelta(seconds=2), timedelta(seconds=1))
    old = version(clock, 1)
    clock.turn(timedelta(minutes=2))
    assert ledger.is_wanted("/spool/old", old, clock.now())
    fresh = version(clock, 1)
    assert not ledger.is_wanted("/spool/fresh", fresh, clock.now())
    clock.turn(timedelta(seconds=1))
    assert not ledger.is_wanted("/spool/fresh", fresh, clock.now())
    clock.turn(timedelta(seconds=1))
    assert ledger.is_wanted("/spool/fresh", fresh, clock.now())


def test_a_clock_that_is_set_back_does_not_keep_a_file_back() -> None:
    clock, ledger = TurnedClock(), Ledger(timedelta(seconds=2), timedelta(seconds=1))
    fresh = version(clock, 1)
    assert not ledger.is_wanted("/spool/a", fresh, clock.now())
    clock.turn(-LONG)
    assert not ledger.is_wanted("/spool/a", fresh, clock.now())
    clock.turn(timedelta(seconds=2))
    assert ledger.is_wanted("/spool/a", fresh, clock.now())


def test_a_time_stamp_from_the_future_or_beyond_all_time_does_not_keep_a_file_back() -> None:
    clock, ledger = TurnedClock(), Ledger(timedelta(seconds=2), timedelta(seconds=1))
    odd = {
        "/spool/soon": version(clock, 1)._replace(mtime_ns=2**62),
        "/spool/never": Version(1, 2**63 * 10**6),
    }
    assert not any(ledger.is_wanted(path, stamp, clock.now()) for path, stamp in odd.items())
    clock.turn(timedelta(seconds=2))
    assert all(ledger.is_wanted(path, stamp, clock.now()) for path, stamp in odd.items())
    assert ledger.is_wanted("/spool/before", Version(1, -(2**63) * 10**6), clock.now())


def test_a_file_that_never_rests_is_pointed_out() -> None:
    clock, ledger = TurnedClock(), Ledger(timedelta(seconds=2), timedelta(seconds=1))
    for size in range(400):
        assert not ledger.is_wanted("/spool/busy", version(clock, size), clock.now())
        assert list(ledger.stalled(clock.now())) == (
            ["/spool/busy"] if size >= STALLED.total_seconds() else []
        )
        clock.turn(timedelta(seconds=1))


def test_checkpoints_are_remembered_also_those_of_odd_names() -> None:
    clock, ledger = TurnedClock(), Ledger(timedelta(0), timedelta(seconds=1))
    ledger.remember({"/spool/a": "1:0", r"/spool/x\x0ay": "1:0", "/spool/grown": "1:0"})
    assert not ledger.is_wanted("/spool/a", Version(1, 0), clock.now())
    assert not ledger.is_wanted("/spool/x\ny", Version(1, 0), clock.now())
    assert ledger.is_wanted("/spool/grown", Version(2, 0), clock.now())


def test_what_is_gone_is_forgotten() -> None:
    ledger = Ledger(timedelta(0), timedelta(seconds=1))
    ledger.remember({"/spool/a": "1:0", "/spool/b": "1:0", "/spool/old/c": "1:0"})
    ledger.keep_only("/spool", ["b"])
    ledger.forget_outside({"/spool"})
    assert list(ledger.names_done("/spool")) == ["b"]
    assert list(ledger.names_done("/spool/old")) == []
