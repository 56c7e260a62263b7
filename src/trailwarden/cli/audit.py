"""`trailwarden audit`: are the monitoring controls met, through CloudWatch or through the SIEM?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from trailwarden.cli.exit_codes import Exit
from trailwarden.errors import ConfigError, TrailwardenError

if TYPE_CHECKING:
    from trailwarden.audit.document import AuditDocument


class AuditFormat(StrEnum):
    """`--format` of `audit`."""

    TABLE = "table"
    JSON = "json"
    OCSF = "ocsf"
    JUNIT = "junit"
    HTML = "html"
    COMMANDS = "commands"
    TERRAFORM = "terraform"


def audit(
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            "-c",
            metavar="FILE",
            help="The configuration: its accounts, and the way through Trailwarden, too.",
        ),
    ] = None,
    control: Annotated[
        list[str] | None,
        typer.Option(
            "--control",
            metavar="NUMBER|all",
            help="4.14 (the default), 5.14, CloudWatch.14, or all; may be repeated.",
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option("--profile", metavar="NAME", help="Of the shared AWS configuration; without --config."),
    ] = None,
    region: Annotated[
        str | None, typer.Option("--region", metavar="REGION", help="Of the first calls; without --config.")
    ] = None,
    role_arn: Annotated[
        list[str] | None,
        typer.Option(
            "--role-arn", metavar="ARN", help="A role in the account; without --config; one for each account."
        ),
    ] = None,
    external_id: Annotated[
        str | None, typer.Option("--external-id", metavar="ID", help="Where the roles ask for one.")
    ] = None,
    output: Annotated[
        AuditFormat,
        typer.Option(
            "--format",
            help="For people; the published document; OCSF Compliance Findings; JUnit XML; one page of HTML; or what is "
            "missing, as commands of the AWS CLI or as Terraform.",
        ),
    ] = AuditFormat.TABLE,
    mask: Annotated[
        bool, typer.Option("--mask", help="Replace account ids, the same one always by the same.")
    ] = False,
    record: Annotated[
        Path | None,
        typer.Option("--record", metavar="DIR", help="Keep what AWS answered, to audit it again."),
    ] = None,
    replay: Annotated[
        Path | None,
        typer.Option("--replay", metavar="DIR", help="Audit what was recorded; AWS is not asked."),
    ] = None,
    timeout: Annotated[
        str, typer.Option("--timeout", metavar="DURATION", help="For all calls about one account.")
    ] = "5m",
) -> None:
    """Audit the monitoring controls of CIS AWS Foundations as their procedure says, and tell what is missing.

    Two ways meet a control: CloudTrail to CloudWatch Logs, metric filter, alarm, topic and subscriber; or CloudTrail to a
    SIEM, as Trailwarden watches it (with --config). Each link is judged by what it does and not by its text. Exit code 0 for
    pass, 1 where a control fails, 3 where one is unknown.

    Example: trailwarden audit --control all --role-arn arn:aws:iam::123456789012:role/audit --format html > audit.html
    """
    from trailwarden.cli.audit_run import Wanted, report

    if config is not None and (profile or region or role_arn or external_id):
        raise ConfigError(
            "--config together with --profile, --region, --role-arn or --external-id: they stand in the configuration"
        )
    if replay is not None and (config or record or profile or region or role_arn or external_id):
        raise ConfigError(
            "--replay takes accounts and all else from the recording: leave out the other options"
        )
    if mask and record is not None:
        raise ConfigError(
            "--mask with --record: a recording holds account ids; leave out one of the two, and mask the replay"
        )
    wanted = Wanted(
        config=config,
        controls=tuple(control or ("4.14",)),
        profile=profile,
        region=region,
        roles=tuple(role_arn or ()),
        external_id=external_id,
        record=record,
        replay=replay,
        timeout=timeout,
        mask=mask,
    )
    with _progress() as tell:
        try:
            document = report(wanted, tell)
        except TrailwardenError as fault:
            raise _masked(fault) if mask else fault from None
    _write(document, output)
    codes = {"pass": Exit.GOOD, "fail": Exit.BAD, "unknown": Exit.UNKNOWN}
    raise typer.Exit(codes[document.result.value])


def _write(document: AuditDocument, output: AuditFormat) -> None:
    from trailwarden.cli import audit_format
    from trailwarden.cli.output import print_json, write

    if output is AuditFormat.TABLE:
        audit_format.print_audit(document)
    elif output is AuditFormat.JSON:
        print_json(document.model_dump(mode="json", by_alias=True))
    elif output is AuditFormat.OCSF:
        from datetime import datetime

        at = datetime.fromisoformat(document.created_at)
        print_json(audit_format.as_ocsf(document, int(at.timestamp() * 1000)))
    elif output is AuditFormat.HTML:
        from trailwarden.audit.page import rendered

        write(rendered(document).encode())
    else:
        as_text = {
            AuditFormat.JUNIT: audit_format.as_junit,
            AuditFormat.COMMANDS: audit_format.commands,
            AuditFormat.TERRAFORM: audit_format.terraform,
        }
        write(as_text[output](document).encode())


def _masked(fault: TrailwardenError) -> TrailwardenError:
    """The same kind of error, so that the exit code stays."""
    from trailwarden.audit.masking import Mask

    kind = ConfigError if isinstance(fault, ConfigError) else TrailwardenError
    return kind(Mask().text(str(fault)))


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """A line that changes, on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status("auditing") as status:
        yield lambda line: status.update(escape(line))
