"""What a logged value becomes: plain, bounded, and without secrets."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from trailwarden.errors import Reason
from trailwarden.telemetry.plain import MAX_TEXT, MAX_VALUES, exception, plain, without_secrets

CANARY = "hunter2-canary"
SECRET_WORDS = st.sampled_from(
    ["secret", "token", "password", "passwd", "authorization", "signature", "credential", "cookie", "api_key", "private-key"]
)  # fmt: skip
SECRET_NAMES = st.builds(
    lambda before, word, after, upper: before + (word.upper() if upper else word) + after,
    st.sampled_from(["", "webhook_", "x-", "aws."]), SECRET_WORDS, st.sampled_from(["", "_file", "2", "-v1"]), st.booleans(),
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=15,
)


class Sly:
    """Shows a secret, or fails, when asked how it looks."""

    def __repr__(self) -> str:
        raise AssertionError(CANARY)

    __str__ = __repr__


@given(
    SECRET_NAMES,
    st.sampled_from([CANARY, [CANARY], {"inner": CANARY}, CANARY.encode(), 4711]),
    st.integers(0, 3),
)
def test_a_value_under_a_secret_name_is_never_shown(name: str, secret: Any, depth: int) -> None:
    fields: Any = {name: secret}
    for _ in range(depth):
        fields = {"outer": [fields]}
    shown = json.dumps(plain(fields))
    assert CANARY not in shown
    assert "4711" not in shown
    assert "[redacted]" in shown


@given(SECRET_NAMES, st.sampled_from(["=", ": ", '": "', " = Bearer ", "='"]))
def test_a_secret_in_a_sentence_is_not_shown(name: str, between: str) -> None:
    assert CANARY not in without_secrets(f"the peer said {name}{between}{CANARY}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"https://user:{CANARY}@siem.example/hook failed", "https://[redacted]@siem.example/hook failed"),
        (f"https://user:a/b@{CANARY}@siem.example/", "https://[redacted]@siem.example/"),
        (
            f"GET https://siem.example/hook?key={CANARY}&a=b: 500",
            "GET https://siem.example/hook?[redacted] 500",
        ),
        (f"sqlite://u:{CANARY}@/x.db", "sqlite://[redacted]@/x.db"),
        (f"key whsec_{CANARY}", "key [redacted]"),
        (f"Authorization: Bearer {CANARY}", "Authorization: [redacted]"),
        ("https://siem.example/hook: 500", "https://siem.example/hook: 500"),
        ("3 tokens were read from /var/spool", "3 tokens were read from /var/spool"),
    ],
)
def test_urls_and_keys_lose_what_is_secret(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


@given(st.integers(0, 40))
def test_no_cut_shows_a_part_of_a_password(shift: int) -> None:
    text = "x" * (MAX_TEXT - 40 + shift) + f" https://user:{CANARY}@siem.example/"
    assert CANARY[:4] not in without_secrets(text)


@given(JSON)
def test_what_comes_out_is_json_and_bounded(value: Any) -> None:
    json.dumps(plain({"value": value}), allow_nan=False)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Sly(), "<Sly>"),
        ([Sly()], ["<Sly>"]),
        ({Sly(): 1}, {"<Sly>": 1}),
        (SecretStr(CANARY), "[redacted]"),
        (b"\x00\x01", "[2 bytes]"),
        (Path("/var/spool"), "/var/spool"),
        (timedelta(seconds=90), "0:01:30"),
        (datetime(2026, 1, 31, tzinfo=UTC), "2026-01-31 00:00:00+00:00"),
        (Reason.NOT_JSON, "not_json"),
        (float("nan"), "[nan]"),
        (10**400, "[number of 1329 bits]"),
        (True, True),
    ],
    ids=lambda one: type(one).__name__,
)
def test_values_of_many_types(value: object, shown: object) -> None:
    assert plain({"value": value}) == {"value": shown}


def test_a_cycle_and_a_flood_come_to_an_end() -> None:
    loop: list[Any] = []
    loop.append(loop)
    wide = {f"name{number}": list(range(1000)) for number in range(1000)}
    shown = json.dumps(plain({"loop": loop, "wide": wide}))
    assert shown.count(",") <= 2 * MAX_VALUES + 10
    assert len(json.dumps(plain({"text": "x" * 10**6}))) < MAX_TEXT + 100


def test_an_event_is_named_and_not_shown_unless_asked_for() -> None:
    event = {"eventID": "one", "eventName": "DeleteVpc", "requestParameters": {"vpcId": CANARY}}
    fields = {"matched": event, "payload": CANARY, "record": event}
    assert plain(fields) == {
        "matched": {"eventID": "one", "eventName": "DeleteVpc"},
        "payload": "[left out: str]",
        "record": "[left out: dict]",
    }
    assert plain(fields, records=True) == fields


def test_an_exception_is_one_value_without_local_variables() -> None:
    def fail() -> None:
        password = CANARY
        try:
            raise OSError(28, "No space left on device")
        except OSError as fault:
            raise RuntimeError(f"cannot write, {password=}") from fault

    with pytest.raises(RuntimeError) as caught:
        fail()
    shown = exception(caught.value)
    assert shown["type"] == "RuntimeError"
    assert shown["cause"]["message"] == "[Errno 28] No space left on device"
    assert any("test_plain.py" in frame and "in fail" in frame for frame in shown["frames"])
    assert CANARY not in json.dumps(shown)


def test_the_members_of_a_group_are_shown() -> None:
    shown = exception(ExceptionGroup("two tasks", [ValueError("one"), KeyError("other")]))
    assert [one["type"] for one in shown["exceptions"]] == ["ValueError", "KeyError"]


def test_the_text_of_a_foreign_exception_is_not_asked_for() -> None:
    class StatementError(Exception):
        """As SQLAlchemy's: its text shows the parameters."""

        def __str__(self) -> str:
            return CANARY

    assert CANARY not in json.dumps(exception(StatementError("the table is locked")))
