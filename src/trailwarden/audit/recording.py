"""What an audit was told, in a file: to be audited again without AWS, for tests and for the auditor's file.

Keeps: only members that the audit reads are written: no endpoint of a subscription, no description, no token. The file is
the owner's alone (0600, in a directory 0700), is never written over another, and is read up to MAX_BYTES.

Next: `played`, which records and replays.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from trailwarden import __version__
from trailwarden.audit.members import MEMBERS, WHOLE
from trailwarden.aws import AwsFailure, Fault
from trailwarden.errors import ConfigError

FORMAT: Final = "trailwarden.recording/1"
FILE: Final = "recording.json"
MAX_BYTES: Final = 512 * 1024 * 1024
_MOMENT: Final = "$time"
_STRICT: Final = ConfigDict(frozen=True, extra="forbid")


class RecordedFailure(BaseModel):
    """A call that gave no answer. See `AwsFailure`."""

    model_config = _STRICT

    fault: Fault
    code: str
    detail: str
    credentials: bool = False

    def failure(self) -> AwsFailure:
        """As it was."""
        return AwsFailure(self.fault, self.code, self.detail, self.credentials)


class RecordedCall(BaseModel):
    """One call. identity: the role, or `own`; asked: its members; told: what was answered, or None and the failure."""

    model_config = _STRICT

    identity: str
    service: str
    region: str
    operation: str
    asked: dict[str, Any]
    told: dict[str, Any] | None = None
    failure: RecordedFailure | None = None

    @property
    def key(self) -> tuple[str, str, str, str, bytes]:
        """What tells calls apart."""
        asked = orjson.dumps(self.asked, option=orjson.OPT_SORT_KEYS)
        return self.identity, self.service, self.region, self.operation, asked


class RecordedAccount(BaseModel):
    """An account that was audited, and how it was asked."""

    model_config = _STRICT

    id: str = Field(pattern=r"^\d{12}$")
    role_arn: str | None = None
    regions: Literal["all"] | list[str] = "all"
    trail: str = ""


class RecordedRule(BaseModel):
    """A rule that was loaded."""

    model_config = _STRICT

    id: str
    severity: str
    pattern: str
    sinks: list[str]


class RecordedOwn(BaseModel):
    """What Trailwarden was and had seen; times in seconds. See `siem.Own`."""

    model_config = _STRICT

    rules: list[RecordedRule]
    arrived: list[list[str]]
    taken: dict[str, AwareDatetime | None]
    max_age: float
    alert_path: float


class Recording(BaseModel):
    """The file. home: identity -> the Region of its first calls."""

    model_config = _STRICT

    format: Literal["trailwarden.recording/1"] = FORMAT
    version: str = __version__
    at: AwareDatetime
    accounts: list[RecordedAccount]
    home: dict[str, str]
    calls: list[RecordedCall]
    own: RecordedOwn | None = None


def check_new(directory: Path) -> None:
    """Before anything is asked: whether the recording can be written there. Raises ConfigError."""
    if (directory / FILE).exists():
        raise ConfigError(f"--record {directory}: there is a recording already; name another directory")


def written(recording: Recording, directory: Path) -> Path:
    """Write it; the directory is made where it is missing. Raises ConfigError."""
    path = directory / FILE
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(orjson.dumps(recording.model_dump(mode="json"), option=orjson.OPT_INDENT_2))
    except OSError as fault:
        raise ConfigError(f"--record {directory}: cannot be written: {fault.strerror}") from fault
    return path


def read(directory: Path) -> Recording:
    """Read it. Raises ConfigError where it is missing, too large, of another version or no recording."""
    path = directory / FILE
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as fault:
        raise ConfigError(f"--replay {directory}: {FILE} cannot be read: {fault.strerror}") from fault
    if len(data) > MAX_BYTES:
        raise ConfigError(f"--replay {directory}: larger than {MAX_BYTES} bytes; this is no recording")
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        raise ConfigError(f"--replay {directory}: {FILE} is not JSON") from fault
    said = document.get("format") if isinstance(document, dict) else None
    if said != FORMAT:
        raise ConfigError(
            f"--replay {directory}: not of the format {FORMAT} but {said!r:.60}; record it anew"
        )
    try:
        return Recording.model_validate(document)
    except ValidationError as fault:
        first = fault.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigError(f"--replay {directory}: {FILE}: {place}: {first['msg']}") from None


def kept(value: Any) -> Any:
    """An answer as it is written: times marked, members that the audit does not read left out."""
    if isinstance(value, datetime):
        return {_MOMENT: value.isoformat()}
    if isinstance(value, Mapping):
        return {
            key: inner if key in WHOLE else kept(inner)
            for key, inner in value.items()
            if key in MEMBERS or key in WHOLE
        }
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [kept(one) for one in value]
    return value


def restored(value: Any) -> Any:
    """An answer as it came."""
    if isinstance(value, dict):
        if set(value) == {_MOMENT}:
            return datetime.fromisoformat(value[_MOMENT])
        return {key: restored(inner) for key, inner in value.items()}
    return [restored(one) for one in value] if isinstance(value, list) else value
