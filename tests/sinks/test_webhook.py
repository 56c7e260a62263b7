"""The webhook sink against a receiver that verifies, refuses, redirects, hangs, resets and talks nonsense."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.receiver import SECRET, Behaviour, answer, endless, garbage, hang, receiving, reset
from tests.sinks.alerts import alert
from trailwarden.errors import ConfigError, Reason
from trailwarden.model import SystemClock
from trailwarden.sinks import Outcome, Verdict, WebhookSettings
from trailwarden.sinks.addresses import forbidden
from trailwarden.sinks.answers import retry_after
from trailwarden.sinks.signature import decode_secret, signatures
from trailwarden.sinks.webhook import WebhookSink
from trailwarden.sinks.webhook_settings import place

OTHER = "whsec_" + base64.b64encode(b"o" * 32).decode()


def settings(url: str, **more: Any) -> WebhookSettings:
    given = {"kind": "webhook", "name": "hook", "url": url, "secret": SECRET, "timeout": "2s", **more}
    return WebhookSettings.model_validate({key: value for key, value in given.items() if value is not None})


async def sent(url: str, **more: Any) -> Outcome:
    sink = WebhookSink(settings(url, **more), SystemClock())
    await sink.open()
    try:
        return await sink.send(alert(), 1)
    finally:
        await sink.close()


@pytest.mark.parametrize(
    ("secret", "message_id", "timestamp", "body", "expected"),
    [
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}',
         "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
        ("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "evt_01", 1767225600,
         b'{"type":"vpc.change","data":{"vpcId":"vpc-0abc"}}', "v1,AIKfvzir+veNJEhO8ftCB9+Rya0SAiMwZn1071C05nM="),
    ],
)  # fmt: skip
def test_signature_vectors(secret: str, message_id: str, timestamp: int, body: bytes, expected: str) -> None:
    assert signatures([decode_secret(secret)], message_id, timestamp, body) == expected


async def test_a_delivery_is_signed_and_carries_the_document() -> None:
    async with receiving() as receiver:
        assert (await sent(receiver.url, headers={"Authorization": "Bearer t"})).verdict is Verdict.DELIVERED
        assert receiver.refused == 0
        assert receiver.ids == ["alert_1"]
        assert receiver.bodies[0].endswith(b'"data":' + alert().document + b"}")
        assert json.loads(receiver.bodies[0])["type"] == "trailwarden.alert"
        assert receiver.headers[0]["authorization"] == "Bearer t"


async def test_two_keys_sign_while_rotating() -> None:
    async with receiving() as receiver:
        await sent(receiver.url, secret=OTHER, previous_secret=SECRET)
        assert receiver.refused == 0
        assert len(receiver.headers[0]["webhook-signature"].split()) == 2
        await sent(receiver.url, secret=OTHER)
        assert receiver.refused == 1


async def test_a_key_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(OTHER + "\n")
    async with receiving() as receiver:
        sink = WebhookSink(settings(receiver.url, secret=None, secret_file=str(file)), SystemClock())
        await sink.open()
        await sink.send(alert(), 1)
        file.write_text(SECRET)
        os.utime(file, ns=(1, 1))
        await sink.send(alert(), 2)
        file.unlink()  # it is being replaced: the last good one serves on
        await sink.send(alert(), 3)
        await sink.close()
        assert receiver.refused == 1


BAD: list[tuple[str, Behaviour, Verdict, Reason]] = [
    ("hangs", hang, Verdict.RETRY, Reason.TIMEOUT),
    ("resets", reset, Verdict.RETRY, Reason.UNREACHABLE),
    ("garbage", garbage, Verdict.RETRY, Reason.BAD_ANSWER),
    ("301", answer(301, location="http://127.0.0.1:1/elsewhere"), Verdict.HOLD, Reason.REDIRECTED),
    ("400", answer(400), Verdict.REFUSED, Reason.REFUSED),
    ("401", answer(401), Verdict.HOLD, Reason.UNAUTHORIZED),
    ("404", answer(404), Verdict.HOLD, Reason.REFUSED),
    ("405", answer(405), Verdict.HOLD, Reason.REFUSED),
    ("408", answer(408), Verdict.RETRY, Reason.SERVER_ERROR),
    ("410", answer(410), Verdict.HOLD, Reason.GONE),
    ("413", answer(413), Verdict.REFUSED, Reason.REFUSED),
    ("429", answer(429, retry_after="7"), Verdict.RETRY, Reason.RATE_LIMITED),
    ("500", answer(500, b"x" * 100_000), Verdict.RETRY, Reason.SERVER_ERROR),
    ("503", answer(503), Verdict.RETRY, Reason.SERVER_ERROR),
]


@pytest.mark.parametrize(
    ("behaviour", "verdict", "reason"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
async def test_a_bad_receiver_is_named_and_no_secret_with_it(
    behaviour: Behaviour, verdict: Verdict, reason: Reason
) -> None:
    async with receiving(behaviour) as receiver:
        secret_url = receiver.url.replace("http://", "http://user:hunter2@") + "?token=hunter3"
        outcome = await sent(secret_url, timeout="500ms")
        assert (outcome.verdict, outcome.reason) == (verdict, reason)
        assert receiver.url in outcome.detail
        assert "hunter" not in repr(outcome)
        assert len(receiver.ids) == 1  # a redirect is not followed
        assert outcome.retry_after == (
            7.0 if verdict is Verdict.RETRY and reason is Reason.RATE_LIMITED else None
        )


async def test_an_answer_without_end_is_bounded() -> None:
    async with receiving(endless) as receiver:
        assert (await sent(receiver.url)).verdict is Verdict.DELIVERED


async def test_nobody_there() -> None:
    outcome = await sent("http://127.0.0.1:1/hook")
    assert (outcome.verdict, outcome.reason) == (Verdict.RETRY, Reason.UNREACHABLE)


async def test_tls_is_verified() -> None:
    async with receiving() as receiver:
        outcome = await sent(receiver.url.replace("http://", "https://"))
        assert outcome.verdict is Verdict.RETRY
        assert receiver.ids == []


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1%eth0", "fd00:ec2::254", "::ffff:169.254.169.254"]
)
def test_metadata_addresses_are_refused(address: str) -> None:
    assert forbidden(address)
    with pytest.raises(ValidationError, match="link-local or metadata"):
        settings(
            f"https://[{address}]/" if ":" in address and "%" not in address else "https://169.254.169.254/"
        )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "ftp://x/"}, "not a URL"),
        ({"url": "http://siem.example/"}, "allow_http"),
        ({"secret": "whsec_short"}, "whsec_"),
        ({"secret": None}, "either secret or secret_file"),
        ({"secret_file": "/x"}, "either secret or secret_file"),
        ({"headers": {"Webhook-Id": "x"}}, "cannot be set"),
        ({"concurrency": 0}, "concurrency"),
    ],
)
def test_settings_that_cannot_work(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**{"url": "https://siem.example/hook", **change})
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


async def test_a_missing_key_file_is_said_at_the_start() -> None:
    sink = WebhookSink(settings("https://x.example/", secret=None, secret_file="/nowhere/key"), SystemClock())
    with pytest.raises(ConfigError, match="/nowhere/key cannot be read"):
        await sink.open()


def test_a_url_is_shown_without_its_secrets() -> None:
    assert place("https://u:p@h.example:8443/a/b?k=v#f") == "https://h.example:8443/a/b"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("5", 5.0), (" 0 ", 0.0), ("-3", None), ("soon", None), ("nan", None), ("inf", None), (None, None),
     ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0), ("Wed, 31 Dec 2025 00:00:00 GMT", None)],
)  # fmt: skip
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, alert().created_at) == seconds
