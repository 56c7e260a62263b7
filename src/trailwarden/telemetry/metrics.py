"""Who raises which metric: one method for each thing that happens.

Keeps: a registry of its own, no global state; the numbers of events come from one account (see `accounts`). All
methods are thread-safe and do no I/O.

Next: `definitions` for the table that this is built from.
"""

from __future__ import annotations

import time
from collections import Counter as Counts
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder

from trailwarden import __version__
from trailwarden.errors import Reason
from trailwarden.telemetry import reported
from trailwarden.telemetry.accounts import ACCOUNT, EventAccount, EventCounts
from trailwarden.telemetry.definitions import (
    COVERAGE,
    METRICS,
    NO_REASON,
    SOURCE_STATES,
    Definition,
    Known,
)
from trailwarden.telemetry.grouped import observe_all

_RANKS: Final = {"verified": 0, "unknown": 1, "gap": 2}


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a sink has before it, as last reported. oldest: when the oldest pending alert was made."""

    pending: int = 0
    dead: int = 0
    oldest: datetime | None = None


class _Snapshot(CollectorRegistry):
    """What was collected at one moment, for an encoder. `_created` samples are left out: a counter starts with the process."""

    def __init__(self, families: list[Metric]) -> None:
        super().__init__()
        self._families = families

    def collect(self) -> Iterator[Metric]:
        for family in self._families:
            family.samples = [one for one in family.samples if not one.name.endswith("_created")]
            yield family


class Metrics:
    """All metrics of one service."""

    def __init__(self, known: Known | None = None, *, version: str = __version__, revision: str = "") -> None:
        """known: what the configuration names. Labels not named there are counted all the same, from their first use on."""
        known = known if known is not None else Known()
        self._registry = CollectorRegistry()
        self._process = ProcessCollector(registry=None)
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        for definition in METRICS:
            if definition.name not in ACCOUNT:
                self._build(definition, known)
        self._events = EventAccount(known.sources)
        self._registry.register(self._events)
        self._backlogs_lock = Lock()
        self._backlogs = dict.fromkeys(known.sinks, Backlog())
        self._gauges["build_info"].labels(version, revision).set(1)
        self._conditions: frozenset[tuple[str, str, str]] = frozenset()
        self.coverage("unknown")

    def _build(self, definition: Definition, known: Known) -> None:
        name, text, labels = definition.full_name, definition.help, definition.labels
        metric: Counter | Gauge | Histogram
        if definition.kind == "counter":
            metric = self._counters[definition.name] = Counter(name, text, labels, registry=self._registry)
        elif definition.kind == "gauge":
            metric = self._gauges[definition.name] = Gauge(name, text, labels, registry=self._registry)
        else:
            metric = self._histograms[definition.name] = Histogram(
                name, text, labels, registry=self._registry, buckets=definition.buckets
            )
        for values in definition.series(known):
            metric.labels(*values)

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
        self._counters["content_bytes_total"].labels(source).inc(size)
        for outcome, count in outcomes.items():
            self._counters["batches_total"].labels(source, outcome).inc(count)
        for rule, count in rules.items():
            self._counters["rule_matches_total"].labels(rule).inc(count)
        for reason, count in reasons.items():
            self._counters["rejected_total"].labels(reason).inc(count)
        for label, count in labels.items():
            self._counters["not_events_total"].labels(source, label).inc(count)

    def nacked(self, source: str) -> None:
        """A batch that was given back, to come again."""
        self._counters["batches_total"].labels(source, "nacked").inc()

    def committed(self, commit: reported.Commit, committed: reported.Committed) -> None:
        """A transaction that went through."""
        sizes = Counts[str]()
        for received in commit.received:
            sizes[received.source] += received.size
        for source, size in sizes.items():
            self._counters["received_bytes_total"].labels(source).inc(size)
        made = [routed.alert for routed in commit.alerts]
        alerts = Counts((alert.rule_id, alert.severity) for alert in made)
        delays = [
            max(0.0, (alert.created_at - alert.event_time).total_seconds())
            for alert in made
            if alert.event_time is not None
        ]
        observe_all(self._histograms["event_delay_seconds"], delays)
        for of, count in alerts.items():
            self._counters["alerts_total"].labels(*of).inc(count)
        conflicting = len(committed.conflicting)
        self._counters["alert_duplicates_total"].labels("conflicting").inc(conflicting)
        self._counters["alert_duplicates_total"].labels("known").inc(committed.known - conflicting)

    def feed_delays(self, stage: str, seconds: Sequence[float]) -> None:
        """stage: of FEED_STAGES. A file may be named by the minute that ends after it came."""
        histogram = self._histograms["feed_delay_seconds"].labels(stage)
        observe_all(histogram, [max(0.0, one) for one in seconds])

    @contextmanager
    def commit_timer(self) -> Iterator[None]:
        """Around one transaction of the store: its time, and whether it failed."""
        started = time.perf_counter()
        outcome = "failed"
        try:
            yield
            outcome = "committed"
        finally:
            self._histograms["commit_seconds"].observe(time.perf_counter() - started)
            self._counters["commits_total"].labels(outcome).inc()

    @contextmanager
    def decode_timer(self) -> Iterator[None]:
        """Around the decompression, search and parsing of one batch, or of small ones together; in the worker thread."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._histograms["decode_seconds"].observe(time.perf_counter() - started)

    @contextmanager
    def in_flight(self, source: str, batches: int, size: int) -> Iterator[None]:
        """Around the work on some batches. size: their announced bytes."""
        gauges = (
            (self._gauges["in_flight_batches"].labels(source), batches),
            (self._gauges["in_flight_bytes"].labels(source), size),
        )
        for gauge, amount in gauges:
            gauge.inc(amount)
        try:
            yield
        finally:
            for gauge, amount in gauges:
                gauge.dec(amount)

    # --- delivery -------------------------------------------------------------------------------------------------

    def attempts(self, sink: str, verdict: str, reason: Reason | None, count: int = 1) -> None:
        """Attempts to deliver an alert, and what became of them."""
        self._counters["sink_attempts_total"].labels(sink, verdict, reason or NO_REASON).inc(count)

    def delivered(self, sink: str, latencies: Sequence[float]) -> None:
        """Alerts that a sink took. latencies: seconds since each was made."""
        observe_all(self._histograms["delivery_latency_seconds"].labels(sink), latencies)

    # --- states ---------------------------------------------------------------------------------------------------

    def backlog(self, sink: str, pending: int, dead: int, oldest: datetime | None) -> None:
        """What a sink has before it. oldest: when the oldest pending alert was made."""
        with self._backlogs_lock:
            self._backlogs[sink] = Backlog(pending, dead, oldest)
        self._gauges["outbox_alerts"].labels(sink, "pending").set(pending)
        self._gauges["outbox_alerts"].labels(sink, "dead").set(dead)
        self._gauges["outbox_oldest_timestamp_seconds"].labels(sink).set(oldest.timestamp() if oldest else 0)

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
            self._gauges["source_last_success_timestamp_seconds"].labels(name).set(last_success.timestamp())
        if behind is not None:
            self._gauges["source_behind_seconds"].labels(name).set(behind.total_seconds())
        if missed is not None:
            self._gauges["source_missed_messages"].labels(name).set(missed)

    def held(self, source: str, batches: int) -> None:
        """How many batches of a source wait for the delivery of their alerts."""
        self._gauges["held_batches"].labels(source).set(batches)

    def coverage(self, verdict: str) -> None:
        """The verdict on the coverage: one of COVERAGE."""
        self._set_one_of("coverage_status", (), COVERAGE, verdict)

    def conditions(self, states: Mapping[tuple[str, str, str], str]) -> None:
        """(condition, account, region) -> one of COVERAGE. Those of the last time that are not in it are taken out."""
        gauge = self._gauges["coverage_condition"]
        for gone in self._conditions - states.keys():
            gauge.remove(*gone)
        for labels, state in states.items():
            gauge.labels(*labels).set(_RANKS[state])
        self._conditions = frozenset(states)

    def arrivals(self, latest: Mapping[tuple[str, str], datetime]) -> None:
        """(account, region) -> when the last file of it was dealt with."""
        for labels, at in latest.items():
            self._gauges["last_file_timestamp_seconds"].labels(*labels).set(at.timestamp())

    def heartbeat(self, at: datetime) -> None:
        """The main loop ticked."""
        self._gauges["heartbeat_timestamp_seconds"].set(at.timestamp())

    def _set_one_of(self, name: str, labels: tuple[str, ...], states: tuple[str, ...], state: str) -> None:
        if state not in states:
            raise ValueError(f"{name}: {state!r} is none of {', '.join(states)}")
        for one in states:
            self._gauges[name].labels(*labels, one).set(one == state)

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
        encode, content_type = choose_encoder(accept)
        families = [*self._registry.collect(), *self._process.collect()]
        return encode(_Snapshot(families)), content_type
