"""What the tests of the store run as a process of its own: `python -m tests.store.child ACTION URL ...`."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta

from tests.store.values import LATER, alerts, at, received
from trailwarden.model import Checkpoint
from trailwarden.store import Commit, DeliveryState, Settlement, StoreSettings, open_store


async def commit(settings: StoreSettings, start: int) -> None:
    """Commit alerts for ever, and say each number after its commit returned."""
    store = await open_store(settings)
    number = start
    while True:
        group = Commit(
            alerts=alerts(number).alerts,
            received=[received(str(number))],
            checkpoints=[Checkpoint("spool", "last", str(number))],
        )
        await store.commit(group)
        print(number, flush=True)
        number += 1


async def claim(settings: StoreSettings, portion: int) -> None:
    """Claim and settle until nothing is due, and say each alert that was claimed; after the first claim, wait for the others."""
    store = await open_store(settings)
    print("ready", flush=True)
    sys.stdin.readline()
    waited = False
    while claims := await store.claim("siem", portion, LATER, LATER + timedelta(hours=1)):
        for item in claims:
            print(item.alert.id, flush=True)
        if not waited:
            print("claimed", flush=True)
            sys.stdin.readline()
            waited = True
        await store.settle(
            [Settlement(item.alert.id, "siem", DeliveryState.DELIVERED, at(1)) for item in claims[1:]]
        )
    await store.close()


ACTIONS = {"commit": commit, "claim": claim}

if __name__ == "__main__":
    asyncio.run(ACTIONS[sys.argv[1]](StoreSettings(url=sys.argv[2]), int(sys.argv[3])))
