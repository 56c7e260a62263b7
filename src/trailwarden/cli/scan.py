"""`trailwarden scan`: what is in these files? No state, no sinks."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Annotated

import typer

from trailwarden.cli.exit_codes import Exit
from trailwarden.cli.output import print_json, print_line, print_table, shared_folder
from trailwarden.cli.scan_files import FileReport, Totals, scan_all
from trailwarden.cli.scan_format import ScanFormat


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
    from trailwarden.decode import Limits
    from trailwarden.detection import Matcher, load_ruleset

    chosen = tuple(packs) if packs else (() if rule_files else ("cis-vpc",))
    matcher = Matcher(load_ruleset(chosen, tuple(rule_files or ())))
    gc.freeze()  # the modules and the matcher stay; the collector need not walk them again
    gc.enable()
    totals = Totals()
    reports: list[FileReport] = []

    def give(report: FileReport) -> None:
        if output is ScanFormat.JSONL:
            print_line(report.as_dict())
        elif output is ScanFormat.JSON or report.matched or report.quarantined or report.error:
            reports.append(report)

    buckets = [path for path in paths if path.startswith("s3://")]
    files = [path for path in paths if path not in buckets]
    if buckets:
        from trailwarden.cli.scan_s3 import Wanted, moment, scan_bucket
        from trailwarden.cli.scan_s3_options import aws_of

        aws, role = aws_of(region, profile, endpoint_url, role_arn)
        times = moment(since, "--since"), moment(until, "--until")
        for url in buckets:
            scan_bucket(Wanted(url, aws, role, *times, resume), matcher, Limits(), totals, give)
    for report in scan_all(files, matcher, Limits(), threads, totals):
        give(report)
    _print(output, reports, totals)
    if totals.quarantined or totals.unreadable:
        raise typer.Exit(Exit.PARTIAL)
    if fail_on_match and totals.matched:
        raise typer.Exit(Exit.BAD)


def _print(output: ScanFormat, reports: list[FileReport], totals: Totals) -> None:
    if output is ScanFormat.JSON:
        print_json({"files": [report.as_dict() for report in reports], "totals": totals.as_dict()})
    elif output is ScanFormat.JSONL:
        print_line({"totals": totals.as_dict()})
    else:
        folder = shared_folder([report.path for report in reports])
        if folder:
            typer.echo(f"below {folder}")
        rows = (
            [
                r.path.removeprefix(folder),
                str(r.events),
                _counts(r.matches),
                str(r.quarantined or ""),
                r.error or "",
            ]
            for r in reports
        )
        print_table(["file", "events", "matches", "quarantined", "error"], rows, "no matches")
        typer.echo(totals.sentence())


def _counts(matches: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(matches.items()))
