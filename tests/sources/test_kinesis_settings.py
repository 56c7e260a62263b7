from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from trailwarden.settings import Settings
from trailwarden.sources.kinesis_settings import KinesisSettings

ARN = "arn:aws:kinesis:us-east-1:111122223333:stream/trail"


def settings(**more: Any) -> KinesisSettings:
    return KinesisSettings.model_validate({"kind": "kinesis", "name": "logs", "stream": "trail", **more})


def test_a_stream_by_its_name_and_by_its_arn() -> None:
    named, by_arn = settings(), settings(stream=ARN)
    assert (named.which(), named.stream_name(), named.stream_region()) == (
        {"StreamName": "trail"},
        "trail",
        None,
    )
    assert (by_arn.which(), by_arn.stream_name()) == ({"StreamARN": ARN}, "trail")
    assert by_arn.stream_region() == "us-east-1"
    assert settings(region="eu-west-1").stream_region() == "eu-west-1"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("trim_horizon", "trim_horizon"),
        ("latest", "latest"),
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T13:00:00+01:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
    ],
)
def test_where_it_starts(written: str, meant: str | datetime) -> None:
    assert settings(start=written).start == meant


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"stream": "arn:aws:sqs:us-east-1:111122223333:trail"}, "neither a stream's name nor its ARN"),
        ({"stream": "with space"}, "neither a stream's name nor its ARN"),
        ({"start": "earliest"}, "start"),
        ({"create_lease_table": True}, "name the table"),
        ({"ack": "delivered"}, "without lease_table"),
        ({"bytes_in_flight": "1MiB"}, "bytes_in_flight"),
        ({"poll_interval": "100ms"}, "poll_interval"),
        ({"external_id": "abc"}, "external_id without role_arn"),
        ({"leases": "table"}, "leases"),
    ],
)
def test_what_cannot_work_is_refused(more: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        settings(**more)


def test_two_streams_do_not_share_a_lease_table() -> None:
    def two(*tables: str) -> dict[str, Any]:
        sources = [
            {"kind": "kinesis", "name": f"s{number}", "stream": f"s{number}", "lease_table": table}
            for number, table in enumerate(tables)
        ]
        return {"sources": sources}

    assert len(Settings.model_validate(two("one", "two")).sources) == 2
    with pytest.raises(ValidationError, match="two share the lease table 'one'"):
        Settings.model_validate(two("one", "one"))
