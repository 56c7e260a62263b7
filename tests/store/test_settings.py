"""The settings of the store: what they accept, and that they tell no secret."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from tests.store.values import LATER
from trailwarden.store import RetentionSettings, StoreSettings
from trailwarden.store.postgresql import place


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///trailwarden.db", "trailwarden.db"),
        ("sqlite:///var/state.db", "var/state.db"),
        ("sqlite:////var/lib/trailwarden/state.db", "/var/lib/trailwarden/state.db"),
        ("sqlite:////with space/\u00e9.db", "/with space/\u00e9.db"),
    ],
)
def test_the_path_of_a_url(url: str, path: str) -> None:
    assert StoreSettings(url=url).path == Path(path)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("/var/lib/state.db", "not a database URL"),
        ("", "not a database URL"),
        ("mysql://u:hunter2@db/t", "only sqlite:// and postgresql:// are supported"),
        ("sqlite+aiosqlite:///x.db", "only sqlite:// and postgresql:// are supported"),
        ("postgresql+psycopg://u:hunter2@db/t", "only sqlite:// and postgresql:// are supported"),
        ("postgresql://u:hunter2@db", "must name the database"),
        ("postgresql:///t", "must name the host"),
        ("postgresql://u:hunter2@db/t?sslmode=disable", "only `host`"),
        ("postgresql://u:hunter2@db/t?host=/run/postgresql", "names one host"),
        ("postgresql://u:hunter2@host:port/x", "not a database URL"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite://u:hunter2@host/x.db", "a path and nothing else"),
        ("sqlite://var/lib/state.db", "a path and nothing else"),
        ("sqlite:///x.db?password=hunter2", "a path and nothing else"),
        ("sqlite://u:hunter2@host:port/x", "not a database URL"),
    ],
)
def test_urls_that_cannot_be(url: str, message: str) -> None:
    with pytest.raises(ValidationError, match=message) as raised:
        StoreSettings(url=url)
    assert "hunter2" not in str(raised.value)


def test_defaults() -> None:
    settings = StoreSettings()
    assert settings.quarantine_payload_limit == 1024 * 1024
    assert settings.retention is None


def test_durations_and_sizes_are_written_as_people_write_them() -> None:
    written = {"busy_timeout": "250ms", "quarantine_payload_limit": "64KiB", "retention": {"alerts": "30d"}}
    settings = StoreSettings.model_validate(written)
    assert settings.busy_timeout == timedelta(milliseconds=250)
    assert settings.quarantine_payload_limit == 65536
    assert settings.model_dump(include={"busy_timeout", "quarantine_payload_limit"}) == {
        "busy_timeout": "250ms",
        "quarantine_payload_limit": "64KiB",
    }


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError, match="retain"):
        StoreSettings.model_validate({"retain": 1})


def test_retention_reckons_back_from_now() -> None:
    retention = StoreSettings.model_validate({"retention": {}}).retention
    assert retention == RetentionSettings()
    assert retention.settled_before(LATER) == LATER - timedelta(days=90)
    assert retention.received_before(LATER) == LATER - timedelta(days=400)


@pytest.mark.parametrize(
    "given", [{"url": "postgresql://u:hunter2@db/t"}, {"url": "postgresql://u@db/t", "password": "hunter2"}]
)
def test_a_password_is_not_shown(given: dict[str, str]) -> None:
    settings = StoreSettings.model_validate(given)
    assert settings.shared
    shown = (repr(settings), str(settings.model_dump()), settings.model_dump_json(), place(settings))
    assert not [text for text in shown if "hunter2" in text]
    assert place(settings) == "postgresql://db/t"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"url": "postgresql://u:hunter2@db/t", "password": "hunter2"}, "given twice"),
        ({"url": "postgresql://u@db/t", "password": "hunter2", "password_file": "/x"}, "given twice"),
        ({"url": "postgresql://u@db/t", "busy_timeout": "1s"}, "busy_timeout means nothing to a store on PostgreSQL"),
        ({"url": "sqlite:///x.db", "pool_size": 4}, "pool_size means nothing to a store on SQLite"),
        ({"url": "sqlite:///x.db", "password": "hunter2"}, "password means nothing to a store on SQLite"),
    ],
)  # fmt: skip
def test_settings_that_do_not_go_together(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message) as raised:
        StoreSettings.model_validate(given)
    assert "hunter2" not in str(raised.value)
