"""The figure of the audit: its run time against the calls that it makes and nothing else.

Keeps: both sides make the same calls to the same emulator, with clients of their own and the same number of them at once;
the audit must have found that every control passes.

Next: `bench.audit_account`, the account.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.audit_account import ACCOUNT, REGION, REGIONS
from bench.matching import Disagreement
from bench.setting import Figure, Setting
from bench.timing import in_turns
from trailwarden.app.audit import AuditJob, audited
from trailwarden.audit.collect import AT_ONCE
from trailwarden.audit.controls import every_control
from trailwarden.audit.deployed import deployed
from trailwarden.audit.judgement import every_sample
from trailwarden.audit.played import Recorder
from trailwarden.audit.recording import RecordedCall
from trailwarden.audit.report import AuditReport
from trailwarden.audit.samples import samples
from trailwarden.audit.trail import needed
from trailwarden.aws import Aws, AwsSettings, Role
from trailwarden.coverage.settings import AccountSettings

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "bench",
    "AWS_SECRET_ACCESS_KEY": "bench",
    "AWS_EC2_METADATA_DISABLED": "true",
}


def audit_vs_bare_calls(setting: Setting) -> list[Figure]:
    """All fifteen controls of a large account."""
    os.environ.update(_CREDENTIALS)
    with _emulator() as url:
        job = _job(url)
        recorder = Recorder()
        _checked(asyncio.run(audited(replace(job, sign_in=recorder.sign_in), _say_nothing)))
        calls = recorder.calls

        def audit() -> None:
            for made in (samples, every_sample, deployed, needed):
                made.cache_clear()  # as in a process that has just begun
            _checked(asyncio.run(audited(job, _say_nothing)))

        taken = in_turns({"audit": audit, "bare": lambda: asyncio.run(_bare(job.aws, calls))}, setting.rounds)
    return [
        Figure("audit_vs_bare_calls", taken.faster("bare", "audit")),
        Figure("audit_calls", len(calls), "calls"),
        Figure("audits_per_s", taken.rate("audit", 1), "1/s"),
        Figure("bare_calls_per_s", taken.rate("bare", len(calls)), "calls/s"),
    ]


def _job(url: str) -> AuditJob:
    return AuditJob(
        aws=AwsSettings.model_validate({"region": REGION, "endpoint_url": url}),
        accounts=(AccountSettings(id=ACCOUNT, regions=REGIONS),),
        controls=every_control(),
        own=None,
        at=datetime.now(UTC),
        patience=timedelta(minutes=5),
    )


async def _bare(settings: AwsSettings, calls: Sequence[RecordedCall]) -> None:
    """The calls, and nothing with their answers."""
    aws = Aws(settings, Role())
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(call: RecordedCall) -> None:
        async with turns:
            client = await aws.client(call.service, call.region)
            await getattr(client, call.operation)(**call.asked)

    try:
        async with asyncio.TaskGroup() as group:
            for call in calls:
                group.create_task(one(call))
    finally:
        await aws.close()


def _checked(report: AuditReport) -> None:
    bad = [one.control.key for one in report.outcomes if one.result.value != "pass"]
    if bad or len(report.outcomes) != len(every_control()):
        raise Disagreement(f"the audit says that {', '.join(bad) or 'something'} does not pass")


def _say_nothing(_line: str) -> None:
    """Nobody watches."""


@contextmanager
def _emulator() -> Iterator[str]:
    """Its address."""
    command = [sys.executable, "-m", "bench.audit_account"]
    pipes: dict[str, Any] = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.DEVNULL,
    }
    with subprocess.Popen(command, text=True, **pipes) as process:
        try:
            yield str(process.stdout.readline().strip()) if process.stdout is not None else ""
        finally:
            process.kill()
