"""One identity at AWS: its credentials, and a client per service and Region.

Keeps: credentials are refreshed before they expire, assumed roles too; after a failure that the credentials caused, `renew()`
finds them anew, so that what was mended outside is picked up without a restart. Nothing of them is ever shown.

Next: `failures`, what a failed call means.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioAssumeRoleCredentialFetcher, AioDeferredRefreshableCredentials
from aiobotocore.session import AioSession
from botocore import exceptions as boto
from botocore.credentials import ReadOnlyCredentials
from botocore.utils import parse_timestamp

from trailwarden.aws.settings import AwsSettings, Role

SESSION_NAME: Final = "trailwarden"
_RENEW_SECONDS: Final = 5.0
"""No two renewals within this time: many calls fail at once, and one look is enough for them."""
_CONNECTIONS: Final = 64


class Aws:
    """Clients for one identity. Made without I/O; every method may be called at any time until close()."""

    def __init__(
        self,
        settings: AwsSettings,
        role: Role | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self.role = role if role is not None else Role()
        self._monotonic = monotonic
        self._lock = asyncio.Lock()
        self._retired: AsyncExitStack | None = None
        self._renewed: float | None = None
        self._begin()

    async def client(self, service: str, region: str | None = None, **config: Any) -> Any:
        """The one client for it; config: further arguments of botocore's Config, looked at when it is first made.

        Raises what botocore raises where no credentials or no Region are found.
        """
        place = (service, region)
        async with self._lock:
            made = self._clients.get(place)
            if made is None:
                session = await self._signed_in()
                made = await self._stack.enter_async_context(
                    session.create_client(service, **self._arguments(service, region, config))
                )
                self._clients[place] = made
            return made

    async def credentials(self) -> ReadOnlyCredentials:
        """As they are valid now; refreshed where they are about to expire."""
        async with self._lock:
            session = await self._signed_in()
        found = await session.get_credentials()
        if found is None:
            raise boto.NoCredentialsError
        frozen: ReadOnlyCredentials = await found.get_frozen_credentials()
        return frozen

    async def renew(self) -> None:
        """Forget the credentials and the clients: the next call finds them anew. At most once in five seconds."""
        async with self._lock:
            now = self._monotonic()
            if self._renewed is not None and now - self._renewed < _RENEW_SECONDS:
                return
            self._renewed = now
            retired, self._retired = (
                self._retired,
                self._stack,
            )  # calls may still be under way on the last ones
            self._begin()
        if retired is not None:
            await retired.aclose()

    async def close(self) -> None:
        """Close every client. Idempotent."""
        async with self._lock:
            stacks = [self._stack, self._retired]
            self._retired = None
            self._begin()
        for stack in stacks:
            if stack is not None:
                await stack.aclose()

    def _begin(self) -> None:
        self._stack = AsyncExitStack()
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._session: AioSession | None = None

    async def _signed_in(self) -> AioSession:
        if self._session is None:
            session = AioSession(profile=self.settings.profile)
            session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_moment)
            if self.role.role_arn is not None:
                await self._assume(session, self.role.role_arn)
            self._session = session
        return self._session

    async def _assume(self, session: AioSession, role_arn: str) -> None:
        """Put the role's credentials in the place of the session's own; they are fetched when first needed."""
        source = await session.get_credentials()
        if source is None:
            raise boto.NoCredentialsError
        extra: dict[str, Any] = {"RoleSessionName": SESSION_NAME}
        if self.role.external_id is not None:
            extra["ExternalId"] = self.role.external_id
        fetcher = AioAssumeRoleCredentialFetcher(
            client_creator=partial(_create, session, self._arguments("sts", None, {})),
            source_credentials=source,
            role_arn=role_arn,
            extra_args=extra,
        )
        session._credentials = AioDeferredRefreshableCredentials(
            refresh_using=fetcher.fetch_credentials, method="assume-role"
        )

    def _arguments(self, service: str, region: str | None, config: dict[str, Any]) -> dict[str, Any]:
        settings = self.settings
        arguments: dict[str, Any] = {
            "region_name": region or settings.region,
            "config": AioConfig(**{**self._config(), **config}),
            "endpoint_url": settings.endpoints.get(service, settings.endpoint_url),  # type: ignore[call-overload]
        }
        if settings.ca_bundle is not None:
            arguments["verify"] = str(settings.ca_bundle)
        return arguments

    def _config(self) -> dict[str, Any]:
        settings = self.settings
        config: dict[str, Any] = {
            "connect_timeout": settings.connect_timeout.total_seconds(),
            "read_timeout": settings.read_timeout.total_seconds(),
            "retries": {"mode": "standard", "total_max_attempts": settings.max_attempts},
            "max_pool_connections": _CONNECTIONS,
            "user_agent_extra": "trailwarden",
            "s3": {"addressing_style": settings.s3_addressing},
            "use_dualstack_endpoint": settings.use_dualstack_endpoint or None,
            "use_fips_endpoint": settings.use_fips_endpoint or None,
        }
        if settings.proxy_url is not None:
            config["proxies"] = {"http": settings.proxy_url, "https": settings.proxy_url}
        return config


def _moment(value: Any) -> datetime:
    """A time in an answer. botocore takes numbers by way of the local time zone, which for the records of a stream takes as long
    as all the rest of their parsing.
    """
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    parsed: datetime = parse_timestamp(value)
    return parsed


def _create(session: AioSession, arguments: dict[str, Any], service: str, **keys: Any) -> Any:
    return session.create_client(service, **{**arguments, **keys})
