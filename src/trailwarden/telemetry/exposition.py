"""The numbers in Prometheus' two formats, written by its library; loaded by the first scrape.

Keeps: what is shown is what `Numbers` and the account hold, and what the library says of the process. There are no `_created`
samples: a counter starts with the process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Final

from prometheus_client import ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from trailwarden.telemetry.accounts import ACCOUNT, EventCounts
from trailwarden.telemetry.definitions import METRICS, Definition
from trailwarden.telemetry.numbers import Distribution, Labels, Snapshot

_PROCESS: Final = ProcessCollector(registry=None)


def exposition(numbers: Snapshot, account: Mapping[str, EventCounts], accept: str) -> tuple[bytes, str]:
    """The text and its content type: OpenMetrics where the Accept header asks for it, else text 0.0.4."""
    encode, content_type = choose_encoder(accept)
    return encode(_Shown(numbers, account)), content_type


class _Shown(Collector):
    """account: events by source."""

    def __init__(self, numbers: Snapshot, account: Mapping[str, EventCounts]) -> None:
        self._numbers = numbers
        self._account = account

    def collect(self) -> Iterator[Metric]:
        for definition in METRICS:
            name = definition.name
            if name in ACCOUNT:
                counts = self._account.items()
                yield _values(definition, {(source,): getattr(one, ACCOUNT[name]) for source, one in counts})
            elif definition.kind == "histogram":
                yield _distributions(definition, self._numbers.distributions[name])
            else:
                yield _values(definition, self._numbers.values[name])
        yield from _PROCESS.collect()


def _values(definition: Definition, series: Mapping[Labels, float]) -> Metric:
    of_kind = CounterMetricFamily if definition.kind == "counter" else GaugeMetricFamily
    family = of_kind(definition.full_name, definition.help, labels=definition.labels)
    for labels, value in series.items():
        family.add_metric(labels, value)
    return family


def _distributions(definition: Definition, series: Mapping[Labels, Distribution]) -> Metric:
    family = HistogramMetricFamily(definition.full_name, definition.help, labels=definition.labels)
    for labels, one in series.items():
        buckets = zip(map(floatToGoString, one.bounds), accumulate(one.counts), strict=True)
        family.add_metric(labels, list(buckets), one.total)
    return family
