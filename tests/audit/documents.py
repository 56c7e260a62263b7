"""Documents of audits, made from situations."""

from __future__ import annotations

import asyncio
from functools import cache

from tests.audit.situations import SITUATIONS
from tests.audit.world import ACCOUNT, NOW, VPC, World, listed
from trailwarden.audit.controls import Control
from trailwarden.audit.document import AuditDocument, document
from trailwarden.audit.outcome import ControlOutcome
from trailwarden.audit.report import AuditReport


async def documented(
    world: World, *controls: Control, accounts: tuple[str, ...] = (ACCOUNT,)
) -> AuditDocument:
    chosen = controls or (VPC,)
    _, judge = await listed(world, *chosen, accounts=accounts)
    facts = world.facts()
    outcomes = [ControlOutcome(ACCOUNT, one, (judge.cloudwatch(one, facts),)) for one in chosen]
    return document(AuditReport(NOW, outcomes, {ACCOUNT: facts}))


@cache
def of_every_situation() -> dict[str, AuditDocument]:
    """Name -> its document."""

    async def all_of_them() -> dict[str, AuditDocument]:
        return {one.name: await documented(one.world(), accounts=one.accounts) for one in SITUATIONS}

    return asyncio.run(all_of_them())
