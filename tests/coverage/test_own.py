"""The conditions that lie with Trailwarden itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trailwarden.coverage.conditions import State
from trailwarden.coverage.own import EVENTS, alert_path, rules
from trailwarden.decode import Limits
from trailwarden.detection import Matcher, load_ruleset

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("packs", "state"),
    [
        (("cis-vpc",), State.VERIFIED),
        (("cis-vpc", "trail-tampering"), State.VERIFIED),
        (("trail-tampering",), State.GAP),
    ],
)
def test_rules_are_tried_and_not_read(packs: tuple[str, ...], state: State) -> None:
    finding = rules(Matcher(load_ruleset(packs, ())), Limits())
    assert finding.state is state
    assert (finding.evidence.get("missed") == list(EVENTS)) is (state is State.GAP)


def test_eleven_events() -> None:
    assert len(set(EVENTS)) == 11


@pytest.mark.parametrize(
    ("taken", "refused", "shaky", "state"),
    [
        ({"a": NOW - HOUR}, {}, {}, State.VERIFIED),
        ({"a": NOW - HOUR, "b": NOW - 2 * DAY}, {}, {}, State.UNKNOWN),
        ({"a": None}, {}, {}, State.UNKNOWN),
        ({"a": NOW - HOUR}, {"a": "401"}, {}, State.GAP),
        ({"a": NOW - HOUR}, {"optional": "401"}, {"other": "503"}, State.VERIFIED),
        ({"a": NOW - HOUR}, {}, {"a": "503"}, State.UNKNOWN),
        ({}, {}, {}, State.GAP),
    ],
)
def test_the_way_of_an_alert(
    taken: dict[str, datetime | None], refused: dict[str, str], shaky: dict[str, str], state: State
) -> None:
    assert alert_path(taken, refused, shaky, NOW, DAY).state is state
