"""Every path, over real connections."""

from __future__ import annotations

import asyncio
import json
import re
from urllib.parse import urlsplit

import pytest

from tests.health.conftest import Running
from tests.health.test_model import NOW, check
from trailwarden.errors import ConfigError
from trailwarden.health import Coverage, HealthSettings, Status, StatusBoard, start
from trailwarden.health.answers import PATHS
from trailwarden.telemetry import Metrics


async def test_livez_is_ok_while_the_main_loop_ticks(running: Running) -> None:
    assert (await running.get("/livez"))[::2] == (200, "ok\n")
    running.clock.seconds = 61
    assert (await running.get("/livez"))[::2] == (503, "failed: process:heartbeat\n")
    running.board.heartbeat()
    assert (await running.get("/livez"))[0] == 200


async def test_livez_does_not_depend_on_the_outside(running: Running) -> None:
    running.board.set(check("sink:siem", Status.FAIL, affects_ready=True))
    running.board.drain()
    assert (await running.get("/livez"))[0] == 200


async def test_readyz_waits_for_the_first_check(running: Running) -> None:
    assert (await running.get("/readyz"))[::2] == (503, "failed: process:start\n")
    running.board.set(check("sink:siem"))
    assert (await running.get("/readyz"))[0] == 503
    running.board.set(check("store:commit", affects_ready=True))
    assert (await running.get("/readyz"))[::2] == (200, "ok\n")


async def test_readyz_fails_with_a_check_that_matters_and_only_then(running: Running) -> None:
    running.board.set(check("store:commit", Status.WARN, affects_ready=True))
    running.board.set(check("sink:siem", Status.FAIL))
    assert (await running.get("/readyz"))[0] == 200
    running.board.set(check("store:commit", Status.FAIL, affects_ready=True))
    assert (await running.get("/readyz"))[::2] == (503, "failed: store:commit\n")


async def test_readyz_fails_when_the_main_loop_is_stuck(running: Running) -> None:
    running.board.set(check("store:commit", affects_ready=True))
    running.clock.seconds = 61
    assert (await running.get("/readyz"))[0] == 503


async def test_draining_is_alive_but_not_ready(running: Running) -> None:
    running.board.set(check("store:commit", affects_ready=True))
    running.board.drain()
    assert (await running.get("/readyz"))[::2] == (503, "failed: process:draining\n")
    assert (await running.get("/livez"))[0] == 200
    document = json.loads((await running.get("/health"))[2])
    assert document["notes"][0] == "the service is being stopped"
    assert "Stopping" in (await running.get("/"))[2]


async def test_verbose_lists_every_check_with_its_reason(running: Running) -> None:
    running.board.set(check("store:commit", Status.FAIL, output="disk full", affects_ready=True))
    assert (await running.get("/readyz?verbose"))[2].splitlines() == [
        "[+]process:heartbeat ok",
        "[-]store:commit failed: disk full",
        "readyz check failed",
    ]
    assert (await running.get("/livez?verbose"))[2].splitlines() == [
        "[+]process:heartbeat ok",
        "livez check passed",
    ]


@pytest.mark.parametrize(("status", "code"), [(Status.PASS, 200), (Status.WARN, 200), (Status.FAIL, 503)])
async def test_health_answers_by_the_worst_check(running: Running, status: Status, code: int) -> None:
    running.board.set_coverage(Coverage("verified", "all conditions hold", NOW))
    running.board.set(check("store:commit", status, output="as it is"))
    got, response, text = await running.get("/health")
    assert got == code
    assert response.content_type == "application/health+json"
    assert json.loads(text)["status"] == status


async def test_a_stale_check_is_a_warning(running: Running) -> None:
    running.board.set_coverage(Coverage("verified", "all conditions hold", NOW))
    running.board.set(check("source:spool", max_age=10.0))
    assert json.loads((await running.get("/health"))[2])["status"] == "pass"
    running.clock.seconds = 11
    document = json.loads((await running.get("/health"))[2])
    assert document["status"] == "warn"
    assert document["checks"]["source:spool"][0]["output"].startswith("stale")


@pytest.mark.parametrize(("verdict", "code"), [("verified", 200), ("gap", 503), ("unknown", 503)])
async def test_only_verified_coverage_is_a_success(running: Running, verdict: str, code: int) -> None:
    coverage = Coverage(verdict, "because", NOW, {"logging": {"status": verdict}})  # type: ignore[arg-type]  # one of the three
    running.board.set_coverage(coverage)
    status, _, text = await running.get("/coverage")
    assert status == code
    document = json.loads(text)
    assert 0 <= document.pop("age_seconds") < 60
    assert document == {
        "verdict": verdict, "reason": "because", "time": "2026-01-31T12:00:00.000Z", "evidence": {"logging": {"status": verdict}},
    }  # fmt: skip


