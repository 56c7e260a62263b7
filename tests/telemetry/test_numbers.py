"""The numbers that we keep are shown as the library shows those that it keeps itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder

from trailwarden.errors import Reason
from trailwarden.telemetry.accounts import ACCOUNT
from trailwarden.telemetry.definitions import METRICS, Definition, Known
from trailwarden.telemetry.exposition import exposition
from trailwarden.telemetry.numbers import Numbers

KNOWN = Known(("spool", "bus"), ("siem",), {"cis-vpc-changes": "high"}, ("digest",))
OWN = tuple(one for one in METRICS if one.name not in ACCOUNT)
TEXT, OPENMETRICS = "text/plain", "application/openmetrics-text;version=1.0.0"


class Theirs(CollectorRegistry):
    """The same metrics as objects of the library. Without `_created` samples, which we do not show."""

    def __init__(self) -> None:
        super().__init__()
        of_kind: dict[str, Any] = {"counter": Counter, "gauge": Gauge, "histogram": Histogram}
        self.by_name = {}
        for one in OWN:
            more = {"buckets": one.buckets} if one.buckets else {}
            self.by_name[one.name] = of_kind[one.kind](
                one.full_name, one.help, one.labels, registry=self, **more
            )
            for values in one.series(KNOWN):
                self.by_name[one.name].labels(*values)

    def series(self, definition: Definition, labels: tuple[str, ...]) -> Any:
        metric = self.by_name[definition.name]
        return metric.labels(*labels) if labels else metric

    def collect(self) -> Iterator[Metric]:
        for family in super().collect():
            family.samples = [one for one in family.samples if not one.name.endswith("_created")]
            yield family


def ours(numbers: Numbers, accept: str) -> list[str]:
    text = exposition(numbers.snapshot(), {}, accept)[0].decode()
    others = ("process_", *(f"trailwarden_{name.removesuffix('_total')}" for name in ACCOUNT))
    return sorted(
        line
        for line in text.splitlines()
        if not line.removeprefix("# HELP ").removeprefix("# TYPE ").startswith(others)
    )


def theirs(registry: Theirs, accept: str) -> list[str]:
    return sorted(choose_encoder(accept)[0](registry).decode().splitlines())


VALUES = st.sampled_from(["spool", "siem", "acked", "", 'a "b" \\ c\nd', "é", Reason.TIMEOUT])
SUMMABLE = st.integers(0, 2**40).map(lambda one: one / 4)
"""Their sum is the same in every order."""


@st.composite
def happenings(draw: st.DrawFn) -> tuple[Definition, tuple[str, ...], Any]:
    definition = draw(st.sampled_from(OWN))
    labels = tuple(draw(VALUES) for _ in definition.labels)
    if definition.kind == "counter":
        return definition, labels, draw(SUMMABLE)
    if definition.kind == "gauge":
        of = st.sampled_from(["set", "shift", "remove"] if definition.labels else ["set", "shift"])
        return definition, labels, (draw(of), draw(st.one_of(SUMMABLE, st.booleans(), st.just(-2.5))))
    one = st.sampled_from([0.0, *definition.buckets, 1e9, float("inf")]) | st.floats(0, 1e6)
    return definition, labels, draw(st.lists(SUMMABLE, max_size=5) | st.lists(one, min_size=1, max_size=1))


@given(st.lists(happenings(), max_size=25))
def test_what_is_shown_is_what_the_library_would_have_counted(
    happened: list[tuple[Definition, tuple[str, ...], Any]],
) -> None:
    numbers, registry = Numbers(OWN, KNOWN), Theirs()
    for definition, labels, what in happened:
        name = definition.name
        if definition.kind == "counter":
            numbers.count(name, labels, what)
            registry.series(definition, labels).inc(what)
        elif definition.kind == "histogram":
            numbers.observe(name, labels, what)
            series = registry.series(definition, labels)
            for amount in what:
                series.observe(amount)
        elif what[0] == "set":
            numbers.set(name, labels, what[1])
            registry.series(definition, labels).set(what[1])
        elif what[0] == "shift":
            numbers.shift(name, labels, what[1])
            registry.series(definition, labels).inc(what[1])
        else:
            numbers.remove(name, labels)
            registry.by_name[name].remove(*labels)
    for accept in (TEXT, OPENMETRICS):
        assert ours(numbers, accept) == theirs(registry, accept)


def test_nothing_is_lost_between_threads() -> None:
    numbers = Numbers(OWN, KNOWN)

    def work() -> None:
        for _ in range(5_000):
            numbers.count("commits_total", ("committed",))
            numbers.observe("commit_seconds", (), (0.25,))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = numbers.snapshot()
    assert seen.values["commits_total"]["committed",] == 20_000
    assert sum(seen.distributions["commit_seconds"][()].counts) == 20_000
    assert seen.distributions["commit_seconds"][()].total == 5_000


def test_a_snapshot_stays_as_it_was() -> None:
    numbers = Numbers(OWN, KNOWN)
    seen = numbers.snapshot()
    numbers.count("commits_total", ("committed",))
    numbers.observe("commit_seconds", (), (0.25,))
    assert seen.values["commits_total"]["committed",] == 0
    assert sum(seen.distributions["commit_seconds"][()].counts) == 0


def test_mistakes_of_our_own_are_told() -> None:
    numbers = Numbers(OWN, KNOWN)
    with pytest.raises(ValueError, match="goes up only"):
        numbers.count("commits_total", ("committed",), -1)
    with pytest.raises(ValueError, match="no values for the labels"):
        numbers.count("commits_total", ("committed", "twice"))
    with pytest.raises(ValueError, match="no values for the labels"):
        numbers.observe("feed_delay_seconds", (), (1.0,))
    with pytest.raises(KeyError):
        numbers.set("commits_total", ("committed",), 1)
