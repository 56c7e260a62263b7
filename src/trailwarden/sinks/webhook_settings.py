"""The settings of a webhook, apart from the sink: who reads a configuration does not load an HTTP client.

Next: `trailwarden.sinks.webhook`.
"""

from __future__ import annotations

import ipaddress
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_serializer, field_validator, model_validator

from trailwarden.model.units import Duration
from trailwarden.sinks.addresses import forbidden
from trailwarden.sinks.routing import RoutingSettings
from trailwarden.sinks.signature import decode_secret

_OWN_HEADERS: Final = frozenset(
    {"webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "host"}
)


class WebhookSettings(RoutingSettings):
    """Signed POST requests to a URL."""

    kind: Literal["webhook"] = Field(description="webhook")
    url: str = Field(
        max_length=2048, repr=False, description="https; http only to this machine, or with allow_http."
    )
    allow_http: bool = Field(
        default=False, description="Allow http to another machine: alerts travel in the clear."
    )
    secret: SecretStr | None = Field(default=None, description="`whsec_` and base64 of 24 to 64 bytes.")
    secret_file: Path | None = Field(
        default=None, description="A file that holds it; read again when it changes."
    )
    previous_secret: SecretStr | None = Field(
        default=None, description="While rotating: the old one signs along."
    )
    previous_secret_file: Path | None = Field(default=None, description="A file that holds the old one.")
    headers: dict[str, SecretStr] = Field(
        default={}, max_length=32, description="Further headers, such as Authorization."
    )
    timeout: Duration = Field(default=timedelta(seconds=15), gt=timedelta(0), le=timedelta(minutes=5),
                              description="For one attempt, from connecting to the answer.")  # fmt: skip
    ca_file: Path | None = Field(
        default=None, description="An authority of your own that signed the server's certificate."
    )
    trust_env: bool = Field(default=False, description="Use the proxy that the environment names.")

    @property
    def longest_attempt(self) -> timedelta:
        """The timeout: nothing of an attempt goes on after it."""
        return self.timeout

    @field_validator("url")
    @classmethod
    def _usable(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not a URL; write https://host/path")
        if forbidden(parts.hostname):
            raise ValueError("leads to a link-local or metadata address")
        return value

    @field_validator("secret", "previous_secret")
    @classmethod
    def _decodable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            decode_secret(value.get_secret_value())
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.secret is None) == (self.secret_file is None):
            raise ValueError("give either secret or secret_file")
        if self.previous_secret is not None and self.previous_secret_file is not None:
            raise ValueError("give either previous_secret or previous_secret_file")
        parts = urlsplit(self.url)
        if parts.scheme == "http" and not self.allow_http and not _loopback(parts.hostname or ""):
            raise ValueError("url is http to another machine; use https, or say allow_http: true")
        own = sorted(name for name in self.headers if name.lower() in _OWN_HEADERS)
        if own:
            raise ValueError(f"headers: {', '.join(own)} cannot be set")
        return self

    @field_serializer("url")
    def _url_without_secrets(self, value: str) -> str:
        return place(value)


def place(url: str) -> str:
    """A URL as it may be shown: without user, password, query and fragment, which may be secrets."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = f":{parts.port}" if parts.port is not None else ""
    return f"{parts.scheme}://{host}{port}{parts.path}"


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
