"""The table of all metrics: name, type, labels, help, and the series that exist from the start.

Keeps: one place says what is exported; `Metrics` is built from it and `docs/metrics.md` is tested against it. Counters
start at 0 for every label value that is known at start, so that `rate()` and `absent()` mean something. Names follow
Prometheus: one prefix, base units, `_total` on counters, times as Unix seconds.

Next: `metrics`, which raises them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from trailwarden.errors import Reason

PREFIX: Final = "trailwarden_"

OUTCOMES: Final = ("acked", "quarantined", "nacked")
DUPLICATES: Final = ("known", "conflicting")
COMMITS: Final = ("committed", "failed")
FEED_STAGES: Final = ("event_to_s3", "s3_to_here")
VERDICTS: Final = ("delivered", "retry", "refused", "hold")
OUTBOX_STATES: Final = ("pending", "dead")
SOURCE_STATES: Final = ("starting", "running", "failing", "finished")
COVERAGE: Final = ("unknown", "gap", "verified")
NO_REASON: Final = "none"
"""The label of an attempt that went well: an empty label value would be the same as none at all."""

SINK_REASONS: Final = (
    Reason.UNREACHABLE, Reason.TIMEOUT, Reason.RATE_LIMITED, Reason.REFUSED, Reason.UNAUTHORIZED, Reason.GONE,
    Reason.REDIRECTED, Reason.SERVER_ERROR, Reason.BAD_ANSWER, Reason.EXPIRED,
)  # fmt: skip

_SHORT: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_DELIVERY: Final = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 21600.0)
_EVENT_DELAY: Final = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 14400.0, 86400.0)


class Known(NamedTuple):
    """Label values that the configuration and the decoder give. rules: id -> severity; labels: of what is not an event."""

    sources: tuple[str, ...] = ()
    sinks: tuple[str, ...] = ()
    rules: Mapping[str, str] = MappingProxyType({})
    labels: tuple[str, ...] = ()


Series = Callable[[Known], Iterable[tuple[str, ...]]]
"""The label values, in the order of the labels, of the series that exist from the start."""


class Definition(NamedTuple):
    """One metric. name: without the prefix, with `_total` for counters; buckets: upper bounds, histograms only."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    labels: tuple[str, ...]
    help: str
    series: Series
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        """As it is exported."""
        return PREFIX + self.name


def _none(_known: Known) -> Iterable[tuple[str, ...]]:
    return ()


def _per_source(known: Known) -> Iterable[tuple[str, ...]]:
    return product(known.sources)


def _per_sink(known: Known) -> Iterable[tuple[str, ...]]:
    return product(known.sinks)


def _each(*values: Iterable[str]) -> Series:
    return lambda _known: product(*values)


def _source_and(*values: Iterable[str]) -> Series:
    return lambda known: product(known.sources, *values)


def _attempts(known: Known) -> Iterable[tuple[str, ...]]:
    failed = VERDICTS[1:]
    yield from product(known.sinks, VERDICTS[:1], (NO_REASON,))
    yield from product(known.sinks, failed, SINK_REASONS)


