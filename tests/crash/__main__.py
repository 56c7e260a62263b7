"""`python -m tests.crash --rounds 50`: the long form, with a line a round. Exit code 1 when an alert is missing or doubled."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.crash.harness import FILES_PER_ROUND, crash_rounds
from tests.crash.kinds import FEEDS
from tests.crash.stores import STATES


def main() -> int:
    """Run and report."""
    parser = argparse.ArgumentParser(
        description="Kill the service at random points; every alert must arrive once."
    )
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--source", choices=list(FEEDS), help="files with a store of its own, s3_sqs otherwise"
    )
    parser.add_argument("--store", choices=list(STATES), default="sqlite")
    parser.add_argument("--files", type=int, default=FILES_PER_ROUND, help="new files in each round")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="trailwarden-crash-") as folder:
        verdict = asyncio.run(
            crash_rounds(
                Path(folder),
                options.rounds,
                options.seed,
                print,
                options.source or ("files" if options.store == "sqlite" else "s3_sqs"),
                options.files,
                options.store,
            )
        )
    print(
        f"{verdict.rounds} kills, {verdict.expected} alerts expected: {len(verdict.missing)} missing, "
        f"{len(verdict.doubled)} under two ids, {len(verdict.unexpected)} unexpected, {verdict.left} messages left"
    )
    return 0 if verdict.good else 1


if __name__ == "__main__":
    sys.exit(main())