async def test_coverage_is_unknown_where_it_is_not_configured(running: Running) -> None:
    status, _, text = await running.get("/coverage")
    assert status == 503
    document = json.loads(text)
    assert (document["verdict"], document["reason"]) == ("unknown", "not configured")


async def test_metrics_follow_the_accept_header(running: Running) -> None:
    running.metrics.count_events("spool", 6, 1, 2, 3)
    _, response, text = await running.get("/metrics")
    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'trailwarden_events_seen_total{source="spool"} 6.0' in text
    _, response, text = await running.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert response.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    assert text.endswith("# EOF\n")


@pytest.mark.parametrize("path", PATHS)
async def test_every_path_reads_and_nothing_writes(running: Running, path: str) -> None:
    status, response, text = await running.get(path)
    assert status in {200, 503}
    assert text
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    head = await running.get(path, "HEAD")
    assert (head[0], head[2]) == (status, "")
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
        refused, response, _ = await running.get(path, method)
        assert (refused, response.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/nope", "/livez/", "/health/../nope", "/%2e%2e/etc/passwd", "//"])
async def test_any_other_path_is_404_in_json(running: Running, path: str) -> None:
    status, response, text = await running.get(path)
    assert (status, response.content_type) == (404, "application/json")
    assert json.loads(text)["paths"] == list(PATHS)


async def raw(running: Running, data: bytes) -> bytes:
    """What the server answers to these bytes until it closes the connection."""
    parts = urlsplit(running.server.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(data)
        return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /" + b"x" * 10_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x00\xf4 this is not HTTP\r\n\r\n",
    ],
    ids=["line", "header", "garbage"],
)
async def test_requests_out_of_bounds_are_refused(running: Running, request_bytes: bytes) -> None:
    answer = await raw(running, request_bytes)
    assert answer == b"" or re.match(rb"HTTP/1\.[01] 4\d\d ", answer)
    assert (await running.get("/livez"))[0] == 200


async def test_a_connection_is_for_one_request(running: Running) -> None:
    answer = await raw(running, b"GET /livez HTTP/1.1\r\nHost: h\r\n\r\n" * 2)
    assert answer.count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize("sent", [b"", b"GET /livez HT", b"GET /livez HTTP/1.1\r\nHost: h\r\nX-Slow: "])
async def test_who_says_nothing_is_not_waited_for(sent: bytes) -> None:
    server = await start(HealthSettings(port=0), StatusBoard(), Metrics(), connection_seconds=0.05)
    parts = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(sent)
    assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    await server.close()


async def test_too_many_connections_are_closed_at_once() -> None:
    server = await start(HealthSettings(port=0), StatusBoard(), Metrics(), max_connections=2)
    parts = urlsplit(server.url)
    held = [await asyncio.open_connection(parts.hostname, parts.port) for _ in range(2)]
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    assert await asyncio.wait_for(reader.read(), 5) == b""
    for _, one in [*held, (reader, writer)]:
        one.close()
    await server.close()


async def test_a_port_in_use_is_one_line_with_the_mend(running: Running) -> None:
    port = urlsplit(running.server.url).port or 0
    with pytest.raises(ConfigError) as caught:
        await start(HealthSettings(port=port), running.board, running.metrics)
    assert str(caught.value) == (
        f"http: 127.0.0.1:{port} is in use already: stop the other program, or choose another port "
        "with http.port (0: any)"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
async def test_an_address_of_another_machine_is_a_config_error(host: str) -> None:
    with pytest.raises(ConfigError, match=rf"^http: {re.escape(host)}:0 .*http\.host"):
        await start(HealthSettings(host=host, port=0), StatusBoard(), Metrics())


async def test_close_ends_open_connections_and_frees_the_port(running: Running) -> None:
    parts = urlsplit(running.server.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    assert (await running.get("/livez"))[0] == 200  # by now the first connection is accepted
    await running.server.close()
    assert await asyncio.wait_for(reader.read(), 5) == b""
    writer.close()
    again = await start(HealthSettings(port=parts.port or 0), running.board, running.metrics)
    assert again.url == running.server.url
    await again.close()
    await again.close()
