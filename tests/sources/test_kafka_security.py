"""Who we are to a broker, and what is said when it does not let us in. Everything is mended while the source is open."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.app.recording import recording
from tests.audit.refusing import refusing
from tests.aws.emulator import Emulator
from tests.peers.kafka import PASSWORD, USER, Broker
from tests.peers.kafka_certificates import PASSWORD as KEY_PASSWORD
from tests.peers.kafka_topics import allow, create_topic, new_topic, put
from tests.sources.kafka_world import acked, opened, shows
from trailwarden.aws import Aws, AwsSettings, Role
from trailwarden.sources import SourceState
from trailwarden.sources.kafka_faults import NoTokenError
from trailwarden.sources.kafka_settings import KafkaSasl

ROLE = "arn:aws:iam::222222222222:role/reader"


async def topic_with_one(broker: Broker) -> str:
    topic = await new_topic(broker.bootstrap)
    await put(broker.bootstrap, topic, [b"it"])
    return topic


def sasl(mechanism: str, password: str = PASSWORD) -> dict[str, str]:
    return {"mechanism": mechanism, "username": USER, "password": password}


def tls(broker: Broker, **more: str) -> dict[str, str]:
    named = {key: str(broker.certificates / name) for key, name in more.items()}
    return {"ca_file": str(broker.certificates / "ca.pem"), **named}


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
async def test_sasl_with_a_password(kafka_broker: Broker, mechanism: str) -> None:
    topic = await topic_with_one(kafka_broker)
    address = kafka_broker.address("SASL_SSL")
    async with opened(address, topic, sasl=sasl(mechanism), tls=tls(kafka_broker)) as source:
        assert await acked(source, 1) == [b"it"]


async def test_a_wrong_password_is_said_and_mended_in_its_file(kafka_broker: Broker, tmp_path: Path) -> None:
    topic = await topic_with_one(kafka_broker)
    file = tmp_path / "password"
    file.write_text("wrong")
    address = kafka_broker.address("SASL_PLAINTEXT")
    asked = {"mechanism": "SCRAM-SHA-256", "username": USER, "password_file": str(file)}
    async with opened(address, topic, sasl=asked) as source:
        status = await shows(source, "wrong credentials")
        assert status.state is SourceState.FAILING
        assert address in status.detail
        file.write_text(f"{PASSWORD}\n")
        assert await acked(source, 1) == [b"it"]
        assert source.status().state is SourceState.RUNNING


@pytest.mark.parametrize(
    "key", [{"key_file": "client.key"}, {"key_file": "client.key.encrypted"}], ids=["plain", "encrypted"]
)
async def test_a_certificate_of_ours(kafka_broker: Broker, key: dict[str, str]) -> None:
    topic = await topic_with_one(kafka_broker)
    ours = tls(kafka_broker, certificate_file="client.pem", **key)
    if "encrypted" in key["key_file"]:
        ours["key_password"] = KEY_PASSWORD
    async with opened(kafka_broker.address("SSL"), topic, tls=ours) as source:
        assert await acked(source, 1) == [b"it"]


@pytest.mark.parametrize(
    ("listener", "settings", "line"),
    [
        ("SSL", {"tls": "usual"}, "certificate is not trusted"),
        ("SSL", {"tls": "ours"}, "whether the broker wants a certificate"),
        ("PLAINTEXT", {"tls": "ours"}, "closes the connection; see tls"),
        ("SASL_PLAINTEXT", {"sasl": sasl("SCRAM-SHA-512", "wrong")}, "wrong credentials"),
        ("PLAINTEXT", {"sasl": sasl("PLAIN")}, "security protocol"),
        ("SSL", {"tls": "missing"}, "ca_file: /nowhere/ca.pem cannot be used: No such file"),
    ],
)
async def test_what_is_wrong_is_said_in_one_line_without_secrets(
    kafka_broker: Broker, listener: str, settings: dict[str, Any], line: str
) -> None:
    chosen = dict(settings)
    if "tls" in chosen:
        usual: dict[str, str] = {}
        missing = {"ca_file": "/nowhere/ca.pem"}
        chosen["tls"] = {"usual": usual, "ours": tls(kafka_broker), "missing": missing}[chosen["tls"]]
    async with opened(kafka_broker.address(listener), "any", **chosen) as source:
        status = await shows(source, line)
        assert status.state is SourceState.FAILING
        assert "\n" not in status.detail
        assert PASSWORD not in status.detail


async def test_nobody_listens_there() -> None:
    async with opened("127.0.0.1:1", "any") as source:
        status = await shows(source, "a broker cannot be reached")
        assert status.state is SourceState.FAILING


async def test_a_topic_that_is_not_there_is_said_and_read_when_it_is(kafka_broker: Broker) -> None:
    topic = "appears-later"
    async with opened(kafka_broker.bootstrap, topic) as source:
        await shows(source, "unknown topic appears-later")
        await create_topic(kafka_broker.bootstrap, topic)
        await put(kafka_broker.bootstrap, topic, [b"it"])
        assert await acked(source, 1) == [b"it"]
        assert source.status().state is SourceState.RUNNING


@pytest.mark.parametrize(
    ("resource", "line"),
    [("topic", "not authorised to read the topic"), ("group", "not authorised to use the group")],
)
async def test_what_is_not_allowed_is_said_and_read_when_it_is(
    kafka_broker: Broker, resource: str, line: str
) -> None:
    topic = await topic_with_one(kafka_broker)  # the group has the same name
    await allow(kafka_broker.bootstrap, resource, topic, "somebody-else")
    async with opened(kafka_broker.address("SASL_PLAINTEXT"), topic, sasl=sasl("PLAIN")) as source:
        await shows(source, line)
        await allow(kafka_broker.bootstrap, resource, topic, USER)
        assert await acked(source, 1) == [b"it"]


async def test_msk_with_iam_sends_a_signed_token_of_the_region(
    kafka_broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker takes unsigned tokens of the standard's form; what AWS's signer makes is looked at below."""
    from aws_msk_iam_sasl_signer import MSKAuthTokenProvider

    asked: list[str] = []

    def token(region: str, _provider: object) -> tuple[str, int]:
        asked.append(region)
        now = time.time()
        parts = [{"alg": "none"}, {"sub": USER, "iat": now - 10, "exp": now + 600}]
        return ".".join(_coded(part) for part in parts) + ".", 0

    monkeypatch.setattr(MSKAuthTokenProvider, "generate_auth_token_from_credentials_provider", token)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    topic = await topic_with_one(kafka_broker)
    address, iam = kafka_broker.address("SASL_SSL"), {"mechanism": "AWS_MSK_IAM"}
    region = AwsSettings(region="eu-west-1")
    async with opened(address, topic, aws=region, sasl=iam, tls=tls(kafka_broker)) as source:
        assert await acked(source, 1) == [b"it"]
    assert set(asked) == {"eu-west-1"}


