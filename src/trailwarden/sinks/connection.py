"""Connections of a sink: TLS verified, and never to where a machine keeps its credentials.

Keeps: the address that is checked is the address that is connected to, because the check is in the resolver.
"""

from __future__ import annotations

import socket
import ssl
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver

from trailwarden.errors import ConfigError
from trailwarden.sinks.addresses import forbidden


class CheckedResolver(AbstractResolver):
    """Resolves as usual and refuses forbidden addresses."""

    def __init__(self) -> None:
        self._resolver = DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        allowed = [one for one in found if not forbidden(one["host"])]
        if not allowed:
            raise OSError(None, f"{host} leads to a link-local or metadata address")
        return allowed

    async def close(self) -> None:
        await self._resolver.close()


def tls_context(ca_file: Path | None, where: str) -> ssl.SSLContext:
    """A verifying context, with an authority of the user's own where given."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except (OSError, ssl.SSLError) as fault:
            raise ConfigError(
                f"{where}: ca_file {ca_file} cannot be used: {fault.strerror or fault}"
            ) from fault
    return context


def session(
    context: ssl.SSLContext, limit: int, total_seconds: float, trust_env: bool
) -> aiohttp.ClientSession:
    """A session without cookies, with bounded connections and time."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=limit, ssl=context, resolver=CheckedResolver(), ttl_dns_cache=30
        ),
        timeout=aiohttp.ClientTimeout(total=total_seconds, sock_connect=min(10.0, total_seconds)),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=trust_env,
        auto_decompress=False,
    )
