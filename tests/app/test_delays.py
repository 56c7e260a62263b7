"""How long a feed takes is counted from the names of its log files."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.aws.trails import log_key
from tests.pipeline.parts import MemoryBatch
from trailwarden.app.delays import note_delays
from trailwarden.model import Alert, Origin, Severity
from trailwarden.store import Commit, RoutedAlert
from trailwarden.telemetry import Metrics

CAME = datetime(2026, 1, 1, 12, 0, 30, tzinfo=UTC)
KEY = log_key("eu-west-1", datetime(2026, 1, 1, 11, 58, tzinfo=UTC))


def batch(**details: str) -> MemoryBatch:
    made = MemoryBatch("k", b"")
    made.origin = Origin("trail", "s3_sqs", "l", details)
    made.received_at = CAME
    return made


def alert(document: str) -> RoutedAlert:
    happened = datetime(2026, 1, 1, 11, 53, tzinfo=UTC)
    return RoutedAlert(Alert("a", "r", Severity.LOW, happened, CAME, "", "", document.encode()), ())


def sums(metrics: Metrics) -> dict[str, str]:
    prefix = "trailwarden_feed_delay_seconds_sum"
    lines = (line for line in metrics.render()[0].decode().splitlines() if line.startswith(prefix))
    return {line.partition("{")[2].partition("}")[0]: line.rpartition(" ")[2] for line in lines}


def test_from_the_event_to_s3_and_from_there_to_here() -> None:
    metrics = Metrics()
    document = f'{{"origin": {{"bucket": "b", "key": "{KEY}"}}}}'
    note_delays(metrics, [batch(bucket="b", key=KEY)], Commit(alerts=[alert(document)]))
    assert sums(metrics) == {'stage="event_to_s3"': "300.0", 'stage="s3_to_here"': "150.0"}


def test_what_comes_from_elsewhere_is_not_counted() -> None:
    metrics = Metrics()
    later = log_key("eu-west-1", CAME + timedelta(minutes=1))
    note_delays(metrics, [batch(), batch(key="a/b")], Commit(alerts=[alert('{"origin": {"locator": "x"}}')]))
    assert set(sums(metrics).values()) == {"0.0"}
    note_delays(metrics, [batch(key=later)], Commit())  # a clock that is behind
    assert set(sums(metrics).values()) == {"0.0"}
