"""Many observations at once are each by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from trailwarden.telemetry.grouped import observe_all

BOUNDS = (0.1, 1.0, 60.0)
AMOUNTS = st.one_of(st.sampled_from([0.0, 0.1, 0.10000001, 1.0, 60.0, 61.0, float("inf")]), st.floats(0, 100))


def histogram() -> tuple[CollectorRegistry, Histogram]:
    registry = CollectorRegistry()
    return registry, Histogram("h", "", registry=registry, buckets=BOUNDS)


def shown(registry: CollectorRegistry) -> dict[tuple[str, str], float]:
    return {
        (sample.name, sample.labels.get("le", "")): sample.value
        for family in registry.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    }


@given(st.lists(AMOUNTS, max_size=20))
def test_what_is_shown_is_the_same(amounts: list[float]) -> None:
    (together, one), (apart, other) = histogram(), histogram()
    observe_all(one, amounts)
    for amount in amounts:
        other.observe(amount)
    left, right = shown(together), shown(apart)
    assert left.pop(("h_sum", "")) == pytest.approx(right.pop(("h_sum", "")))
    assert left == right
