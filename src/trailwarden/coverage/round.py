"""One round about all accounts, side by side: one that is denied or slow holds up no other.

Keeps: every account that was asked about has facts in the answer, be they failures.

Next: `collect`, the calls about one account; `borrowing`, what one account can tell of another's trail.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from trailwarden.aws import Aws, AwsSettings, Fault, Role
from trailwarden.coverage.borrowing import borrowed
from trailwarden.coverage.collect import collect
from trailwarden.coverage.facts import AccountFacts, Failure
from trailwarden.coverage.settings import AccountSettings
from trailwarden.model import Clock

log = structlog.get_logger(__name__)


class Collector:
    """Asks about accounts, each as the identity that is configured for it. To be closed."""

    def __init__(self, settings: AwsSettings, patience: timedelta, clock: Clock) -> None:
        """patience: for all calls about one account."""
        self._settings = settings
        self._patience = patience
        self._clock = clock
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
        asked = self._clock.now()
        try:
            return await collect(self._identity(account), account, self._clock, self._patience)
        except Exception as fault:
            # A bug must not pass for an answer, and must not cost the other accounts theirs.
            log.exception("account_not_asked", account=account.id)
            failure = Failure(Fault.OTHER, "trailwarden", asked, f"{type(fault).__name__}; see the log")
            return AccountFacts(account.id, asked, failure, failure)

    def _identity(self, account: AccountSettings) -> Aws:
        role = Role(role_arn=account.role_arn, external_id=account.external_id)
        if role not in self._identities:
            self._identities[role] = Aws(self._settings, role)
        return self._identities[role]
