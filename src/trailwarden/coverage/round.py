"""One round about all accounts, side by side: one that is denied or slow holds up no other.

Keeps: every account that was asked about has facts in the answer, be they failures.

Next: `collect`, the calls about one account; `borrowing`, what one account can tell of another's trail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from trailwarden.aws import Aws, AwsError, AwsSettings, Fault, Role, translated
from trailwarden.coverage.borrowing import borrowed
from trailwarden.coverage.collect import collect
from trailwarden.coverage.facts import AccountFacts, Failure
from trailwarden.coverage.settings import AccountSettings
from trailwarden.model import Clock

log = structlog.get_logger(__name__)


class Collector:
    """Asks about accounts, each as the identity that is configured for it. To be closed."""

    def __init__(
        self,
        settings: AwsSettings,
        patience: timedelta,
        clock: Clock,
        sign_in: Callable[[AwsSettings, Role], Aws] = Aws,
    ) -> None:
        """patience: for all calls about one account; sign_in: makes an identity."""
        self._settings = settings
        self._patience = patience
        self._clock = clock
        self._sign_in = sign_in
        self._identities: dict[Role, Aws] = {}

    async def collect(self, accounts: Sequence[AccountSettings]) -> list[AccountFacts]:
        """Facts on each of them, in the same order."""
        return borrowed(await asyncio.gather(*(self._one(account) for account in accounts)))

    async def close(self) -> None:
        """Close every client. Idempotent."""
        identities, self._identities = list(self._identities.values()), {}
        for aws in identities:
            await aws.close()

    async def _one(self, account: AccountSettings) -> AccountFacts:
        asked, aws = self._clock.now(), self.identity(account)
        try:
            wrong = await self._somebody_else(aws, account.id, asked)
            if wrong is None:
                return await collect(aws, account, self._clock, self._patience)
        except Exception as fault:
            # A bug must not pass for an answer, and must not cost the other accounts theirs.
            log.exception("account_not_asked", account=account.id)
            wrong = Failure(Fault.OTHER, "trailwarden", asked, f"{type(fault).__name__}; see the log")
        return AccountFacts(account.id, asked, wrong, wrong)

    async def _somebody_else(self, aws: Aws, account: str, asked: datetime) -> Failure | None:
        """Why the credentials are not the account's: another account's trails would say nothing about this one."""
        call = "sts:GetCallerIdentity"
        try:
            with translated():
                async with asyncio.timeout(self._patience.total_seconds()):
                    client = await aws.client("sts")
                    found = str((await client.get_caller_identity()).get("Account"))
        except AwsError as fault:
            if fault.failure.credentials:
                await aws.renew()
            return Failure(fault.failure.fault, call, asked, fault.failure.detail)
        if found == account:
            return None
        detail = f"the credentials belong to account {found}, not {account}; set role_arn"
        return Failure(Fault.DENIED, call, asked, detail)

    def identity(self, account: AccountSettings) -> Aws:
        """As whom the account is asked; closed with the collector."""
        role = Role(role_arn=account.role_arn, external_id=account.external_id)
        if role not in self._identities:
            self._identities[role] = self._sign_in(self._settings, role)
        return self._identities[role]
