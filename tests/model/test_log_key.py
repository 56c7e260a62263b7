"""Keys as CloudTrail writes them, and those that only look so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwarden.model.log_key import LogKey, parse_log_key

NAME = "111122223333_CloudTrail_eu-west-1_20260101T0005Z_AbCdEfGhIjKlMnOp.json.gz"
PATH = f"111122223333/CloudTrail/eu-west-1/2026/01/01/{NAME}"
AT = datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
ORGANIZATION = "o-exampleorgid1"
DIGEST = (
    "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2026/01/01/"
    "111122223333_CloudTrail-Digest_eu-west-1_my_trail_eu-west-1_20260101T000530Z.json.gz"
)


def log_key(prefix: str = "", organization: str = "") -> LogKey:
    return LogKey(prefix, organization, "111122223333", "CloudTrail", "eu-west-1", AT)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (f"AWSLogs/{PATH}", log_key()),
        (f"team/logs/AWSLogs/{PATH}", log_key("team/logs")),
        (f"AWSLogs/{ORGANIZATION}/{PATH}", log_key("", ORGANIZATION)),
        (f"AWSLogs/AWSLogs/{ORGANIZATION}/{PATH}", log_key("AWSLogs", ORGANIZATION)),
        (f"AWSLogs/{PATH.replace('Z_', 'Z')}", log_key()),
        (
            DIGEST,
            LogKey(
                "",
                "",
                "111122223333",
                "CloudTrail-Digest",
                "eu-west-1",
                datetime(2026, 1, 1, 0, 5, 30, tzinfo=UTC),
            ),
        ),
    ],
)
def test_a_key_of_cloudtrails(key: str, expected: LogKey) -> None:
    assert parse_log_key(key) == expected


@pytest.mark.parametrize(
    "key",
    [
        "",
        "AWSLogs/111122223333/CloudTrail/",
        f"xAWSLogs/{PATH}",
        f"AWSLogs/{PATH}.txt",
        f"AWSLogs/{PATH}\n",
        f"AWSLogs/{PATH}".replace("111122223333_", "111122224444_"),
        f"AWSLogs/{PATH}".replace("_eu-west-1", "_eu-west-2"),
        f"AWSLogs/{PATH}".replace("20260101T", "20261301T"),
        f"AWSLogs/{PATH}".replace("111122223333", "١١١١٢٢٢٢٣٣٣٣"),
        "AWSLogs/111122223333/Config/eu-west-1/2026/1/1/ConfigHistory/x.json.gz",
        "AWSLogs/111122223333/vpcflowlogs/eu-west-1/2026/01/01/x.log.gz",
    ],
)
def test_another_key(key: str) -> None:
    assert parse_log_key(key) is None


@given(st.text(min_size=1).filter(lambda text: not text.endswith("/")), st.sampled_from(["", ORGANIZATION]))
def test_any_prefix_comes_back(prefix: str, organization: str) -> None:
    middle = f"AWSLogs/{organization}/" if organization else "AWSLogs/"
    assert parse_log_key(f"{prefix}/{middle}{PATH}") == log_key(prefix, organization)


@given(st.text())
def test_any_text_is_read_or_refused(key: str) -> None:
    assert parse_log_key(key) is None or "AWSLogs" in key
