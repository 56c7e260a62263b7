"""The table of figures: what each is called, what it must reach, and who measures it.

Next: `bench.matching`, `bench.processes` and `bench.steps`, which measure; docs/bench.md, which explains.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.alerts import alert_vs_naive
from bench.audit import audit_vs_bare_calls
from bench.kafka import kafka_200_vs_getmany, kafka_vs_getmany
from bench.kafka_latency import kafka_p99_vs_roundtrip
from bench.kafka_memory import kafka_rss_mb
from bench.matching import (
    match_2t_vs_1t,
    match_200_rules_vs_1,
    match_every_file_vs_naive,
    match_vs_limit,
    match_vs_naive,
)
from bench.objects import s3_objects_vs_aiobotocore
from bench.processes import rss_2gb_mb, scan_vs_rg, service_small_files_vs_match
from bench.scale_out import scale_out_queue, scale_out_stream, scale_out_topic
from bench.setting import Figure, Setting
from bench.steps import steps


@dataclass(frozen=True, slots=True)
class Target:
    """What a figure must reach. at_most: a limit from above instead of from below."""

    value: float
    at_most: bool = False

    def met(self, value: float) -> bool:
        """Whether a value is good enough."""
        return value < self.value if self.at_most else value >= self.value

    def __str__(self) -> str:
        return f"{'< ' if self.at_most else '≥ '}{self.value:g}"


Measure = Callable[[Setting], list[Figure]]
"""Measures a figure; the first in the list is the one that was asked for, the others say how it came about."""

MEASURES: Final[dict[str, Measure]] = {
    "match_vs_naive": match_vs_naive,
    "match_vs_limit": match_vs_limit,
    "match_2t_vs_1t": match_2t_vs_1t,
    "match_200_rules_vs_1": match_200_rules_vs_1,
    "match_every_file_vs_naive": match_every_file_vs_naive,
    "scan_vs_rg": scan_vs_rg,
    "service_small_files_vs_match": service_small_files_vs_match,
    "alert_vs_naive": alert_vs_naive,
    "s3_objects_vs_aiobotocore": s3_objects_vs_aiobotocore,
    "kafka_vs_getmany": kafka_vs_getmany,
    "kafka_200_vs_getmany": kafka_200_vs_getmany,
    "audit_vs_bare_calls": audit_vs_bare_calls,
    "kafka_p99_vs_roundtrip": kafka_p99_vs_roundtrip,
    "kafka_rss_mb": kafka_rss_mb,
    "rss_2gb_mb": rss_2gb_mb,
    "scale_out_topic": scale_out_topic,
    "scale_out_queue": scale_out_queue,
    "scale_out_stream": scale_out_stream,
    "steps": steps,
}

TARGETS: Final[dict[str, Target]] = {
    "match_vs_naive": Target(8),
    "match_vs_limit": Target(0.6),
    "match_2t_vs_1t": Target(1.7),
    "match_200_rules_vs_1": Target(0.7),
    "match_every_file_vs_naive": Target(4),
    "scan_vs_rg": Target(3),
    "service_small_files_vs_match": Target(0.3),
    "s3_objects_vs_aiobotocore": Target(4),
    "kafka_vs_getmany": Target(0.8),
    "kafka_200_vs_getmany": Target(0.95),
    "audit_vs_bare_calls": Target(1.5, at_most=True),
    "kafka_p99_vs_roundtrip": Target(10, at_most=True),
    "kafka_rss_mb": Target(250, at_most=True),
    "rss_2gb_mb": Target(200, at_most=True),
}
