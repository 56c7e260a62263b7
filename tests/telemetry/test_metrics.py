"""What is counted: names and labels as the table says, and an account of events that adds up at every moment."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from trailwarden.errors import Reason
from trailwarden.model import Severity
from trailwarden.sinks.base import Verdict
from trailwarden.sources.base import SourceState
from trailwarden.store.base import DeliveryState
from trailwarden.telemetry import METRICS, Backlog, EventCounts, Known, Metrics, definitions

DOCS = Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
KNOWN = Known(("spool",), ("siem",), {"cis-vpc-changes": "high"}, ("digest",))


def samples(metrics: Metrics) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample of one scrape."""
    text = metrics.render()[0].decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parse_text(text)
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics).get((f"trailwarden_{name}", frozenset(labels.items())))


def test_the_docs_list_every_metric_and_no_other() -> None:
    rows = re.findall(
        r"^\| `(trailwarden_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", DOCS.read_text("utf-8"), re.M
    )
    documented = {
        name: (kind, tuple(re.findall(r"`(\w+)`", labels)), text) for name, kind, labels, text in rows
    }
    assert documented == {one.full_name: (one.kind, one.labels, one.help) for one in METRICS}


def test_what_is_exported_is_in_the_table() -> None:
    families = {family.name for family in parse_text(Metrics(KNOWN).render()[0].decode())}
    own = {name for name in families if not name.startswith("process_")}
    assert own == {one.full_name.removesuffix("_total") for one in METRICS}


@pytest.mark.parametrize("definition", METRICS, ids=lambda one: one.name)
def test_names_follow_the_rules_of_prometheus(definition: definitions.Definition) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", definition.name)
    assert definition.name.endswith("_total") == (definition.kind == "counter")
    assert bool(definition.buckets) == (definition.kind == "histogram")
    assert not re.search(r"milli|_ms\b|_kb|_mb|minutes|hours", definition.name)
    assert all(re.fullmatch(r"[a-z]+", label) for label in definition.labels)


def test_the_label_values_are_the_members_of_the_enums() -> None:
    assert set(definitions.VERDICTS) == set(Verdict)
    assert set(definitions.SOURCE_STATES) == set(SourceState)
    assert set(definitions.OUTBOX_STATES) <= set(DeliveryState)


def test_counters_exist_from_the_start() -> None:
    found = samples(Metrics(KNOWN))
    assert {dict(labels)["reason"] for name, labels in found if name == "trailwarden_rejected_total"} == set(
        Reason
    )
    for definition in METRICS:
        if definition.kind == "counter":
            values = [amount for (name, _), amount in found.items() if name == definition.full_name]
            assert values, definition.name
            assert set(values) == {0.0}


@given(st.lists(st.tuples(st.sampled_from("ab"), st.tuples(*[st.integers(0, 10**6)] * 3)), max_size=20))
def test_the_account_is_the_sum_of_what_was_counted(counts: list[tuple[str, tuple[int, int, int]]]) -> None:
    metrics = Metrics()
    for source, parts in counts:
        metrics.count_events(source, sum(parts), *parts)
    for field, position in (("matched", 0), ("unmatched", 1), ("quarantined", 2)):
        for source in {source for source, _ in counts}:
            expected = sum(parts[position] for name, parts in counts if name == source)
            assert value(metrics, f"events_{field}_total", source=source) == expected


@pytest.mark.parametrize("counts", [(3, 1, 1, 0), (0, 1, -1, 0), (-1, 0, 0, -1)])
def test_an_account_that_does_not_add_up_is_refused(counts: tuple[int, int, int, int]) -> None:
    metrics = Metrics()
    with pytest.raises(ValueError, match="events seen are not"):
        metrics.count_events("spool", *counts)
    assert metrics.events() == {}


