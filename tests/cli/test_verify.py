"""`verify` against an emulator: the verdict is the exit code, and nothing secret is shown."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.aws.buckets import Bucket
from tests.aws.emulator import ACCOUNT, REGION, Emulator
from tests.aws.trails import REGIONS, TRAIL, coverage, log_key, make_trail
from tests.e2e.service import configured
from tests.running import Run
from trailwarden.app.coverage_memory import Memory, recorded
from trailwarden.coverage.arrivals import Arrivals
from trailwarden.model import SystemClock
from trailwarden.settings import load_settings
from trailwarden.store import Commit, open_store


def world(emulator: Emulator, stopped: bool = False) -> None:
    async def made() -> None:
        bucket = Bucket(emulator)
        await bucket.make()
        await make_trail(bucket)
        if stopped:
            await (await bucket.aws.client("cloudtrail")).stop_logging(Name=TRAIL)
        await bucket.close()

    asyncio.run(made())


def config(folder: Path, emulator: Emulator, **more: Any) -> Path:
    aws = {"region": REGION, "endpoint_url": emulator.url, "max_attempts": 1}
    document: dict[str, Any] = {"aws": aws, "coverage": coverage(), **more}
    return configured(folder, "http://127.0.0.1:9/hook", **document)


def fed(path: Path) -> None:
    """What a service would have recorded: files of both Regions, and an alert that was taken."""

    async def recording() -> None:
        now, arrivals = SystemClock().now(), Arrivals()
        for region in REGIONS:
            arrivals.note("trail-bucket", log_key(region), now)
        store = await open_store(load_settings(path).store)
        await store.commit(Commit(checkpoints=recorded(Memory(taken={"hook": now}), arrivals)))
        await store.close()

    asyncio.run(recording())


def test_verified(tmp_path: Path, emulator: Emulator, run: Run) -> None:
    world(emulator)
    path = config(tmp_path, emulator)
    fed(path)
    done = run("verify", "--config", str(path))
    assert done.code == 0, done.out
    assert done.out.splitlines()[-1] == "verified: 2 Regions of 1 account"


def test_before_anything_has_arrived_it_is_unknown_and_no_store_is_made(
    tmp_path: Path, emulator: Emulator, run: Run
) -> None:
    world(emulator)
    done = run("verify", "--config", str(config(tmp_path, emulator)), "--format", "json")
    assert done.code == 3
    states = {one["condition"]: one["status"] for one in done.json()["evidence"]["accounts"][0]["conditions"]}
    assert states["logging"] == "verified"
    assert states["binding"] == "unknown"
    assert not (tmp_path / "state.db").exists()


def test_a_gap(tmp_path: Path, emulator: Emulator, run: Run) -> None:
    world(emulator, stopped=True)
    path = config(tmp_path, emulator)
    fed(path)
    done = run("verify", "--config", str(path), "--format", "ocsf")
    assert done.code == 1
    failed = [one for one in done.json() if one["compliance"]["status"] == "Fail"]
    assert {one["cloud"]["region"] for one in failed} == set(REGIONS)
    assert all(one["class_uid"] == 2003 and one["cloud"]["account"]["uid"] == ACCOUNT for one in failed)


def test_without_credentials_it_is_unknown(
    tmp_path: Path, emulator: Emulator, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    world(emulator)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    done = run("verify", "--config", str(config(tmp_path, emulator)))
    assert done.code == 3
    assert "credentials" in done.out
    assert "hush" not in done.out + done.err


class _Denying(BaseHTTPRequestHandler):
    """Refuses every call, and says in its message what an answer of a careless service might."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        message = "not authorized; Authorization: hush-hush, token=hush-hush, key AKIAHUSHHUSH1234"
        body = json.dumps({"__type": "AccessDeniedException", "message": message}).encode()
        self.send_response(400)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the base class's
        """Nothing."""


@contextmanager
def denying() -> Iterator[Emulator]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Denying)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Emulator(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.usefixtures("emulator")
@pytest.mark.parametrize("form", ["table", "json", "ocsf"])
def test_denied_is_unknown_and_shows_no_secret(tmp_path: Path, run: Run, form: str) -> None:
    with denying() as refusing:
        path = config(tmp_path, refusing)
        fed(path)
        done = run("verify", "--config", str(path), "--format", form)
    assert done.code == 3, done.err
    assert "not authorized" in " ".join(done.out.split())
    assert "hush" not in (done.out + done.err).lower()


def test_an_empty_store_is_left_empty(tmp_path: Path, emulator: Emulator, run: Run) -> None:
    world(emulator)
    (tmp_path / "state.db").touch()
    assert run("verify", "--config", str(config(tmp_path, emulator))).code == 3
    assert (tmp_path / "state.db").read_bytes() == b""


def test_a_store_that_is_not_ours_costs_only_what_it_would_have_told(
    tmp_path: Path, emulator: Emulator, run: Run
) -> None:
    world(emulator)
    with closing(sqlite3.connect(tmp_path / "state.db")) as other:
        other.execute("CREATE TABLE theirs (one)")
    before = (tmp_path / "state.db").read_bytes()
    done = run("verify", "--config", str(config(tmp_path, emulator)), "--format", "json")
    assert done.code == 3
    assert {one["region"] for one in done.json()["evidence"]["accounts"]} == set(REGIONS)
    assert "store_not_read" in done.err
    assert (tmp_path / "state.db").read_bytes() == before


def test_a_store_that_cannot_be_looked_at_is_told(tmp_path: Path, emulator: Emulator, run: Run) -> None:
    world(emulator)
    path = config(tmp_path, emulator, store={"url": f"sqlite:///{tmp_path / ('x' * 300)}"})
    done = run("verify", "--config", str(path))
    assert done.code == 3
    assert "store_not_read" in done.err


def test_a_configuration_without_accounts_is_a_mistake(tmp_path: Path, run: Run) -> None:
    path = configured(tmp_path)
    done = run("verify", "--config", str(path))
    assert done.code == 2
    assert "coverage.accounts" in done.err


def test_the_document_is_that_of_the_service(tmp_path: Path, emulator: Emulator, run: Run) -> None:
    world(emulator)
    document = run("verify", "--config", str(config(tmp_path, emulator)), "--format", "json").json()
    assert set(document) == {"verdict", "reason", "time", "age_seconds", "evidence"}
    assert json.dumps(document).count('"condition"') == 2 * 7 + 2


def test_ids_of_findings_stay(tmp_path: Path, emulator: Emulator, run: Run) -> None:
    world(emulator)
    path = str(config(tmp_path, emulator))
    first, second = (
        [one["finding_info"]["uid"] for one in run("verify", "--config", path, "--format", "ocsf").json()]
        for _ in range(2)
    )
    assert first == second
    assert len(set(first)) == len(first) == 16
