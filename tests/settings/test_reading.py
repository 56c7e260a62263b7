"""A configuration is read by the kinds that it names: the same as if all kinds had been there, mistakes included."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from trailwarden.errors import ConfigError
from trailwarden.model.validation import one_line_each
from trailwarden.settings import Settings, load_settings, shown
from trailwarden.sinks import SINK_MODELS, SinkSettings
from trailwarden.sources import SOURCE_MODELS, SourceSettings

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/trail"
SOURCES: list[dict[str, Any]] = [
    {"kind": "files", "name": "spool", "path": "/var/spool"},
    {"kind": "s3_sqs", "name": "org", "queue_url": QUEUE, "buckets": ["trail"], "ack": "delivered"},
    {"kind": "s3_poll", "name": "poll", "bucket": "trail"},
    {"kind": "kafka", "name": "bus", "bootstrap_servers": ["k:9092"], "topics": ["t"], "group_id": "g"},
    {"kind": "kinesis", "name": "logs", "stream": "s", "lease_table": "leases"},
]
SINKS: list[dict[str, Any]] = [
    {"kind": "stdout", "name": "console"},
    {"kind": "webhook", "name": "siem", "url": "https://siem.example/", "secret": "whsec_" + "c3Nzc3Nz" * 4},
]
WRONG: list[Any] = [
    {},
    {"kind": []},
    {"kind": None},
    {"kind": "fils"},
    {"kind": "stdout"},
    {"kind": "files"},
    5,
    "files",
    None,
]


@st.composite
def items(draw: st.DrawFn, right: list[dict[str, Any]]) -> Any:
    """A list as it should be, more often than not."""
    chosen = draw(st.lists(st.sampled_from(right), max_size=3, unique_by=lambda one: str(one["kind"])))
    made: list[Any] = [
        {**one, **draw(st.sampled_from([{}, {}, {}, {"nmae": "x"}, {"name": ""}]))} for one in chosen
    ]
    return draw(st.sampled_from([made, made, made, [*made, draw(st.sampled_from(WRONG))], None, {}, "files"]))


ACCOUNTS = {"accounts": [{"id": "123456789012"}]}
DOCUMENTS = st.fixed_dictionaries(
    {"sources": items(SOURCES)},
    optional={
        "sinks": items(SINKS),
        "coverage": st.sampled_from([None, {}, ACCOUNTS, ACCOUNTS, {"acounts": []}]),
        "store": st.sampled_from([{"url": "sqlite:///state.db"}, {"ulr": ""}]),
        "extra": st.just(1),
    },
)


def by_whole(document: dict[str, Any], where: str) -> Any:
    try:
        return shown(Settings.model_validate(document))
    except ValidationError as fault:
        return "\n".join(one_line_each(fault, Settings, where))


def by_kinds(path: Path) -> Any:
    try:
        return shown(load_settings(path))
    except ConfigError as fault:
        return str(fault)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DOCUMENTS)
def test_what_is_read_is_what_all_kinds_together_read(tmp_path: Path, document: dict[str, Any]) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(json.dumps(document))  # JSON is YAML
    assert by_kinds(path) == by_whole(document, str(path))


@pytest.mark.parametrize(
    "sources", [*([one] for one in SOURCES), SOURCES], ids=lambda some: some[-1]["kind"] + str(len(some))
)
@pytest.mark.parametrize("sinks", [[], *([one] for one in SINKS), SINKS], ids=len)
def test_a_right_one_is_read(
    tmp_path: Path, sources: list[dict[str, Any]], sinks: list[dict[str, Any]]
) -> None:
    path = tmp_path / "c.yaml"
    sources = sources if sinks else [one for one in sources if "ack" not in one] or SOURCES[:1]
    path.write_text(json.dumps({"sources": sources, "sinks": sinks, "coverage": ACCOUNTS}))
    read = load_settings(path)
    assert [one.kind for one in read.sources] == [one["kind"] for one in sources]
    assert [one.kind for one in read.sinks] == [one["kind"] for one in sinks]
    assert read.coverage is not None
    assert not isinstance(read, Settings), "read by its kinds alone"


@pytest.mark.parametrize(("union", "table"), [(SourceSettings, SOURCE_MODELS), (SinkSettings, SINK_MODELS)])
def test_the_table_has_every_kind_that_the_whole_knows(union: Any, table: dict[str, str]) -> None:
    members = get_args(get_args(union)[0])
    kinds = {get_args(one.model_fields["kind"].annotation)[0]: one for one in members}
    assert {kind: f"{one.__module__}:{one.__name__}" for kind, one in kinds.items()} == table
