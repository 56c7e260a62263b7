"""Where the store is, and its limits."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field, field_serializer, field_validator, model_validator

from trailwarden.model.units import Duration, Size
from trailwarden.store.postgresql_settings import PostgresqlSettings, checked

if TYPE_CHECKING:
    from sqlalchemy import URL

_MIB: Final = 1024 * 1024
_SQLITE_FILE: Final = re.compile(r"sqlite:///(?!:memory:$)([^?]+)")
"""What nearly every configuration says is told without SQLAlchemy, which takes a quarter of a second to load."""
_POSTGRESQL: Final = ("postgresql://", "postgres://")


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


_SQLITE_ALONE = frozenset({"busy_timeout", "readers"})


class StoreSettings(PostgresqlSettings):
    """The `store` section of the configuration: SQLite for one instance, PostgreSQL for several."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str = Field(
        default="sqlite:///trailwarden.db",
        repr=False,
        description="sqlite:///relative/path or sqlite:////absolute/path (the directory must exist), or "
        "postgresql://user@host/database.",
    )
    busy_timeout: Duration = Field(
        default=timedelta(seconds=5),
        ge=timedelta(0),
        le=timedelta(minutes=10),
        description="SQLite: how long to wait for another process's lock before giving up for now.",
    )
    quarantine_payload_limit: Size = Field(
        default=_MIB,
        ge=0,
        le=256 * _MIB,
        description="Bytes kept of a payload in quarantine; the origin leads to the rest.",
    )
    readers: int = Field(
        default=2, ge=1, le=16, description="SQLite: connections for reading; there is one more for writing."
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
        if value.startswith(_POSTGRESQL):
            checked(url)
            return value
        if url.drivername != "sqlite":
            raise ValueError(
                "only sqlite:// and postgresql:// are supported: write sqlite:////var/lib/trailwarden/state.db"
            )
        if url.host or url.username or url.password or url.query:
            raise ValueError(
                "a sqlite URL is a path and nothing else: sqlite:///relative/path or sqlite:////absolute/path"
            )
        if not url.database or url.database == ":memory:":
            raise ValueError("a sqlite URL must name a file: alerts that are only in memory would be lost")
        return value

    @model_validator(mode="after")
    def _of_this_database(self) -> StoreSettings:
        others = _SQLITE_ALONE if self.shared else frozenset(PostgresqlSettings.model_fields)
        for name in sorted(self.model_fields_set & others):
            what = "PostgreSQL" if self.shared else "SQLite"
            raise ValueError(f"{name} means nothing to a store on {what}: leave it out")
        given = (self.parsed_url.password, self.password, self.password_file) if self.shared else ()
        if sum(one is not None for one in given) > 1:
            raise ValueError("the password is given twice: in the url, as password or as password_file, once")
        return self

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
    def shared(self) -> bool:
        """Whether several instances may use it."""
        return self.url.startswith(_POSTGRESQL)

    @property
    def path(self) -> Path:
        """The database file."""
        plain = _SQLITE_FILE.fullmatch(self.url)
        return Path(plain[1] if plain is not None else self.parsed_url.database or "")
