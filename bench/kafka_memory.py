"""How much memory the service takes while it works through a lag.

Next: `bench.memory`, which watches.
"""

from __future__ import annotations

import csv
import shutil
from typing import Final

from bench import ours
from bench.kafka_feed import broker, produced
from bench.matching import Disagreement
from bench.memory import watched
from bench.setting import Figure, Setting

_MESSAGES: Final = 2_000_000
"""In place of ten million: the curve is flat, and the two halves stand beside."""


def kafka_rss_mb(setting: Setting) -> list[Figure]:
    """The highest resident memory of the whole service, and that of either half of the time."""
    state = setting.out / "kafka"
    shutil.rmtree(state, ignore_errors=True)
    with broker() as address:
        topic = produced(address, "lag", round(_MESSAGES * setting.scale), 1)
        curve = watched(
            ours.kafka_service(address, topic.name, "lag", state), setting.out / "kafka-stderr.txt"
        )
    if curve.code:
        raise Disagreement(f"the service ended with {curve.code}: {curve.errors[-500:]}")
    with (setting.out / "kafka_rss.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("seconds", "resident_kb"))
        rows.writerows((round(moment, 2), size) for moment, size in curve.samples)
    first, second = curve.halves()
    return [
        Figure("kafka_rss_mb", curve.peak / 1000, "MB"),
        Figure("kafka_rss_first_half_mb", first / 1000, "MB"),
        Figure("kafka_rss_second_half_mb", second / 1000, "MB"),
        Figure("kafka_rss_growth", second / first),
        Figure("kafka_rss_messages", topic.messages, "messages"),
        Figure("kafka_rss_seconds", curve.samples[-1][0], "s"),
    ]
