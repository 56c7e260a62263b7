"""INSERT for rows that may be there already: SQL has no common words for it, so each database brings its own.

Next: `trailwarden.store.ledger`, which uses it.
"""

from __future__ import annotations

from sqlalchemy import Insert, Table


def insert_new(database: str, table: Table) -> Insert:
    """INSERT that leaves a row alone whose key is there already. database: SQLAlchemy's name of the dialect."""
    key = list(table.primary_key.columns)
    if database == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql  # noqa: PLC0415 - a third of the start of who uses SQLite

        return postgresql(table).on_conflict_do_nothing(index_elements=key)
    from sqlalchemy.dialects.sqlite import insert as sqlite  # noqa: PLC0415 - likewise

    return sqlite(table).on_conflict_do_nothing(index_elements=key)


def insert_or_replace(database: str, table: Table) -> Insert:
    """INSERT that replaces every value of a row whose key is there already."""
    key = list(table.primary_key.columns)
    rest = [column.name for column in table.columns if not column.primary_key]
    if database == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql  # noqa: PLC0415 - likewise

        row = postgresql(table)
        return row.on_conflict_do_update(index_elements=key, set_={name: row.excluded[name] for name in rest})
    from sqlalchemy.dialects.sqlite import insert as sqlite  # noqa: PLC0415 - likewise

    new = sqlite(table)
    return new.on_conflict_do_update(index_elements=key, set_={name: new.excluded[name] for name in rest})
