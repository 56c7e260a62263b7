"""Many rows in few statements.

Each statement that the driver runs gives up the interpreter's lock and must win it back, which costs more than a row: so rows
go by the dozen, in statements of a few sizes that the driver keeps compiled.

Next: `trailwarden.store.sqlite_ledger` and `trailwarden.store.sqlite_outbox`, which use it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Final

_SIZES: Final = (64, 16, 4, 1)
"""Rows of one statement. With the most columns of a table, 64 stay below 999 parameters, the least that SQLite may allow."""
_LISTED: Final = 500
"""Values in one IN list, for the same reason."""


def run(connection: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Run a statement whose `{rows}` stands for the rows of VALUES; all rows have the same length."""
    start = 0
    for size in _SIZES:
        while len(rows) - start >= size:
            part = rows[start : start + size]
            text = _text(statement, size, len(rows[0]))
            connection.execute(text, tuple(chain.from_iterable(part)))
            start += size


@cache
def _text(statement: str, rows: int, columns: int) -> str:
    row = f"({', '.join('?' * columns)})"
    return statement.format(rows=", ".join([row] * rows))


def of(
    connection: sqlite3.Connection, statement: str, values: Sequence[object], *before: object
) -> list[tuple[object, ...]]:
    """Run a statement whose `{values}` stands for an IN list, and give its rows. before: the parameters ahead of the list."""
    rows: list[tuple[object, ...]] = []
    for start in range(0, len(values), _LISTED):
        part = values[start : start + _LISTED]
        text = statement.format(values=", ".join("?" * len(part)))
        rows += connection.execute(text, (*before, *part)).fetchall()
    return rows
