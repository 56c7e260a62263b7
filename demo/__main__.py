"""Runs the demo. DEMO_SECONDS=n ends it by itself, DEMO_HTTP_PORT chooses the port of the health page."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import secrets
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console

from demo.receiver import Receiver

CONFIG = "config/demo.yaml"
STARTING_SECONDS = 60
console = Console(highlight=False)
_COLOURS = {"succeeded": "green", "failed": "yellow", "denied": "yellow", "dry_run": "cyan"}


def show(alert: dict[str, Any]) -> None:
    """One alert as two lines: what, and where it was read."""
    outcome = alert["outcome"]["status"]
    console.print(
        f"[dim]{alert['event_time']}[/]  [bold]{alert['severity']:<8}[/] [{_COLOURS.get(outcome, 'white')}]",
        end="",
    )
    console.print(alert["summary"], markup=False, soft_wrap=True)
    console.print(f"    {Path(alert['origin']['locator']).name}", style="dim", markup=False, soft_wrap=True)


def free_port(wanted: int) -> int:
    """The wanted port when it is free, else any."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise SystemExit("no port is free on 127.0.0.1")


async def healthy(base: str, service: asyncio.subprocess.Process) -> dict[str, Any]:
    """The health document, once the service answers; exits when the service ended instead."""
    async with aiohttp.ClientSession() as session:
        for _ in range(STARTING_SECONDS * 5):
            if service.returncode is not None:
                raise SystemExit(f"the service ended with exit code {service.returncode} before it was ready")
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{base}/readyz") as ready:
                    if ready.status == 200:
                        break
            await asyncio.sleep(0.2)
        async with session.get(f"{base}/health") as answer:
            return dict(await answer.json(content_type=None))


async def first_alerts(arrived: asyncio.Queue[None], quiet_seconds: float) -> int:
    """How many alerts came before nothing came for a while."""
    count = 0
    with contextlib.suppress(TimeoutError):
        while True:
            await asyncio.wait_for(arrived.get(), quiet_seconds)
            count += 1
    return count


async def main() -> int:
    """Receiver, service, alerts, verdict; then up until interrupted."""
    arrived: asyncio.Queue[None] = asyncio.Queue()

    def received(alert: dict[str, Any]) -> None:
        show(alert)
        arrived.put_nowait(None)

    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    receiver = Receiver(secret, received)
    await receiver.start()
    port = free_port(int(os.environ.get("DEMO_HTTP_PORT", "8080")))
    base = f"http://127.0.0.1:{port}"
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    with tempfile.TemporaryDirectory(prefix="trailwarden-demo-") as state:
        environment = os.environ | {
            "DEMO_WEBHOOK_URL": receiver.url,
            "DEMO_WEBHOOK_SECRET": secret,
            "DEMO_STATE": state,
            "DEMO_HTTP_PORT": str(port),
        }
        console.rule("Trailwarden over 55 real CloudTrail files (sample/AWSLogs)")
        service = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("trailwarden")), "run", "--config", CONFIG,
            env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            await healthy(base, service)
            count = await first_alerts(arrived, 3.0)
            report(await healthy(base, service), count, receiver.refused, base)
            seconds = os.environ.get("DEMO_SECONDS")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), float(seconds) if seconds else None)
        finally:
            if service.returncode is None:
                service.terminate()
            await service.wait()
            await receiver.stop()
    console.print("The demo has ended; nothing of it is left running.")
    return 0


def report(health: dict[str, Any], count: int, refused: int, base: str) -> None:
    """The verdict, with the reasons for everything that is not a pass."""
    console.rule("Verdict")
    console.print(f"{count} alerts arrived with a valid signature, {refused} were refused.")
    console.print(f"Health: [bold]{health['status']}[/]")
    for name, checks in health["checks"].items():
        for check in checks:
            if check["status"] != "pass":
                console.print(f"  {name}: {check['status']}: {check.get('output', '')}", markup=False)
    console.print(f"Look around: {base}/  {base}/health  {base}/coverage  {base}/metrics")
    console.print("The service goes on; Ctrl-C ends it.")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
