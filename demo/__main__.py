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
import time
from pathlib import Path
from typing import Any

import aiohttp
from rich.console import Console

from demo.receiver import Receiver
from demo.sandbox import ACCOUNT, Sandbox

CONFIG = "config/demo.yaml"
SAMPLE = sorted(Path("sample/AWSLogs").rglob("*.gz"))
STARTING_SECONDS = 60
PAGES = {
    "/": "the page",
    "/health": "health",
    "/coverage": "the verdict, all evidence",
    "/metrics": "for Prometheus",
}
console = Console(highlight=False)
_COLOURS = {"succeeded": "green", "failed": "yellow", "denied": "yellow", "dry_run": "cyan"}


def show(alert: dict[str, Any]) -> None:
    """One alert as two lines: what, and where it was read."""
    outcome = alert["outcome"]["status"] if alert["outcome"] else ""
    console.print(
        f"[dim]{alert['event_time']}[/]  [bold]{alert['severity']:<13}[/] [{_COLOURS.get(outcome, 'white')}]",
        end="",
    )
    console.print(alert["summary"], markup=False, soft_wrap=True)
    if alert["kind"] == "event_match":
        where = Path(alert["origin"]["locator"]).name
        console.print(f"    {where}", style="dim", markup=False, soft_wrap=True)


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


async def verdict(base: str, wanted: str) -> dict[str, Any]:
    """The document at /coverage once it says what is expected, or what it says after a while."""
    document: dict[str, Any] = {}
    async with aiohttp.ClientSession() as session:
        for _ in range(STARTING_SECONDS * 5):
            async with session.get(f"{base}/coverage") as answer:
                document = await answer.json(content_type=None)
            if document["verdict"] == wanted:
                break
            await asyncio.sleep(0.2)
    return document


async def main() -> int:
    """Emulator, receiver, service; alerts, verdict; the trail is stopped; then up until interrupted."""
    arrived: asyncio.Queue[None] = asyncio.Queue()

    def received(alert: dict[str, Any]) -> None:
        show(alert)
        arrived.put_nowait(None)

    secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    receiver, sandbox = Receiver(secret, received), Sandbox()
    await receiver.start()
    await sandbox.start()
    port = free_port(int(os.environ.get("DEMO_HTTP_PORT", "8080")))
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    with tempfile.TemporaryDirectory(prefix="trailwarden-demo-") as state:
        environment = os.environ | {
            "DEMO_AWS_URL": sandbox.url,
            "DEMO_QUEUE_URL": sandbox.queue_url,
            "DEMO_WEBHOOK_URL": receiver.url,
            "DEMO_WEBHOOK_SECRET": secret,
            "DEMO_STATE": state,
            "DEMO_HTTP_PORT": str(port),
        }
        console.rule("Trailwarden beside a trail")
        console.print(
            f"An emulated AWS on this machine: account {ACCOUNT} has a trail that writes to a bucket, and a queue\n"
            "announces its files. Trailwarden reads them, sends its alerts to a receiver here, and asks AWS about the trail.",
            soft_wrap=True,
        )
        service = await asyncio.create_subprocess_exec(
            str(Path(sys.executable).with_name("trailwarden")), "run", "--config", CONFIG,
            env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            await course(f"http://127.0.0.1:{port}", service, sandbox, receiver, arrived)
            seconds = os.environ.get("DEMO_SECONDS")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), float(seconds) if seconds else None)
        finally:
            if service.returncode is None:
                service.terminate()
            await service.wait()
            await receiver.stop()
            sandbox.stop()
    console.print("The demo has ended; nothing of it is left running.")
    return 0


async def course(
    base: str,
    service: asyncio.subprocess.Process,
    sandbox: Sandbox,
    receiver: Receiver,
    arrived: asyncio.Queue[None],
) -> None:
    """What happens, in this order."""
    await healthy(base, service)
    console.rule("1. The feed")
    console.print(
        f"{len(SAMPLE)} real log files are delivered now: an attack that was simulated in 2023, in another account.\n"
        "An alert: when, how severe, what; below it, the file in which it was read.",
        soft_wrap=True,
    )
    await sandbox.deliver_files(SAMPLE)
    count = await first_alerts(arrived, 3.0)
    console.print(
        f"{count} alerts arrived with a valid signature, {receiver.refused} were refused.", soft_wrap=True
    )
    console.rule("2. Would this feed show a VPC change?")
    coverage(await verdict(base, "verified"))
    console.rule("3. Somebody stops the trail")
    console.print(
        "From now on nothing more would be seen. Trailwarden sees the call that does it, and asks AWS at once."
    )
    await sandbox.stop_trail()
    began = time.monotonic()
    stopped = await verdict(base, "gap")
    seconds = time.monotonic() - began
    await first_alerts(arrived, 3.0)
    console.rule("4. Would this feed show a VPC change?")
    coverage(stopped)
    if stopped["verdict"] == "gap":
        console.print(f"It took {seconds:.1f} s from the delivery of that call to this verdict.")
    console.rule()
    for path, what in PAGES.items():
        console.print(f"  {base}{path:<10} {what}", soft_wrap=True)
    console.print("The service goes on; Ctrl-C ends it.")


def coverage(document: dict[str, Any]) -> None:
    """The verdict, and every condition of one Region with what it rests on and what to do."""
    colour = {"verified": "green", "gap": "red"}.get(document["verdict"], "yellow")
    console.print(f"[bold {colour}]{document['verdict']}[/]: ", end="")
    console.print(document["reason"], markup=False, soft_wrap=True)
    region = document["evidence"]["accounts"][0]
    console.print(f"account {region['account']}, {region['region']}:", style="dim")
    for one in [*region["conditions"], *document["evidence"]["conditions"]]:
        console.print(
            f"  {one['status']:<9} {one['condition']:<18} {one['sentence']}", markup=False, soft_wrap=True
        )
        if one["status"] != "verified":
            console.print(f"{'':<31}→ {one['remedy']}", style="dim", markup=False, soft_wrap=True)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
