"""Runs of payloads through the ingest: what came of one has its own place, and the stream's cut into runs changes nothing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import orjson

from tests.pipeline.parts import MemoryRun, a_store
from tests.pipeline.test_ingest import ingest
from trailwarden.errors import Reason, UnusableError
from trailwarden.store import OutboxFilter, QuarantineFilter, Store


def record(event_id: str, name: str = "DescribeVpcs") -> bytes:
    event = {"eventVersion": "1.08", "eventName": name, "eventID": event_id}
    return json.dumps(event, separators=(",", ":")).encode()


PAYLOADS: list[bytes | UnusableError] = [
    *(record(f"a{number}") for number in range(10)),
    record("wanted", "DeleteVpc"),
    b"hello",
    UnusableError(Reason.TOO_LARGE, "a message of 20 MiB"),
    gzip.compress(record("packed", "CreateVpc")),
    b"null",
]


async def places(store: Store) -> dict[str, object]:
    """Alert id -> where its event was."""
    found: dict[str, object] = {}
    for row in await store.outbox(OutboxFilter()):
        alert = await store.alert(row.alert_id)
        assert alert is not None
        origin = orjson.loads(alert.document)["origin"]
        found[row.alert_id] = (origin["locator"], origin["offset"], origin["index"])
    return found


async def test_alerts_and_rows_of_the_quarantine_have_the_place_of_their_payload(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        run = MemoryRun(100, PAYLOADS)
        work = ingest(store, [run])
        await work.run()
        assert run.answers == ["ack"]
        assert sorted((await places(store)).values(), key=str) == [
            ("stream@110", 110, 0),
            ("stream@113", 113, 0),
        ]
        rows = await store.quarantine(QuarantineFilter())
        assert {(row.origin["locator"], row.reason) for row in rows} == {
            ("stream@111", Reason.NOT_JSON),
            ("stream@112", Reason.TOO_LARGE),
        }
        counts = work.metrics.events()["memory"]
        assert (counts.seen, counts.matched, counts.unmatched, counts.quarantined) == (14, 2, 10, 2)


async def test_a_replay_that_is_cut_otherwise_makes_nothing_new(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await ingest(store, [MemoryRun(100, PAYLOADS)]).run()
        before = await places(store)
        await ingest(store, [MemoryRun(100, PAYLOADS[:11]), MemoryRun(111, PAYLOADS[11:])]).run()
        assert await places(store) == before
        assert len(await store.quarantine(QuarantineFilter())) == 2


async def test_a_run_has_no_row_in_the_inventory_and_its_bytes_are_counted(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        run = MemoryRun(0, PAYLOADS)
        work = ingest(store, [run])
        await work.run()
        assert not await store.known("memory", [run.key])
        text, _ = work.metrics.render()
        size = sum(len(payload) for payload in PAYLOADS if isinstance(payload, bytes))
        assert f'trailwarden_received_bytes_total{{source="memory"}} {float(size)}' in text.decode()
