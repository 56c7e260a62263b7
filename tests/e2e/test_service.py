"""The real service: spool in, webhook out, health and metrics, drain."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path

from tests.e2e.service import command, configured, running
from tests.receiver import answer, receiving
from tests.running import ROOT

SAMPLE = ROOT / "sample/AWSLogs"
FILE = next(SAMPLE.rglob("*nBsuPO1qSTEVerMD*"))  # 222 events, one CreateVpc


def put(folder: Path, source: Path = FILE, name: str = "one.json.gz") -> None:
    """Into the spool, renamed into place."""
    part = folder / "spool" / f".{name}"
    shutil.copy(source, part)
    part.rename(folder / "spool" / name)


async def test_from_the_spool_to_the_receiver(tmp_path: Path) -> None:
    async with receiving(answer(503)) as receiver:
        config = configured(tmp_path, receiver.url)
        async with running(config) as service:
            put(tmp_path)
            await receiver.until(2)  # one refused with 503, one taken
            assert receiver.ids[0] == receiver.ids[1]
            assert receiver.refused == 0
            status, _ = await service.get("/readyz")
            assert status == 200
            body = await service.until(
                "/health", lambda _status, text: '"outbox' in text or "sink:hook" in text
            )
            assert json.loads(body)["checks"]["coverage:verdict"][0]["output"] == "unknown: not configured"
            status, text = await service.get("/coverage")
            assert (status, json.loads(text)["verdict"]) == (503, "unknown")
            assert await service.metric("events_seen_total") == 222
            assert await service.metric("events_matched_total") == 1
            assert await service.metric("events_unmatched_total") == 221
            assert await service.end() == 0
        assert any(entry["event"] == "draining" for entry in service.log)


async def test_a_restart_reads_nothing_twice(tmp_path: Path) -> None:
    async with receiving() as receiver:
        config = configured(tmp_path, receiver.url)
        put(tmp_path)
        for _ in range(2):
            code, _, err = await command("run", "--config", str(config), "--once")
            assert code == 0, err
        assert len(receiver.ids) == 1


async def test_once_says_what_is_left(tmp_path: Path) -> None:
    async with receiving(always=answer(400)) as receiver:
        config = configured(tmp_path, receiver.url)
        put(tmp_path)
        code, _, err = await command("run", "--config", str(config), "--once")
        assert code == 3, err
        assert "alerts_left_undelivered" in err
        code, out, _ = await command(
            "outbox", "list", "--config", str(config), "--state", "dead", "--format", "json"
        )
        (row,) = json.loads(out)
        assert (code, row["reason"]) == (0, "refused")
        receiver.always = None
        assert (await command("outbox", "retry", "--config", str(config), "--all"))[
            1
        ] == "1 deliveries are due again\n"
        assert (await command("run", "--config", str(config), "--once"))[0] == 0
        assert receiver.ids[-1] == row["alert_id"]
        shown = await command("outbox", "show", "--config", str(config), row["alert_id"])
        assert json.loads(shown[1])["id"] == row["alert_id"]


async def test_alerts_of_a_sink_that_is_gone_are_told_of(tmp_path: Path) -> None:
    async with receiving(always=answer(404)) as receiver:
        config = configured(tmp_path, receiver.url)
        put(tmp_path)
        await command("run", "--config", str(config), "--once")
        _, _, err = await command("run", "--config", str(configured(tmp_path)), "--once")
        (told,) = [json.loads(line) for line in err.splitlines() if "alerts_wait_for_an_unknown_sink" in line]
        assert (told["sink"], told["pending"]) == ("hook", 1)


async def test_a_dead_letter_can_be_discarded(tmp_path: Path) -> None:
    async with receiving(always=answer(400)) as receiver:
        config = configured(tmp_path, receiver.url)
        put(tmp_path)
        await command("run", "--config", str(config), "--once")
        assert (await command("outbox", "discard", "--config", str(config)))[0] == 2
        assert (await command("outbox", "discard", "--config", str(config), "--all"))[1].startswith(
            "1 deliveries"
        )
        assert (await command("run", "--config", str(config), "--once"))[0] == 0


async def test_once_says_what_could_not_be_read(tmp_path: Path) -> None:
    config = configured(tmp_path)
    (tmp_path / "spool" / "loop.json").symlink_to(tmp_path / "spool" / "loop.json")
    code, _, err = await command("run", "--config", str(config), "--once")
    assert code == 4
    assert "not_everything_was_read" in err


async def test_quarantine_from_list_to_retry(tmp_path: Path) -> None:
    config = configured(tmp_path)
    whole = FILE.read_bytes()
    (tmp_path / "spool" / "cut.json.gz").write_bytes(whole[: len(whole) // 2])
    code, _, _ = await command("run", "--config", str(config), "--once")
    assert code == 4
    _, out, _ = await command("quarantine", "list", "--config", str(config), "--format", "json")
    (row,) = json.loads(out)
    assert (row["reason"], row["origin"]["kind"]) == ("truncated", "files")
    _, out, _ = await command("quarantine", "export", "--config", str(config))
    assert json.loads(out)["payload_bytes"] == len(whole) // 2
    assert (await command("quarantine", "retry", "--config", str(config)))[0] == 4
    with sqlite3.connect(tmp_path / "state.db") as database:  # as if an update had taught us to read it
        database.execute("UPDATE quarantine SET payload = ?", (whole,))
    code, out, err = await command("quarantine", "retry", "--config", str(config))
    assert (code, out) == (0, "1 rows were decoded (1 new alerts), 0 stay in quarantine\n"), err
    assert (await command("quarantine", "list", "--config", str(config)))[1] == "the quarantine is empty\n"


async def test_a_locked_database_is_waited_for_and_nothing_is_lost(tmp_path: Path) -> None:
    async with receiving() as receiver:
        config = configured(tmp_path, receiver.url)
        async with running(config) as service:
            lock = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
            lock.execute("BEGIN IMMEDIATE")
            put(tmp_path)
            body = await service.until(
                "/readyz?verbose", lambda status, text: status == 503 and "store" in text
            )
            assert re.search(r"store.*(locked|busy)", body), body
            assert (await service.get("/livez"))[0] == 200
            lock.execute("ROLLBACK")
            lock.close()
            await receiver.until(1)
            await service.until("/readyz", lambda status, _text: status == 200)
            assert await service.end() == 0


async def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    from tests.receiver import hang

    async with receiving(always=hang) as receiver:
        config = configured(tmp_path, receiver.url)
        config.write_text(
            config.read_text().replace('"timeout": "1s"', '"timeout": "60s"')
        )  # the first one waits for it
        async with running(config) as service:
            put(tmp_path)
            await receiver.until(1)
            service.process.terminate()
            await service.until("/readyz", lambda status, _text: status == 503)
            service.process.terminate()
            assert await service.process.wait() == 128 + 15


async def test_a_port_in_use_and_a_missing_directory_are_one_line_each(tmp_path: Path) -> None:
    async with receiving() as receiver:
        port = int(receiver.url.rsplit(":", 1)[1].split("/")[0])
        config = configured(tmp_path, http={"port": port})
        code, _, err = await command("run", "--config", str(config))
        assert code == 2
        assert str(port) in err.splitlines()[-1]
    config = configured(tmp_path, store={"url": "sqlite:////nowhere/at/all/state.db"})
    code, _, err = await command("run", "--config", str(config))
    assert code in (2, 3)
    assert "/nowhere/at/all" in err
    assert "Traceback" not in err
