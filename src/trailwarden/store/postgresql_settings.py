"""The part of the `store` section that is about PostgreSQL.

Keeps: to another machine nothing travels in the clear unless that is allowed in so many words; no password is shown.

Next: `trailwarden.store.postgresql`, which connects by these.
"""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from trailwarden.model.units import Duration

if TYPE_CHECKING:
    from sqlalchemy import URL


class PostgresqlSettings(BaseModel):
    """What only a store on PostgreSQL has."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    password: SecretStr | None = Field(
        default=None, description="PostgreSQL: the user's, where the URL has none."
    )
    password_file: Path | None = Field(
        default=None, description="PostgreSQL: a file that holds it; read again at every connection."
    )
    ca_file: Path | None = Field(
        default=None,
        description="PostgreSQL: your own authority for the server's certificate; with it, there is TLS on this machine, too.",
    )
    allow_plain: bool = Field(
        default=False, description="PostgreSQL: allow a connection to another machine without TLS."
    )
    pool_size: int = Field(default=8, ge=2, le=200, description="PostgreSQL: connections at the most.")
    connect_timeout: Duration = Field(
        default=timedelta(seconds=10),
        gt=timedelta(0),
        le=timedelta(minutes=5),
        description="PostgreSQL: for making a connection, or waiting for one that is free.",
    )
    statement_timeout: Duration = Field(
        default=timedelta(seconds=30),
        ge=timedelta(milliseconds=100),
        le=timedelta(minutes=10),
        description="PostgreSQL: for one statement, and for a lock that it waits for.",
    )


def checked(url: URL) -> None:
    """Raises ValueError for a URL that cannot lead to a database."""
    if not url.database:
        raise ValueError("a postgresql URL must name the database: postgresql://user@host/database")
    if set(url.query) - {"host"}:
        raise ValueError("of a postgresql URL's parameters only `host` (the directory of a socket) is known")
    if url.host and "host" in url.query:
        raise ValueError("a postgresql URL names one host, before the path or as `host=`")
    if not host(url):
        raise ValueError("a postgresql URL must name the host: postgresql://user@host/database")


def host(url: URL) -> str:
    """The host's name or address, or the directory of a socket."""
    named = url.query.get("host", "")
    return url.host or (named if isinstance(named, str) else "")


def is_local(name: str) -> bool:
    """Whether nothing leaves this machine on the way."""
    if name.startswith("/") or name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
