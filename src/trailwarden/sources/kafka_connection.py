"""How a cluster is spoken to: TLS, SASL, and what a client of aiokafka is made from.

Keeps: certificates are verified, names included. A secret is read where it is used, and stands in no message. Whatever
blocks (files of certificates, credentials of AWS) runs in a thread.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog
from aiokafka.abc import AbstractTokenProvider
from pydantic import SecretStr

from trailwarden.aws import AwsSettings
from trailwarden.errors import ConfigError
from trailwarden.sources.kafka_faults import NoTokenError
from trailwarden.sources.kafka_settings import KafkaSasl, KafkaSettings, KafkaTls

if TYPE_CHECKING:
    from botocore.credentials import ReadOnlyCredentials

    from trailwarden.aws import Aws

log = structlog.get_logger(__name__)

_MAX_SECRET: Final = 4096
_MSK_CALL: Final = 30.0
"""Seconds that the credentials of AWS may take."""


async def connection(settings: KafkaSettings, aws: AwsSettings) -> dict[str, Any]:
    """Arguments for every client of aiokafka. Raises ConfigError for files that cannot be used."""
    tls, sasl = settings.tls, settings.sasl
    arguments: dict[str, Any] = {
        "bootstrap_servers": list(settings.bootstrap_servers),
        "client_id": f"trailwarden-{settings.name}",
        "security_protocol": _protocol(tls, sasl),
    }
    if tls is not None:
        arguments["ssl_context"] = await asyncio.to_thread(_context, tls, settings.name)
    if sasl is not None:
        arguments |= await asyncio.to_thread(_sasl, sasl, settings.name, aws)
    return arguments


def _protocol(tls: KafkaTls | None, sasl: KafkaSasl | None) -> str:
    if sasl is None:
        return "PLAINTEXT" if tls is None else "SSL"
    return "SASL_PLAINTEXT" if tls is None else "SASL_SSL"


def _context(tls: KafkaTls, source: str) -> ssl.SSLContext:
    where = f"sources.{source}.tls"
    try:
        context = ssl.create_default_context(cafile=tls.ca_file)
    except (OSError, ssl.SSLError) as fault:
        raise ConfigError(f"{where}.ca_file: {tls.ca_file} cannot be used: {_why(fault)}") from None
    if tls.certificate_file is not None:
        # Without a password of ours OpenSSL would ask at the terminal for that of an encrypted key.
        password = _secret(tls.key_password, tls.key_password_file, f"{where}.key_password_file") or ""
        try:
            context.load_cert_chain(tls.certificate_file, tls.key_file, lambda: password)
        except (OSError, ssl.SSLError, ValueError) as fault:
            raise ConfigError(
                f"{where}.certificate_file: {tls.certificate_file} and its key cannot be used: {_why(fault)}"
            ) from None
    return context


def _sasl(sasl: KafkaSasl, source: str, aws: AwsSettings) -> dict[str, Any]:
    if sasl.mechanism == "AWS_MSK_IAM":
        region = sasl.region or aws.region
        if region is None:
            raise ConfigError(f"sources.{source}.sasl.region: is missing, and aws.region, too")
        from trailwarden.aws import Aws  # noqa: PLC0415 - loads aiobotocore

        provider = MskToken(region, Aws(aws.model_copy(update={"region": aws.region or region}), sasl))
        return {"sasl_mechanism": "OAUTHBEARER", "sasl_oauth_token_provider": provider}
    password = _secret(sasl.password, sasl.password_file, f"sources.{source}.sasl.password_file")
    return {
        "sasl_mechanism": sasl.mechanism,
        "sasl_plain_username": sasl.username,
        "sasl_plain_password": password,
    }


def _secret(given: SecretStr | None, file: Path | None, where: str) -> str | None:
    if file is None:
        return given.get_secret_value() if given is not None else None
    try:
        with file.open(encoding="utf-8") as opened:
            return opened.read(_MAX_SECRET).rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as fault:
        raise ConfigError(f"{where}: {file} cannot be read: {_why(fault)}") from None


def _why(fault: Exception) -> str:
    """Nothing of a file's content."""
    if isinstance(fault, ssl.SSLError):
        return fault.reason or "not in PEM, or another password"
    return (fault.strerror if isinstance(fault, OSError) else None) or type(fault).__name__


class MskToken(AbstractTokenProvider):  # type: ignore[misc] # aiokafka has no types
    """A signed token for each connection to a cluster of Amazon MSK with IAM.

    Source: Amazon MSK, "IAM access control"; the signer is AWS's own. Its credentials are those of any source of AWS: found,
    assumed and renewed as theirs are.
    """

    def __init__(self, region: str, aws: Aws) -> None:
        """region: of the cluster; aws: asked for credentials alone, so that nothing of it is to be closed."""
        self._region = region
        self._aws = aws

    async def token(self) -> str:
        """Asked for by aiokafka at each connection. Raises NoTokenError."""
        async with asyncio.timeout(_MSK_CALL):
            try:
                credentials = await self._aws.credentials()
                return await asyncio.to_thread(_signed, self._region, credentials)
            except Exception as fault:
                # botocore raises whatever its providers raise; what matters to the connection is that there is no token.
                log.warning("no_token_of_aws", region=self._region, error=type(fault).__name__)
                await self._aws.renew()
                raise NoTokenError from fault


def _signed(region: str, credentials: ReadOnlyCredentials) -> str:
    from aws_msk_iam_sasl_signer import MSKAuthTokenProvider as signer  # noqa: N813, PLC0415 - loads boto3
    from botocore.credentials import CredentialProvider, Credentials  # noqa: PLC0415

    class AtHand(CredentialProvider):  # type: ignore[misc] # botocore has no types
        """What the signer wants to be given."""

        def load(self) -> Credentials:
            return Credentials(credentials.access_key, credentials.secret_key, credentials.token)

    token, _expires = signer.generate_auth_token_from_credentials_provider(region, AtHand())
    return str(token)
