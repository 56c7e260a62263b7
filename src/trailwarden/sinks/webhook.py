"""Alerts as Standard Webhooks 1.0.0: one signed POST an alert.

Keeps: the body of an alert is the same at every attempt, and so is its id; no redirect is followed; of an answer only the
status and a bounded piece of the body are read; nothing that is secret gets into an outcome.
"""

from __future__ import annotations

import ssl
from typing import Final

import aiohttp
import orjson

from trailwarden import __version__
from trailwarden.errors import ConfigError, Reason
from trailwarden.model import Alert, Clock, rfc3339
from trailwarden.sinks.answers import outcome_of
from trailwarden.sinks.base import Outcome, Verdict
from trailwarden.sinks.connection import session, tls_context
from trailwarden.sinks.secrets import Key
from trailwarden.sinks.signature import signatures
from trailwarden.sinks.webhook_settings import WebhookSettings, place

_ANSWER_BYTES: Final = 4096


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
