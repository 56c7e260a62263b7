"""What arrived last, by place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tests.aws.trails import log_key
from trailwarden.coverage import arrivals as module
from trailwarden.coverage.arrivals import Arrivals, origin_place

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_the_latest_file_of_each_place_is_kept() -> None:
    arrivals = Arrivals()
    arrivals.note("b", log_key("eu-west-1", NOW), NOW)
    arrivals.note("b", log_key("eu-west-1", NOW + timedelta(minutes=5)), NOW + timedelta(minutes=6))
    arrivals.note("b", log_key("us-east-1", NOW), NOW)
    arrivals.note("c", log_key("eu-west-1", NOW), NOW)
    latest = {(one.bucket, one.key.region): one for one in arrivals.latest()}
    assert len(latest) == 3
    assert latest["b", "eu-west-1"].key.delivered == NOW + timedelta(minutes=5)


def test_a_late_file_makes_nothing_older() -> None:
    arrivals = Arrivals()
    arrivals.note("b", log_key("eu-west-1", NOW), NOW)
    arrivals.note("b", log_key("eu-west-1", NOW - timedelta(hours=1)), NOW + timedelta(minutes=1))
    (one,) = arrivals.latest()
    assert (one.key.delivered, one.at) == (NOW, NOW + timedelta(minutes=1))


def test_other_keys_prove_nothing() -> None:
    arrivals = Arrivals()
    arrivals.note("b", "some/file.json.gz", NOW)
    assert arrivals.latest() == []


def test_it_survives_being_written() -> None:
    arrivals, again = Arrivals(), Arrivals()
    arrivals.note("b", log_key("eu-west-1", NOW), NOW)
    again.restore(orjson.loads(orjson.dumps(arrivals.as_json())))
    assert again.latest() == arrivals.latest()


@pytest.mark.parametrize("kept", [None, 7, [7], [["a", "b"]], [["b", "k", "no time"]], [[1, 2, 3]]])
def test_what_is_damaged_is_left_out(kept: object) -> None:
    arrivals = Arrivals()
    arrivals.restore(kept)
    assert arrivals.latest() == []


def test_it_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PLACES", 3)
    arrivals = Arrivals()
    for number in range(5):
        arrivals.note(f"b{number}", log_key("eu-west-1", NOW), NOW)
    assert [one.bucket for one in arrivals.latest()] == ["b2", "b3", "b4"]


def test_the_place_of_an_origin() -> None:
    assert origin_place({"bucket": "b", "key": "k"}) == ("b", "k")
    assert origin_place({"bucket": "b"}) is None