async def test_a_token_of_awss_signer_names_the_cluster_service_and_the_action(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from trailwarden.sources.kafka_connection import MskToken

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    token = await MskToken("eu-west-1", Aws(AwsSettings(region="eu-west-1"))).token()
    url = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    assert url.startswith("https://kafka.eu-west-1.amazonaws.com/?Action=kafka-cluster%3AConnect")
    assert "AKIDEXAMPLE" in url
    assert "X-Amz-Expires=900" in url


async def test_a_role_is_assumed_for_the_token(emulator: Emulator) -> None:
    from trailwarden.sources.kafka_connection import MskToken

    role = Role(role_arn=ROLE, external_id="of-our-own")
    async with recording(emulator.url) as proxy:
        tokens = MskToken("us-east-1", Aws(AwsSettings(region="eu-west-1", endpoint_url=proxy.url), role))
        url = base64.urlsafe_b64decode(await tokens.token() + "==").decode()
        assert await tokens.token()  # the role lasts for an hour
    assert proxy.calls == {"testing": {"sts:AssumeRole"}}
    (asked,) = proxy.bodies
    assert b"ExternalId=of-our-own" in asked
    assert url.startswith("https://kafka.us-east-1.amazonaws.com/")
    assert "X-Amz-Security-Token=" in url
    assert "testing" not in url


async def test_a_role_that_may_not_be_assumed_is_said_and_tried_anew(emulator: Emulator) -> None:
    from trailwarden.sources.kafka_connection import MskToken

    role = Role(role_arn=ROLE)
    async with refusing(emulator.url, "eu-west-1") as proxy:
        proxy.refuse("sts:AssumeRole", "AccessDenied", 403, times=1)
        tokens = MskToken("eu-west-1", Aws(AwsSettings(region="eu-west-1", endpoint_url=proxy.url), role))
        with pytest.raises(NoTokenError):
            await tokens.token()
        assert await tokens.token()


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (
            {"role_arn": ROLE, "mechanism": "PLAIN", "username": "u", "password": "p"},
            "role_arn belongs to AWS_MSK_IAM",
        ),
        (
            {"region": "eu-west-1", "mechanism": "PLAIN", "username": "u", "password": "p"},
            "region belongs to AWS_MSK_IAM",
        ),
        ({"external_id": "abc", "mechanism": "AWS_MSK_IAM"}, "external_id without role_arn"),
        (
            {"role_arn": ROLE, "external_id": "abc", "mechanism": "AWS_MSK_IAM", "username": "u"},
            "no username and password",
        ),
    ],
)
def test_what_does_not_fit_the_mechanism_is_refused(more: dict[str, str], line: str) -> None:
    with pytest.raises(ValidationError, match=line):
        KafkaSasl.model_validate(more)


async def test_without_credentials_of_aws_that_is_said(
    kafka_broker: Broker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    iam = {"mechanism": "AWS_MSK_IAM", "region": "eu-west-1"}
    async with opened(kafka_broker.address("SASL_SSL"), "any", sasl=iam, tls=tls(kafka_broker)) as source:
        await shows(source, "no credentials of AWS")


def _coded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
