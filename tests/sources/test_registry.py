from __future__ import annotations

from datetime import timedelta
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

from trailwarden.model import SystemClock
from trailwarden.sources import SOURCES, Given, SourceSettings, build_source


class Root(BaseModel):
    sources: tuple[SourceSettings, ...]


def parsed(**settings: Any) -> SourceSettings:
    return Root.model_validate({"sources": [settings]}).sources[0]


def test_the_table_has_every_kind_that_the_settings_know() -> None:
    members = get_args(get_args(SourceSettings)[0])
    assert {get_args(member.model_fields["kind"].annotation)[0] for member in members} == set(SOURCES)


def test_a_source_is_built_from_its_settings() -> None:
    source = build_source(parsed(kind="files", name="spool", path="/var/spool"), Given(SystemClock()))
    assert (source.name, source.kind) == ("spool", "files")


def test_the_defaults() -> None:
    settings = parsed(kind="files", name="spool", path="/var/spool")
    assert (settings.recursive, settings.follow, settings.include) == (True, True, ("*",))
    assert (settings.settle, settings.poll_interval) == (timedelta(seconds=2), timedelta(seconds=1))
    assert settings.max_file_size == 256 * 1024 * 1024


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(ValidationError, match="'files', 's3_sqs'"):
        parsed(kind="file", name="spool", path="/var/spool")


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        ({"name": ""}, "name"),
        ({"name": "has space"}, "name"),
        ({"path": ""}, "path"),
        ({"path": "a\0b"}, "path"),
        ({"folow": True}, "folow"),
        ({"include": []}, "include"),
        ({"max_file_size": 0}, "max_file_size"),
        ({"settle": "2"}, "settle"),
        ({"poll_interval": "0s"}, "poll_interval"),
    ],
)
def test_what_cannot_work_is_refused(settings: dict[str, Any], place: str) -> None:
    with pytest.raises(ValidationError) as caught:
        parsed(**{"kind": "files", "name": "spool", "path": "/var/spool", **settings})
    assert place in caught.value.errors()[0]["loc"]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("1_CloudTrail_eu-west-1_20260101T0000Z_x.json.gz", True),
        ("audit.log.20260101", True),
        ("events", True),
        ("1_CloudTrail_eu-west-1_20260101T0000Z_x.json.gz.6eF2bC1A", False),
        (".1_CloudTrail.json.gz.Xy3abc", False),
        ("a.json.part", False),
        ("a.json~", False),
    ],
)
async def test_names_that_other_programs_write_to_first_are_passed_over(
    tmp_path: Any, name: str, read: bool
) -> None:
    (tmp_path / name).write_bytes(b"{}")
    source = build_source(
        parsed(kind="files", name="spool", path=str(tmp_path), follow=False), Given(SystemClock())
    )
    await source.open()
    batches = await source.read(1)
    assert bool(batches) is read
    for batch in batches:
        await batch.ack()
    await source.close()
