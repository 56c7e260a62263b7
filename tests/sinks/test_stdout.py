"""Lines of an earlier process that were cut short do not swallow an alert."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sinks.alerts import alert
from trailwarden.sinks.stdout import StdoutSettings, StdoutSink


@pytest.mark.parametrize(
    ("before", "after"), [(b"", b""), (b"{}\n", b"{}\n"), (b'{"id":"half', b'{"id":"half\n')]
)
async def test_an_alert_begins_on_a_line_of_its_own(tmp_path: Path, before: bytes, after: bytes) -> None:
    file = tmp_path / "alerts.jsonl"
    file.write_bytes(before)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND)
    try:
        sink = StdoutSink(StdoutSettings(kind="stdout", name="s"), descriptor)
        await sink.open()
        await sink.send(alert(), 1)
    finally:
        os.close(descriptor)
    assert file.read_bytes() == after + alert().document + b"\n"
