"""Both ways of a request: the short one, the one through a proxy, and whom they trust."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.aws.s3_server import S3Server, whole
from trailwarden.aws import AwsError, AwsSettings, Fault, translated
from trailwarden.aws.answer import Answer, no_wait
from trailwarden.aws.plain import PlainHttp, proxy_for

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def certificate(folder: Path, name: str) -> Path:
    """Self-signed for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(named)
        .issuer_name(named)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(ANSWER)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


@asynccontextmanager
async def https(file: Path) -> AsyncIterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def get(url: str, read_timeout: float = 5.0, **settings: Any) -> Answer:
    http = PlainHttp(AwsSettings.model_validate(settings), 2, read_timeout)
    try:
        with translated():
            return await http.send("GET", f"{url}/k", {"host": url.partition("//")[2]}, b"", 100, no_wait)
    finally:
        await http.close()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


async def test_who_is_trusted_is_believed(tmp_path: Path) -> None:
    file = certificate(tmp_path, "ours")
    async with https(file) as url:
        assert (await get(url, ca_bundle=str(file))).body == b"ok"


@pytest.mark.parametrize("bundle", [{}, {"ca_bundle": "another.pem"}])
async def test_who_is_not_trusted_is_not(tmp_path: Path, bundle: dict[str, str]) -> None:
    certificate(tmp_path, "another")
    settings = {name: str(tmp_path / file) for name, file in bundle.items()}
    async with https(certificate(tmp_path, "ours")) as url:
        with pytest.raises(AwsError, match="certificate verify failed") as caught:
            await get(url, **settings)
    assert caught.value.failure.fault is Fault.NETWORK


async def test_through_a_proxy_it_is_asked_for_by_its_whole_url() -> None:
    proxy = S3Server([whole(b"by proxy")])
    await proxy.start()
    answer = await get("http://bucket.s3.eu-west-1.amazonaws.com", proxy_url=proxy.url)
    await proxy.stop()
    assert answer.body == b"by proxy"
    assert [one.target for one in proxy.asked] == ["http://bucket.s3.eu-west-1.amazonaws.com/k"]


async def test_a_proxy_that_drips_is_given_up() -> None:
    given_up = asyncio.Event()

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()
        given_up.set()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    proxy = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    with pytest.raises(AwsError) as caught:
        await get("http://bucket.s3.eu-west-1.amazonaws.com", 0.3, proxy_url=proxy)
    assert caught.value.failure.fault is Fault.NETWORK
    await given_up.wait()
    server.close()


@pytest.mark.parametrize(
    ("environment", "proxy"),
    [
        ({}, None),
        ({"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ({"HTTP_PROXY": "http://p:1"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "amazonaws.com"}, None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "example.com"}, "http://p:1"),
    ],
)
def test_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], proxy: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    url = "https://sqs.eu-west-1.amazonaws.com/"
    assert proxy_for(AwsSettings(), url) == proxy
    assert proxy_for(AwsSettings.model_validate({"proxy_url": "http://q:2"}), url) == "http://q:2"