def test_seen_is_matched_unmatched_and_quarantined_at_every_scrape() -> None:
    metrics = Metrics(KNOWN)
    done = threading.Event()

    def count(number: int) -> None:
        while not done.is_set():
            metrics.count_events("spool", 3 * number + 6, number, number + 1, number + 5)

    threads = [threading.Thread(target=count, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    try:
        scraped = [samples(metrics) for _ in range(60)]
    finally:
        done.set()
        for thread in threads:
            thread.join()
    source = frozenset({("source", "spool")})
    totals = []
    for one in scraped:
        seen, *parts = (one[f"trailwarden_events_{field}_total", source] for field in EventCounts.__slots__)
        assert seen == sum(parts)
        totals.append(seen)
    assert totals == sorted(totals)
    assert totals[-1] > totals[0]


def inspection(**fields: object) -> SimpleNamespace:
    rules = [SimpleNamespace(id="cis-vpc-changes")]
    made = SimpleNamespace(
        seen=5, matches=[SimpleNamespace(rules=rules)], unmatched=3, labels={"digest": 2}, content_size=900,
        rejected=[SimpleNamespace(reason=Reason.NOT_JSON)], whole=False,
    )  # fmt: skip
    made.__dict__.update(fields)
    return made


def test_an_inspection_is_counted_whole() -> None:
    metrics = Metrics(KNOWN)
    metrics.inspected("spool", inspection())
    assert metrics.events() == {"spool": EventCounts(5, 1, 3, 1)}
    assert value(metrics, "batches_total", source="spool", outcome="acked") == 1
    assert value(metrics, "rule_matches_total", rule="cis-vpc-changes") == 1
    assert value(metrics, "rejected_total", reason="not_json") == 1
    assert value(metrics, "not_events_total", source="spool", label="digest") == 2
    assert value(metrics, "content_bytes_total", source="spool") == 900


def test_a_batch_that_could_not_be_opened_counts_as_quarantined() -> None:
    metrics = Metrics(KNOWN)
    metrics.inspected("spool", inspection(seen=1, matches=[], unmatched=0, labels={}, whole=True))
    metrics.nacked("spool")
    assert value(metrics, "batches_total", source="spool", outcome="quarantined") == 1
    assert value(metrics, "batches_total", source="spool", outcome="acked") == 0
    assert value(metrics, "batches_total", source="spool", outcome="nacked") == 1


def test_a_commit_is_counted_by_rule_with_its_duplicates() -> None:
    metrics = Metrics(KNOWN)
    alert = SimpleNamespace(
        rule_id="cis-vpc-changes",
        severity=Severity.HIGH,
        event_time=NOW - timedelta(seconds=90),
        created_at=NOW,
    )
    timeless = SimpleNamespace(
        rule_id="cis-vpc-changes", severity=Severity.HIGH, event_time=None, created_at=NOW
    )
    commit = SimpleNamespace(
        alerts=[SimpleNamespace(alert=alert), SimpleNamespace(alert=timeless)],
        received=[SimpleNamespace(source="spool", size=120)],
    )
    metrics.committed(commit, SimpleNamespace(known=2, conflicting=("one",)))
    assert value(metrics, "alerts_total", rule="cis-vpc-changes", severity="high") == 2
    assert value(metrics, "alert_duplicates_total", kind="known") == 1
    assert value(metrics, "alert_duplicates_total", kind="conflicting") == 1
    assert value(metrics, "received_bytes_total", source="spool") == 120
    assert value(metrics, "event_delay_seconds_bucket", le="60.0") == 0
    assert value(metrics, "event_delay_seconds_bucket", le="120.0") == 1


def test_commits_are_timed_and_failures_counted() -> None:
    metrics = Metrics()
    with metrics.commit_timer():
        pass
    with pytest.raises(KeyError), metrics.commit_timer():
        raise KeyError
    assert value(metrics, "commits_total", outcome="committed") == 1
    assert value(metrics, "commits_total", outcome="failed") == 1
    assert value(metrics, "commit_seconds_count") == 2


def test_work_in_flight_is_given_back_whatever_happens() -> None:
    metrics = Metrics(KNOWN)

    def work() -> None:
        with metrics.in_flight("spool", 3, 4096), metrics.decode_timer():
            assert value(metrics, "in_flight_batches", source="spool") == 3
            assert value(metrics, "in_flight_bytes", source="spool") == 4096
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert value(metrics, "in_flight_batches", source="spool") == 0
    assert value(metrics, "in_flight_bytes", source="spool") == 0
    assert value(metrics, "decode_seconds_count") == 1


def test_deliveries_and_states() -> None:
    metrics = Metrics(KNOWN)
    metrics.attempts("siem", Verdict.RETRY, Reason.TIMEOUT)
    metrics.attempts("siem", Verdict.DELIVERED, None, 3)
    metrics.delivered("siem", [0.2])
    metrics.backlog("siem", 4, 1, NOW)
    metrics.source("spool", SourceState.RUNNING, NOW)
    metrics.coverage("gap")
    metrics.heartbeat(NOW)
    assert value(metrics, "sink_attempts_total", sink="siem", verdict="retry", reason="timeout") == 1
    assert value(metrics, "sink_attempts_total", sink="siem", verdict="delivered", reason="none") == 3
    assert value(metrics, "delivery_latency_seconds_bucket", sink="siem", le="0.25") == 1
    assert value(metrics, "outbox_alerts", sink="siem", state="dead") == 1
    assert value(metrics, "outbox_oldest_timestamp_seconds", sink="siem") == NOW.timestamp()
    assert metrics.backlogs() == {"siem": Backlog(4, 1, NOW)}
    assert value(metrics, "source_state", source="spool", state="running") == 1
    assert value(metrics, "source_state", source="spool", state="starting") == 0
    assert value(metrics, "source_last_success_timestamp_seconds", source="spool") == NOW.timestamp()
    assert value(metrics, "heartbeat_timestamp_seconds") == NOW.timestamp()
    assert [value(metrics, "coverage_status", status=one) for one in ("unknown", "gap", "verified")] == [
        0,
        1,
        0,
    ]
    metrics.backlog("siem", 0, 1, None)
    assert value(metrics, "outbox_oldest_timestamp_seconds", sink="siem") == 0


def test_an_unknown_state_is_a_bug() -> None:
    with pytest.raises(ValueError, match="none of unknown, gap, verified"):
        Metrics().coverage("fine")


def test_the_format_follows_the_accept_header() -> None:
    metrics = Metrics(KNOWN)
    text, content_type = metrics.render("text/html")
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert b"_created" not in text
    text, content_type = metrics.render("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.1")
    assert content_type.startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert text.endswith(b"# EOF\n")
    assert {family.name for family in parse_openmetrics(text.decode())} >= {"trailwarden_events_seen"}


def test_two_services_in_one_process_do_not_share_metrics() -> None:
    one, other = Metrics(KNOWN), Metrics(KNOWN)
    one.nacked("spool")
    assert value(other, "batches_total", source="spool", outcome="nacked") == 0
