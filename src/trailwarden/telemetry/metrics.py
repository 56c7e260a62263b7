"""Who raises which metric: one method for each thing that happens.

Keeps: numbers of its own, no global state; those of events come from one account (see `accounts`). All methods are
thread-safe and do no I/O.

Next: `definitions` for the table that this is built from, `numbers` for how they are kept, `exposition` for how they are shown.
"""

from __future__ import annotations

import time
from collections import Counter as Counts
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

from trailwarden import __version__
from trailwarden.errors import Reason
from trailwarden.telemetry.accounts import ACCOUNT, EventAccount, EventCounts
from trailwarden.telemetry.definitions import (
    COVERAGE,
    METRICS,
    NO_REASON,
    SOURCE_STATES,
    Known,
)
from trailwarden.telemetry.numbers import Numbers

if TYPE_CHECKING:
    from trailwarden.telemetry import reported

_RANKS: Final = {"verified": 0, "unknown": 1, "gap": 2}


class Backlog(NamedTuple):
    """What a sink has before it, as last reported. oldest: when the oldest pending alert was made."""

    pending: int = 0
    dead: int = 0
    oldest: datetime | None = None


class Metrics:
    """All metrics of one service."""

    def __init__(self, known: Known | None = None, *, version: str = __version__, revision: str = "") -> None:
        """known: what the configuration names. Labels not named there are counted all the same, from their first use on."""
        known = known if known is not None else Known()
        self._numbers = Numbers((one for one in METRICS if one.name not in ACCOUNT), known)
        self._events = EventAccount(known.sources)
        self._backlogs_lock = Lock()
        self._backlogs = dict.fromkeys(known.sinks, Backlog())
        self._numbers.set("build_info", (version, revision), 1)
        self._conditions: frozenset[tuple[str, str, str]] = frozenset()
        self.coverage("unknown")

    # --- ingest ---------------------------------------------------------------------------------------------------

    def count_events(self, source: str, seen: int, matched: int, unmatched: int, quarantined: int) -> None:
        """Raise the four together. Raises ValueError where seen is not matched + unmatched + quarantined."""
        self._events.add(source, EventCounts(seen, matched, unmatched, quarantined))

    def inspected(self, source: str, *inspections: reported.Inspection) -> None:
        """Batches whose outcome is committed and that are now acked."""
        outcomes, rules = Counts[str](), Counts[str]()
        reasons, labels = Counts[Reason](), Counts[str]()
        seen = matched = rejected = size = 0
        for one in inspections:
            seen += one.seen
            matched += len(one.matches)
            rejected += len(one.rejected)
            size += one.content_size
            outcomes["quarantined" if one.whole else "acked"] += 1
            for match in one.matches:
                rules.update(rule.id for rule in match.rules)
            for part in one.rejected:
                reasons[part.reason] += 1
            if one.labels:
                labels.update(one.labels)
        unmatched = sum(one.unmatched for one in inspections)
        self.count_events(source, seen, matched, unmatched, rejected)
        self._numbers.count("content_bytes_total", (source,), size)
        for outcome, count in outcomes.items():
            self._numbers.count("batches_total", (source, outcome), count)
        for rule, count in rules.items():
            self._numbers.count("rule_matches_total", (rule,), count)
        for reason, count in reasons.items():
            self._numbers.count("rejected_total", (reason,), count)
        for label, count in labels.items():
            self._numbers.count("not_events_total", (source, label), count)

    def nacked(self, source: str) -> None:
        """A batch that was given back, to come again."""
        self._numbers.count("batches_total", (source, "nacked"))

    def committed(self, commit: reported.Commit, committed: reported.Committed) -> None:
        """A transaction that went through."""
        sizes = Counts[str]()
        for received in commit.received:
            sizes[received.source] += received.size
        for source, size in sizes.items():
            self._numbers.count("received_bytes_total", (source,), size)
        made = [routed.alert for routed in commit.alerts]
        alerts = Counts((alert.rule_id, alert.severity) for alert in made)
        delays = [
            max(0.0, (alert.created_at - alert.event_time).total_seconds())
            for alert in made
            if alert.event_time is not None
        ]
        self._numbers.observe("event_delay_seconds", (), delays)
        for of, count in alerts.items():
            self._numbers.count("alerts_total", of, count)
        conflicting = len(committed.conflicting)
        self._numbers.count("alert_duplicates_total", ("conflicting",), conflicting)
        self._numbers.count("alert_duplicates_total", ("known",), committed.known - conflicting)

    def feed_delays(self, stage: str, seconds: Sequence[float]) -> None:
        """stage: of FEED_STAGES. A file may be named by the minute that ends after it came."""
        self._numbers.observe("feed_delay_seconds", (stage,), [max(0.0, one) for one in seconds])

    @contextmanager
    def commit_timer(self) -> Iterator[None]:
        """Around one transaction of the store: its time, and whether it failed."""
        started = time.perf_counter()
        outcome = "failed"
        try:
            yield
            outcome = "committed"
        finally:
            self._numbers.observe("commit_seconds", (), (time.perf_counter() - started,))
            self._numbers.count("commits_total", (outcome,))

    @contextmanager
    def decode_timer(self) -> Iterator[None]:
        """Around the decompression, search and parsing of one batch, or of small ones together; in the worker thread."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._numbers.observe("decode_seconds", (), (time.perf_counter() - started,))

    @contextmanager
    def in_flight(self, source: str, batches: int, size: int) -> Iterator[None]:
        """Around the work on some batches. size: their announced bytes."""
        self._numbers.shift("in_flight_batches", (source,), batches)
        self._numbers.shift("in_flight_bytes", (source,), size)
        try:
            yield
        finally:
            self._numbers.shift("in_flight_batches", (source,), -batches)
            self._numbers.shift("in_flight_bytes", (source,), -size)

    # --- delivery -------------------------------------------------------------------------------------------------

    def attempts(self, sink: str, verdict: str, reason: Reason | None, count: int = 1) -> None:
        """Attempts to deliver an alert, and what became of them."""
        self._numbers.count("sink_attempts_total", (sink, verdict, reason or NO_REASON), count)

    def delivered(self, sink: str, latencies: Sequence[float]) -> None:
        """Alerts that a sink took. latencies: seconds since each was made."""
        self._numbers.observe("delivery_latency_seconds", (sink,), latencies)

    # --- states ---------------------------------------------------------------------------------------------------

    def backlog(self, sink: str, pending: int, dead: int, oldest: datetime | None) -> None:
        """What a sink has before it. oldest: when the oldest pending alert was made."""
        with self._backlogs_lock:
            self._backlogs[sink] = Backlog(pending, dead, oldest)
        self._numbers.set("outbox_alerts", (sink, "pending"), pending)
        self._numbers.set("outbox_alerts", (sink, "dead"), dead)
        self._numbers.set("outbox_oldest_timestamp_seconds", (sink,), oldest.timestamp() if oldest else 0)

    def source(
        self,
        name: str,
        state: str,
        last_success: datetime | None,
        behind: timedelta | None = None,
        missed: int | None = None,
    ) -> None:
        """How a source is doing. state: one of SOURCE_STATES; last_success: None before the first; the rest: of a stream."""
        self._set_one_of("source_state", (name,), SOURCE_STATES, state)
        if last_success is not None:
            self._numbers.set("source_last_success_timestamp_seconds", (name,), last_success.timestamp())
        if behind is not None:
            self._numbers.set("source_behind_seconds", (name,), behind.total_seconds())
        if missed is not None:
            self._numbers.set("source_missed_messages", (name,), missed)

    def held(self, source: str, batches: int) -> None:
        """How many batches of a source wait for the delivery of their alerts."""
        self._numbers.set("held_batches", (source,), batches)

    def coverage(self, verdict: str) -> None:
        """The verdict on the coverage: one of COVERAGE."""
        self._set_one_of("coverage_status", (), COVERAGE, verdict)

    def conditions(self, states: Mapping[tuple[str, str, str], str]) -> None:
        """(condition, account, region) -> one of COVERAGE. Those of the last time that are not in it are taken out."""
        for gone in self._conditions - states.keys():
            self._numbers.remove("coverage_condition", gone)
        for labels, state in states.items():
            self._numbers.set("coverage_condition", labels, _RANKS[state])
        self._conditions = frozenset(states)

    def arrivals(self, latest: Mapping[tuple[str, str], datetime]) -> None:
        """(account, region) -> when the last file of it was dealt with."""
        for labels, at in latest.items():
            self._numbers.set("last_file_timestamp_seconds", labels, at.timestamp())

    def heartbeat(self, at: datetime) -> None:
        """The main loop ticked."""
        self._numbers.set("heartbeat_timestamp_seconds", (), at.timestamp())

    def _set_one_of(self, name: str, labels: tuple[str, ...], states: tuple[str, ...], state: str) -> None:
        if state not in states:
            raise ValueError(f"{name}: {state!r} is none of {', '.join(states)}")
        for one in states:
            self._numbers.set(name, (*labels, one), one == state)

    # --- reading --------------------------------------------------------------------------------------------------

    def events(self) -> Mapping[str, EventCounts]:
        """The account of events by source, at one moment."""
        return self._events.snapshot()

    def backlogs(self) -> Mapping[str, Backlog]:
        """What each sink has before it, as last reported."""
        with self._backlogs_lock:
            return dict(self._backlogs)

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The exposition and its content type: OpenMetrics where the Accept header asks for it, else text 0.0.4."""
        from trailwarden.telemetry.exposition import exposition  # noqa: PLC0415 - loads the library that writes it

        return exposition(self._numbers.snapshot(), self._events.snapshot(), accept)
