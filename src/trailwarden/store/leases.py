"""What one instance alone does for all: who has it, and until when.

Keeps: of one name there is one holder at a time, in all instances together, as far as their clocks agree; and what is
committed under a lease is committed by its holder, whatever the clocks say. Every function runs inside the caller's
transaction.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from trailwarden.errors import LeaseLostError
from trailwarden.store.base import Lease
from trailwarden.store.schema import leases
from trailwarden.store.upsert import insert_new


def take(connection: Connection, wanted: Lease, now: datetime) -> Lease:
    """The lease as it is afterwards: `wanted`, or somebody else's."""
    row = {"name": wanted.name, "holder": wanted.holder, "until": wanted.until}
    connection.execute(insert_new(connection.dialect.name, leases), row)
    taken = connection.execute(
        update(leases)
        .where(leases.c.name == wanted.name, (leases.c.holder == wanted.holder) | (leases.c.until <= now))
        .values(holder=wanted.holder, until=wanted.until)
    )
    if taken.rowcount:
        return wanted
    found = connection.execute(select(leases).where(leases.c.name == wanted.name)).one()
    return Lease(found.name, found.holder, found.until)


def confirm(connection: Connection, lease: Lease) -> None:
    """Hold on to the row until the transaction ends: nobody takes it over meanwhile. Raises LeaseLostError."""
    own = update(leases).where(leases.c.name == lease.name, leases.c.holder == lease.holder)
    if not connection.execute(own.values(holder=lease.holder)).rowcount:
        raise LeaseLostError(f"another instance has taken over {lease.name}")
