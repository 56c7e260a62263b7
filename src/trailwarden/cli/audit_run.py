"""From the options of `audit` to its document: from AWS, or from a recording.

Next: `trailwarden.app.audit`.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TextIO, cast

from pydantic import TypeAdapter, ValidationError

from trailwarden.app.audit import AuditJob, audited, own_of, whose
from trailwarden.audit import own_record, recording
from trailwarden.audit.controls import chosen
from trailwarden.audit.document import AuditDocument, document
from trailwarden.audit.masking import Mask
from trailwarden.audit.played import Recorder, Replayer
from trailwarden.aws import Aws, AwsError, AwsSettings, Role
from trailwarden.coverage.settings import AccountSettings
from trailwarden.errors import ConfigError, TrailwardenError
from trailwarden.model import SystemClock
from trailwarden.model.units import Duration
from trailwarden.settings import load_settings
from trailwarden.telemetry import setup_logging

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """The options. See the command."""

    config: Path | None
    controls: Sequence[str]
    profile: str | None
    region: str | None
    roles: Sequence[str]
    external_id: str | None
    record: Path | None
    replay: Path | None
    timeout: str
    mask: bool


class _MaskedErrors(io.TextIOBase):
    """Standard error, with account ids masked."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def write(self, text: str) -> int:
        return sys.stderr.write(self._mask.text(text))

    def flush(self) -> None:
        sys.stderr.flush()


def report(wanted: Wanted, tell: Tell) -> AuditDocument:
    """Audit. Raises ConfigError, and TrailwardenError where nobody could be asked whose the credentials are."""
    stream = cast("TextIO", _MaskedErrors(Mask())) if wanted.mask else None
    setup_logging("console", "error", stream)
    chosen(wanted.controls)
    _duration(wanted.timeout)
    if wanted.record is not None:
        recording.check_new(wanted.record)
    return asyncio.run(_report(wanted, _told(tell, wanted.mask)))


async def _report(wanted: Wanted, tell: Tell) -> AuditDocument:
    recorder = Recorder() if wanted.record is not None else None
    job = _replayed(wanted) if wanted.replay is not None else await _from_aws(wanted, recorder)
    found = document(await audited(job, tell))
    if recorder is not None and wanted.record is not None:
        recording.written(_recording(job, recorder), wanted.record)
    return _masked(found, [account.id for account in job.accounts]) if wanted.mask else found


async def _from_aws(wanted: Wanted, recorder: Recorder | None) -> AuditJob:
    sign_in = recorder.sign_in if recorder is not None else Aws
    settings = load_settings(wanted.config) if wanted.config is not None else None
    aws = (
        settings.aws
        if settings is not None
        else _checked(AwsSettings, profile=wanted.profile, region=wanted.region)
    )
    if settings is not None and settings.coverage is not None:
        accounts = settings.coverage.accounts
    else:
        accounts = await _accounts(wanted, aws, sign_in)
    return AuditJob(
        aws=aws,
        accounts=accounts,
        controls=chosen(wanted.controls),
        own=await own_of(settings) if settings is not None else None,
        at=SystemClock().now(),
        patience=_duration(wanted.timeout),
        sign_in=sign_in,
    )


async def _accounts(
    wanted: Wanted, aws: AwsSettings, sign_in: Callable[[AwsSettings, Role], Aws]
) -> tuple[AccountSettings, ...]:
    """Those of the roles; without any, that of the credentials."""
    given = [{"role_arn": arn, "external_id": wanted.external_id} for arn in wanted.roles]
    roles: list[Role] = [_checked(Role, **one) for one in given or [{"external_id": wanted.external_id}]]
    try:
        accounts = [
            _checked(
                AccountSettings,
                id=await whose(aws, role, sign_in),
                role_arn=role.role_arn,
                external_id=role.external_id,
            )
            for role in roles
        ]
    except AwsError as fault:
        raise TrailwardenError(
            f"whose credentials these are cannot be told: {fault}; see --profile, --region and --role-arn"
        ) from fault
    ids = [account.id for account in accounts]
    if len(set(ids)) != len(ids):
        raise ConfigError("--role-arn: two roles of one account; name one for each account")
    return tuple(accounts)


def _replayed(wanted: Wanted) -> AuditJob:
    assert wanted.replay is not None
    kept = recording.read(wanted.replay)
    accounts = tuple(
        _checked(AccountSettings, id=one.id, role_arn=one.role_arn, regions=one.regions, trail=one.trail)
        for one in kept.accounts
    )
    trails = {account.id: account.trail for account in accounts}
    return AuditJob(
        aws=AwsSettings(),
        accounts=accounts,
        controls=chosen(wanted.controls),
        own=own_record.recalled(kept.own, trails) if kept.own is not None else None,
        at=kept.at,
        patience=_duration(wanted.timeout),
        sign_in=Replayer(kept).sign_in,
    )


def _recording(job: AuditJob, recorder: Recorder) -> recording.Recording:
    return recording.Recording(
        at=job.at,
        accounts=[
            recording.RecordedAccount(
                id=account.id,
                role_arn=account.role_arn,
                regions=account.regions if account.regions == "all" else list(account.regions),
                trail=account.trail,
            )
            for account in job.accounts
        ],
        home=recorder.home,
        calls=recorder.calls,
        own=own_record.recorded(job.own) if job.own is not None else None,
    )


def _masked(found: AuditDocument, accounts: Sequence[str]) -> AuditDocument:
    plain = Mask(accounts).value(found.model_dump(mode="json", by_alias=True))
    return AuditDocument.model_validate({**plain, "masked": True})


def _told(tell: Tell, masked: bool) -> Tell:
    mask = Mask()
    return (lambda line: tell(mask.text(line))) if masked else tell


def _checked(kind: Any, **members: Any) -> Any:
    try:
        return kind.model_validate({key: value for key, value in members.items() if value is not None})
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        option = "--" + str(first["loc"][0] if first["loc"] else "role_arn").replace("_", "-")
        raise ConfigError(f"{option}: {first['msg']}") from None


def _duration(text: str) -> timedelta:
    try:
        found: timedelta = TypeAdapter(Duration).validate_python(text)
    except ValidationError as fault:
        raise ConfigError(f"--timeout {text}: no duration; write 30s, 5m or 1h") from fault
    if found <= timedelta(0):
        raise ConfigError(f"--timeout {text}: must be more than nothing")
    return found
