"""All metrics and the set-up of logs.

Keeps: labels are bounded (names from the configuration, members of closed enums), events seen = matched + unmatched
+ quarantined at every scrape, and no secret and no control character in a line of the log.

Next: `definitions` for what is counted, `metrics` for who raises it, `logs` for the way of a log line.
"""

import trailwarden.telemetry.structlog_alone  # noqa: F401 - before structlog itself
from trailwarden.telemetry.accounts import EventCounts
from trailwarden.telemetry.definitions import METRICS, Definition, Known
from trailwarden.telemetry.logs import setup_logging
from trailwarden.telemetry.metrics import Backlog, Metrics

__all__ = ["METRICS", "Backlog", "Definition", "EventCounts", "Known", "Metrics", "setup_logging"]
