"""`scan s3://`: back-fill from a bucket, of a time, restartable."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.aws.buckets import Bucket
from tests.aws.emulator import REGION, Emulator
from tests.aws.trails import call, log_file, log_key
from tests.running import Run

DAY = datetime(2026, 1, 10, 12, tzinfo=UTC)


@pytest.fixture
def options(emulator: Emulator) -> list[str]:
    """Ten log files, one a day, each with a match; a digest and a file of another kind."""

    async def made() -> None:
        bucket = Bucket(emulator)
        await bucket.make()
        for number in range(10):
            key = log_key("eu-west-1", DAY + timedelta(days=number), prefix="org/")
            await bucket.put(key, log_file(call("CreateVpc"), call("DescribeVpcs")))
        await bucket.put(
            log_key("us-east-1", DAY, prefix="org/").replace("CloudTrail", "CloudTrail-Digest"), b"x"
        )
        await bucket.close()

    asyncio.run(made())
    return ["--endpoint-url", emulator.url, "--region", REGION, "--format", "json"]


@pytest.mark.parametrize(
    ("url", "times", "files"),
    [
        ("s3://trail-bucket", [], 10),
        ("s3://trail-bucket/org/AWSLogs/", [], 10),
        ("s3://trail-bucket/org", ["--since", "2026-01-12", "--until", "2026-01-15T12:00Z"], 4),
        ("s3://trail-bucket/org/AWSLogs", ["--since", "2026-01-19T00:00"], 1),
        ("s3://trail-bucket/", ["--until", "2026-01-11"], 1),
        ("s3://trail-bucket/nothing", ["--since", "2026-01-12"], 0),
    ],
)
def test_the_files_of_a_time(run: Run, options: list[str], url: str, times: list[str], files: int) -> None:
    done = run("scan", url, *times, *options)
    assert done.code == 0, done.err
    totals = done.json()["totals"]
    assert (totals["files"], totals["events"], totals["matched"]) == (files, 2 * files, files)


def test_it_goes_on_where_it_was(run: Run, options: list[str], tmp_path: Path) -> None:
    resume = tmp_path / "done"
    first = run("scan", "s3://trail-bucket", "--until", "2026-01-14", "--resume", str(resume), *options)
    assert first.json()["totals"]["files"] == 4
    names = resume.read_text().splitlines(keepends=True)
    resume.write_text("".join(names)[:-5])  # as a crash would leave it
    second = run("scan", "s3://trail-bucket", "--resume", str(resume), *options)
    assert second.json()["totals"]["files"] == 7
    assert run("scan", "s3://trail-bucket", "--resume", str(resume), *options).json()["totals"]["files"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["s3://no-such-bucket"], "no-such-bucket"),
        (["s3://"], "names no bucket"),
        (["s3://trail-bucket", "--since", "yesterday"], "is no time"),
        (["s3://trail-bucket", "--role-arn", "admin"], "role_arn"),
    ],
)
def test_mistakes_are_one_line(run: Run, options: list[str], arguments: list[str], said: str) -> None:
    done = run("scan", *arguments, *options)
    assert done.code == 2
    assert said in done.err
    assert "Traceback" not in done.err


def test_an_object_that_cannot_be_read_is_its_own_error(
    run: Run, options: list[str], emulator: Emulator
) -> None:
    async def archived() -> None:
        bucket = Bucket(emulator)
        await bucket.put(log_key("eu-west-1", DAY), b"x", StorageClass="GLACIER")
        await bucket.close()

    asyncio.run(archived())
    done = run("scan", "s3://trail-bucket", *options)
    assert done.code == 4
    assert done.json()["totals"]["files"] == 11
    assert any("InvalidObjectState" in (one["error"] or "") for one in done.json()["files"])
