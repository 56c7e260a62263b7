"""Where the store is, and its limits."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator

from trailwarden.model.units import Duration, Size

if TYPE_CHECKING:
    from sqlalchemy import URL

_MIB: Final = 1024 * 1024
_SQLITE_FILE: Final = re.compile(r"sqlite:///(?!:memory:$)([^?]+)")
"""What nearly every configuration says is told without SQLAlchemy, which takes a quarter of a second to load."""


class RetentionSettings(BaseModel):
    """How long what is finished is kept. An alert that is still pending or dead is kept whatever its age.

    An event that is read again after its alert was removed is a new alert: keep alerts longer than anything
    is replayed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alerts: Duration = Field(
        default=timedelta(days=90),
        ge=timedelta(days=1),
        description="Age at which alerts are removed that every sink has taken, or that were discarded.",
    )
    inventory: Duration = Field(
        default=timedelta(days=400),
        ge=timedelta(days=1),
        description="Age at which lines of the inventory are removed.",
    )

    def settled_before(self, now: datetime) -> datetime:
        """Finished alerts older than this may go."""
        return now - self.alerts

    def received_before(self, now: datetime) -> datetime:
        """Inventory lines older than this may go."""
        return now - self.inventory


class StoreSettings(BaseModel):
    """The `store` section of the configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(
        default="sqlite:///trailwarden.db",
        repr=False,
        description="sqlite:///relative/path or sqlite:////absolute/path; the directory must exist.",
    )
    busy_timeout: Duration = Field(
        default=timedelta(seconds=5),
        ge=timedelta(0),
        le=timedelta(minutes=10),
        description="How long to wait for another process's lock before giving up for now.",
    )
    quarantine_payload_limit: Size = Field(
        default=_MIB,
        ge=0,
        le=256 * _MIB,
        description="Bytes kept of a payload in quarantine; the origin leads to the rest.",
    )
    readers: int = Field(
        default=2, ge=1, le=16, description="Connections for reading; there is one more for writing."
    )
    retention: RetentionSettings | None = Field(
        default=None,
        description="How long what is finished is kept; without it, everything is kept for good.",
    )

    @field_validator("url")
    @classmethod
    def _readable(cls, value: str) -> str:
        if _SQLITE_FILE.fullmatch(value):
            return value
        from sqlalchemy import make_url  # noqa: PLC0415 - see above
        from sqlalchemy.exc import ArgumentError  # noqa: PLC0415 - see above

        try:
            url = make_url(value)
        except (ArgumentError, ValueError):
            raise ValueError("not a database URL: write sqlite:////var/lib/trailwarden/state.db") from None
        if url.drivername != "sqlite":
            raise ValueError("only sqlite:// is supported: write sqlite:////var/lib/trailwarden/state.db")
        if url.host or url.username or url.password or url.query:
            raise ValueError(
                "a sqlite URL is a path and nothing else: sqlite:///relative/path or sqlite:////absolute/path"
            )
        if not url.database or url.database == ":memory:":
            raise ValueError("a sqlite URL must name a file: alerts that are only in memory would be lost")
        return value

    @field_serializer("url")
    def _without_secret(self, value: str) -> str:
        if _SQLITE_FILE.fullmatch(value):
            return value
        from sqlalchemy import make_url  # noqa: PLC0415 - see above

        return make_url(value).render_as_string(hide_password=True)

    @property
    def parsed_url(self) -> URL:
        """The URL in parts. May hold a password: not for output."""
        from sqlalchemy import make_url  # noqa: PLC0415 - see above

        return make_url(self.url)

    @property
    def path(self) -> Path:
        """The database file."""
        plain = _SQLITE_FILE.fullmatch(self.url)
        return Path(plain[1] if plain is not None else self.parsed_url.database or "")
