"""From any earlier schema to the present one, in numbered steps.

Keeps: a step that was released never changes again; what changes is added as a new step. All missing steps
are applied in one transaction, so that a database is always at some whole version.

The statements are text on purpose: a step is what it was, whatever `schema` says today. `{bytes}` is the
database's word for a column of bytes; everything else is read alike by SQLite and PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, inspect, select

from trailwarden.errors import SchemaError
from trailwarden.store.schema import schema_version

_BYTES = {"sqlite": "BLOB", "postgresql": "BYTEA"}

_STEPS: tuple[tuple[str, ...], ...] = (
    # --- 1: alerts and their deliveries, checkpoints, inventory, quarantine ---------------------------------
    (
        "CREATE TABLE schema_version (version BIGINT NOT NULL PRIMARY KEY)",
        """CREATE TABLE alerts (
            id TEXT NOT NULL PRIMARY KEY,
            rule_id TEXT NOT NULL,
            severity TEXT NOT NULL,
            event_time BIGINT,
            created_at BIGINT NOT NULL,
            summary TEXT NOT NULL,
            fingerprint TEXT NOT NULL,
            document {bytes} NOT NULL
        )""",
        "CREATE INDEX alerts_by_age ON alerts (created_at)",
        """CREATE TABLE deliveries (
            alert_id TEXT NOT NULL,
            sink TEXT NOT NULL,
            state TEXT NOT NULL,
            attempts BIGINT NOT NULL,
            due_at BIGINT NOT NULL,
            claimed_until BIGINT,
            first_claimed_at BIGINT,
            created_at BIGINT NOT NULL,
            settled_at BIGINT,
            reason TEXT,
            detail TEXT NOT NULL,
            PRIMARY KEY (alert_id, sink),
            FOREIGN KEY (alert_id) REFERENCES alerts (id) ON DELETE CASCADE
        )""",
        "CREATE INDEX deliveries_due ON deliveries (sink, due_at, alert_id, created_at) WHERE state = 'pending'",
        "CREATE INDEX deliveries_by_state ON deliveries (sink, state, settled_at)",
        """CREATE TABLE checkpoints (
            source TEXT NOT NULL,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (source, key)
        )""",
        """CREATE TABLE received (
            source TEXT NOT NULL,
            key TEXT NOT NULL,
            size BIGINT NOT NULL,
            sha256 TEXT NOT NULL,
            events BIGINT NOT NULL,
            matched BIGINT NOT NULL,
            quarantined BIGINT NOT NULL,
            received_at BIGINT NOT NULL,
            PRIMARY KEY (source, key)
        )""",
        "CREATE INDEX received_by_age ON received (received_at)",
        """CREATE TABLE quarantine (
            id TEXT NOT NULL PRIMARY KEY,
            source TEXT NOT NULL,
            origin TEXT NOT NULL,
            reason TEXT NOT NULL,
            detail TEXT NOT NULL,
            payload {bytes} NOT NULL,
            payload_truncated BOOLEAN NOT NULL,
            created_at BIGINT NOT NULL
        )""",
        "CREATE INDEX quarantine_by_age ON quarantine (created_at)",
    ),
)

LATEST = len(_STEPS)
"""The version of the schema that this program reads and writes."""


def migrate(connection: Connection) -> int:
    """Bring the database to LATEST, inside the transaction that the connection is in. Returns how many steps
    it took.

    Raises SchemaError when the database is of a newer version than this program knows.
    """
    version = _version(connection)
    if version > LATEST:
        raise SchemaError(
            f"the store has schema version {version}, this program knows up to {LATEST}: "
            "use the version of Trailwarden that wrote it or a newer one, or name another store.url"
        )
    for number in range(version + 1, LATEST + 1):
        for statement in _STEPS[number - 1]:
            connection.exec_driver_sql(statement.format(bytes=_BYTES[connection.dialect.name]))
        connection.execute(insert(schema_version).values(version=number))
    return LATEST - version


def _version(connection: Connection) -> int:
    """0 for a database without our tables."""
    if not inspect(connection).has_table(schema_version.name):
        return 0
    versions = connection.execute(select(schema_version.c.version)).scalars().all()
    return max(versions, default=0)
