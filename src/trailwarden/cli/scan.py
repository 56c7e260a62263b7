"""`trailwarden scan`: what is in these files? No state, no sinks.

Next: `trailwarden.cli.scan_plain`, by which a plain scan goes around this, and `trailwarden.cli.scan_run`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trailwarden.cli.scan_format import ScanFormat

if TYPE_CHECKING:
    from collections.abc import Callable

    from trailwarden.cli.scan_files import FileReport, Totals
    from trailwarden.cli.scan_run import Others
    from trailwarden.decode import Limits
    from trailwarden.detection import Matcher


def scan(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...|-", help="Files and directories; - is standard input.")
    ],
    packs: Annotated[
        list[str] | None, typer.Option("--pack", help="A bundled pack; may be repeated. Default: cis-vpc.")
    ] = None,
    rule_files: Annotated[
        list[Path] | None, typer.Option("--rules", help="A file of rules; may be repeated.")
    ] = None,
    output: Annotated[
        ScanFormat, typer.Option("--format", help="For people or for programs.")
    ] = ScanFormat.TABLE,
    fail_on_match: Annotated[
        bool, typer.Option("--fail-on-match", help="Exit 1 when something matches.")
    ] = False,
    threads: Annotated[int, typer.Option("--threads", min=1, max=64, help="Worker threads.")] = 2,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="s3:// only: delivered then or later; UTC.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="TIME", help="s3:// only: delivered then or before; UTC.")
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option("--resume", metavar="FILE", help="s3:// only: note what is done there, and skip it."),
    ] = None,
    region: Annotated[str | None, typer.Option("--region", help="s3:// only.")] = None,
    profile: Annotated[str | None, typer.Option("--profile", help="s3:// only.")] = None,
    endpoint_url: Annotated[str | None, typer.Option("--endpoint-url", help="s3:// only.")] = None,
    role_arn: Annotated[str | None, typer.Option("--role-arn", help="s3:// only: assume this role.")] = None,
) -> None:
    """Count the events and the matches in files, directories, or objects of S3.

    Exit codes: 0; 1 with --fail-on-match and a match; 2 bad usage; 4 when anything was quarantined or could not be read
    (4 wins over 1).

    Of s3://bucket/prefix the log files of the time are read, days where the prefix is a trail's, with the
    credentials at hand; a line on standard error tells how far it is. With --resume it can be stopped and goes on.

    Example: trailwarden scan --format json sample/AWSLogs

    Example: trailwarden scan s3://org-trail/AWSLogs --since 2026-01-01 --until 2026-01-31 --resume january.done
    """
    from trailwarden.cli.scan_run import Asked, run_scan

    buckets = [path for path in paths if path.startswith("s3://")]
    others: Others | None = None
    if buckets:
        from trailwarden.cli.scan_s3 import Wanted, moment, scan_bucket
        from trailwarden.cli.scan_s3_options import aws_of

        aws, role = aws_of(region, profile, endpoint_url, role_arn)
        times = moment(since, "--since"), moment(until, "--until")

        def others(
            matcher: Matcher, limits: Limits, totals: Totals, give: Callable[[FileReport], None]
        ) -> None:
            for url in buckets:
                scan_bucket(Wanted(url, aws, role, *times, resume), matcher, limits, totals, give)

    asked = Asked(
        files=tuple(path for path in paths if path not in buckets),
        packs=tuple(packs or ()),
        rule_files=tuple(map(str, rule_files or ())),
        output=output.value,
        fail_on_match=fail_on_match,
        threads=threads,
        others=others,
    )
    raise typer.Exit(run_scan(asked))
