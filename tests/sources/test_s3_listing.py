"""Which prefixes are listed: every key of the time is under one of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.aws.trails import log_key
from trailwarden.sources.s3_listing import days, root_of

MOMENTS = st.integers(1_400_000_000, 2_200_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=40)), st.floats(0, 1))
def test_every_key_of_the_time_is_under_a_listed_day(since: datetime, length: timedelta, part: float) -> None:
    key = log_key("eu-west-1", since + length * part)
    assert any(f"/{day}/" in key for day in days(since, since + length))


def test_days_are_whole_and_few() -> None:
    noon = datetime(2026, 2, 28, 12, tzinfo=UTC)
    assert days(noon, noon) == ["2026/02/28"]
    assert days(noon, noon + timedelta(hours=12)) == ["2026/02/28", "2026/03/01"]
    assert days(noon.replace(hour=0, minute=30), noon) == ["2026/02/27", "2026/02/28"]


@pytest.mark.parametrize(
    ("prefix", "organization", "root"),
    [
        ("", "", "AWSLogs/"),
        ("a/b/", "", "a/b/AWSLogs/"),
        ("", "o-abcdefghij", "AWSLogs/o-abcdefghij/"),
        ("p", "o-abcdefghij", "p/AWSLogs/o-abcdefghij/"),
    ],
)
def test_the_root_of_all_keys(prefix: str, organization: str, root: str) -> None:
    assert root_of(prefix, organization) == root
