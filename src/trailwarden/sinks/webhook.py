"""Alerts as Standard Webhooks 1.0.0: one signed POST an alert.

Keeps: the body of an alert is the same at every attempt, and so is its id; no redirect is followed; of an answer only the
status and a bounded piece of the body are read; nothing that is secret gets into an outcome.
"""

from __future__ import annotations

import ipaddress
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit

import aiohttp
import orjson
from pydantic import Field, SecretStr, field_serializer, field_validator, model_validator

from trailwarden import __version__
from trailwarden.errors import ConfigError, Reason
from trailwarden.model import Alert, Clock, rfc3339
from trailwarden.model.units import Duration
from trailwarden.sinks.answers import outcome_of
from trailwarden.sinks.base import Outcome, Verdict
from trailwarden.sinks.connection import forbidden, session, tls_context
from trailwarden.sinks.routing import RoutingSettings
from trailwarden.sinks.secrets import Key
from trailwarden.sinks.signature import decode_secret, signatures

_ANSWER_BYTES: Final = 4096
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


class WebhookSink:
    """One URL."""

    kind = "webhook"

    def __init__(self, settings: WebhookSettings, clock: Clock) -> None:
        self.name = settings.name
        self._settings = settings
        self._clock = clock
        self._place = place(settings.url)
        where = f"sink {settings.name}"
        self._keys = [Key(settings.secret, settings.secret_file, where)]
        if settings.previous_secret is not None or settings.previous_secret_file is not None:
            self._keys.append(Key(settings.previous_secret, settings.previous_secret_file, where))
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        if self._session is not None:
            return
        for key in self._keys:
            key.value()
        context = tls_context(self._settings.ca_file, f"sink {self.name}")
        seconds = self._settings.timeout.total_seconds()
        self._session = session(context, self._settings.concurrency, seconds, self._settings.trust_env)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def send(self, alert: Alert, attempt: int) -> Outcome:
        del attempt  # the id is the same at every attempt
        if self._session is None:
            raise RuntimeError("send() before open()")
        body = body_of(alert)
        try:
            return await self._post(self._session, body, self._headers(alert, body))
        except ConfigError as fault:
            return Outcome(Verdict.HOLD, Reason.UNAUTHORIZED, str(fault))
        except TimeoutError:
            seconds = self._settings.timeout.total_seconds()
            return Outcome(Verdict.RETRY, Reason.TIMEOUT, f"{self._place} gave no answer in {seconds:g} s")
        except aiohttp.ClientError as fault:
            return Outcome(Verdict.RETRY, *self._fault(fault))

    async def _post(self, http: aiohttp.ClientSession, body: bytes, headers: dict[str, str]) -> Outcome:
        async with http.post(self._settings.url, data=body, headers=headers, allow_redirects=False) as answer:
            await answer.content.read(_ANSWER_BYTES)
            return outcome_of(answer.status, answer.headers, self._place, self._clock.now())

    def _headers(self, alert: Alert, body: bytes) -> dict[str, str]:
        timestamp = int(self._clock.now().timestamp())
        given = {name: value.get_secret_value() for name, value in self._settings.headers.items()}
        return given | {
            "content-type": "application/json",
            "user-agent": f"trailwarden/{__version__}",
            "webhook-id": alert.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signatures([key.value() for key in self._keys], alert.id, timestamp, body),
        }

    def _fault(self, fault: aiohttp.ClientError) -> tuple[Reason, str]:
        """What happened on the way, in our words: an exception's own text may hold the URL."""
        if isinstance(fault, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError | ssl.SSLError):
            return Reason.UNREACHABLE, f"{self._place}: the certificate or TLS is not accepted"
        if isinstance(fault, aiohttp.ClientConnectorError):
            what = fault.os_error.strerror or "cannot connect"
            return Reason.UNREACHABLE, f"{self._place}: {what}"
        if isinstance(fault, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError):
            return Reason.UNREACHABLE, f"{self._place}: the connection was closed before an answer"
        if isinstance(fault, aiohttp.ClientPayloadError):
            return Reason.BAD_ANSWER, f"{self._place}: the answer broke off"
        return Reason.BAD_ANSWER, f"{self._place}: the answer is not HTTP"


def body_of(alert: Alert) -> bytes:
    """`{"type","timestamp","data"}` around the alert's document, whose bytes are not touched."""
    head = orjson.dumps({"type": "trailwarden.alert", "timestamp": rfc3339(alert.created_at)})
    return head[:-1] + b',"data":' + alert.document + b"}"
