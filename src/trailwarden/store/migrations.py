"""From any earlier schema to the present one, in numbered steps.

Keeps: a step that was released never changes again; what changes is added as a new step. All missing steps
are applied in one transaction, so that a database is always at some whole version.

The statements are text on purpose: a step is what it was, whatever `schema` says today. `{bytes}` is the
database's word for a column of bytes; everything else is read alike by SQLite and PostgreSQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from trailwarden.errors import SchemaError

if TYPE_CHECKING:
    from sqlalchemy import Connection

BYTES: Final = {"sqlite": "BLOB", "postgresql": "BYTEA"}
"""A database -> its word for a column of bytes."""

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
    # --- 2: what one instance does for all ------------------------------------------------------------------
    (
        """CREATE TABLE leases (
            name TEXT NOT NULL PRIMARY KEY,
            holder TEXT NOT NULL,
            until BIGINT NOT NULL
        )""",
    ),
)

LATEST = len(_STEPS)
"""The version of the schema that this program reads and writes."""


def missing(version: int, column_of_bytes: str) -> list[str]:
    """The statements from a version of the schema (0: a database without our tables) to LATEST; none when it is there.

    Raises SchemaError when the database is of a newer version than this program knows.
    """
    if version > LATEST:
        raise SchemaError(
            f"the store has schema version {version}, this program knows up to {LATEST}: "
            "use the version of Trailwarden that wrote it or a newer one, or name another store.url"
        )
    statements: list[str] = []
    for number in range(version + 1, LATEST + 1):
        statements += [statement.format(bytes=column_of_bytes) for statement in _STEPS[number - 1]]
        statements.append(f"INSERT INTO schema_version (version) VALUES ({number})")  # noqa: S608 - our own number
    return statements


def migrate(connection: Connection) -> None:
    """Bring the database to LATEST, inside the transaction that the connection is in. Raises SchemaError like `missing`."""
    from sqlalchemy import inspect  # noqa: PLC0415 - a quarter of a second, for who uses it

    version = 0
    if inspect(connection).has_table("schema_version"):
        version = connection.exec_driver_sql(
            "SELECT coalesce(max(version), 0) FROM schema_version"
        ).scalar_one()
    for statement in missing(version, BYTES[connection.dialect.name]):
        connection.exec_driver_sql(statement)