METRICS: Final[tuple[Definition, ...]] = (
    Definition("build_info", "gauge", ("version", "revision"), "Always 1; the labels tell what runs.", _none),
    Definition("heartbeat_timestamp_seconds", "gauge", (), "When the main loop last ticked.", _none),
    # --- events: these four come from one account, raised together -----------------------------------------------
    Definition("events_seen_total", "counter", ("source",), "Events that arrived.", _per_source),
    Definition("events_matched_total", "counter", ("source",), "Events that a rule selected.", _per_source),
    Definition("events_unmatched_total", "counter", ("source",), "Events that no rule selected.", _per_source),
    Definition("events_quarantined_total", "counter", ("source",),
               "Events that could not be decoded; each is kept in quarantine.", _per_source),
    Definition("rule_matches_total", "counter", ("rule",), "Events that a rule selected, by rule.",
               lambda known: product(known.rules)),
    Definition("rejected_total", "counter", ("reason",), "What went into quarantine, by reason.", _each(Reason)),
    Definition("not_events_total", "counter", ("source", "label"),
               "Recognised as something else than an event (S3 notification, digest, ...).",
               lambda known: product(known.sources, known.labels)),
    Definition("event_delay_seconds", "histogram", (),
               "From the time of a matched event to the making of its alert; replayed events are in it.",
               _none, _EVENT_DELAY),
    Definition("feed_delay_seconds", "histogram", ("stage",),
               "event_to_s3: from a matched event to the minute in its log file's name; s3_to_here: from that to us.",
               _each(FEED_STAGES), _EVENT_DELAY),
    # --- batches ----------------------------------------------------------------------------------------------------
    Definition("batches_total", "counter", ("source", "outcome"),
               "Batches, by what became of them; quarantined: acked, and not one event could be had from it.",
               _source_and(OUTCOMES)),
    Definition("received_bytes_total", "counter", ("source",), "Bytes of committed batches, as they came.",
               _per_source),
    Definition("content_bytes_total", "counter", ("source",), "Bytes of committed batches, decompressed.",
               _per_source),
    Definition("in_flight_batches", "gauge", ("source",), "Batches that are inspected or committed.",
               _per_source),
    Definition("in_flight_bytes", "gauge", ("source",), "Announced bytes of the batches in flight.", _per_source),
    Definition("decode_seconds", "histogram", (), "Time to decompress, search and parse a batch, or small ones together.",
               _none, _SHORT),
    Definition("commit_seconds", "histogram", (), "Time of one transaction of the store.", _none, _SHORT),
    Definition("commits_total", "counter", ("outcome",), "Transactions of the store; failed ones are repeated.",
               _each(COMMITS)),
    # --- sources ----------------------------------------------------------------------------------------------------
    Definition("source_state", "gauge", ("source", "state"), "1 for the state that the source is in, else 0.",
               _source_and(SOURCE_STATES)),
    Definition("source_last_success_timestamp_seconds", "gauge", ("source",),
               "Last poll that went through, also an empty one; no sample before the first.", _none),
    Definition("held_batches", "gauge", ("source",),
               "Committed batches that are acked once their alerts are delivered (`ack: delivered`).", _per_source),
    Definition("source_behind_seconds", "gauge", ("source",),
               "How far the reading is behind the newest of a stream, by the shard that is furthest behind.", _none),
    Definition("source_missed_messages", "gauge", ("source",),
               "Messages of a stream that were gone before they could be read, since the start.", _none),
    # --- alerts and sinks -------------------------------------------------------------------------------------------
    Definition("alerts_total", "counter", ("rule", "severity"),
               "Alerts made and committed; the duplicates, which the store had already, are in it.",
               lambda known: known.rules.items()),
    Definition("alert_duplicates_total", "counter", ("kind",),
               "Alerts that the store had already; conflicting: the same id with another content.",
               _each(DUPLICATES)),
    Definition("sink_attempts_total", "counter", ("sink", "verdict", "reason"),
               "Attempts to deliver an alert.", _attempts),
    Definition("delivery_latency_seconds", "histogram", ("sink",),
               "From the making of an alert to its delivery.", _per_sink, _DELIVERY),
    Definition("outbox_alerts", "gauge", ("sink", "state"), "Alerts in the outbox that are not delivered.",
               lambda known: product(known.sinks, OUTBOX_STATES)),
    Definition("outbox_oldest_timestamp_seconds", "gauge", ("sink",),
               "When the oldest pending alert was made; 0 when none is pending.", _per_sink),
    # --- coverage ---------------------------------------------------------------------------------------------------
    Definition("coverage_status", "gauge", ("status",), "1 for the verdict on the coverage, else 0.",
               _each(COVERAGE)),
    Definition("coverage_condition", "gauge", ("condition", "account", "region"),
               "0 verified, 1 unknown, 2 gap; no account: the condition lies with Trailwarden itself.", _none),
    Definition("last_file_timestamp_seconds", "gauge", ("account", "region"),
               "When the last log file of an account and Region was dealt with.", _none),
)  # fmt: skip
