"""How our values are written into a database's own, and back: the same in every database, with or without SQLAlchemy.

Keeps: what is read is what was written, for every value that can reach us; and times sort and compare as numbers.

Next: `trailwarden.store.columns`, the same as column types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from trailwarden.errors import SchemaError

E = TypeVar("E", bound=StrEnum)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ESCAPE = "\x1a"
_UNSAFE = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED = re.compile("\x1a([0-9a-f]{4})")


@lru_cache(maxsize=256)  # what is committed together has its times in common
def microseconds(value: datetime | None) -> int | None:
    """A time as an integer: microseconds since 1970 in UTC. Raises ValueError for a time without a zone."""
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
    return (value - _EPOCH) // _MICROSECOND


def moment(value: int) -> datetime:
    """Microseconds since 1970 as a time in UTC."""
    return _EPOCH + timedelta(microseconds=value)


def escaped(value: str | None) -> str | None:
    """A text without what a database's text cannot hold.

    File names that are not UTF-8 and JSON with lone surrogates give strings that do not encode, and PostgreSQL takes no NUL.
    Such characters are written as U+001A and four hexadecimal digits, and U+001A itself likewise, so that it reverses exactly
    and stays unique.
    """
    if value is None or value.isprintable() or not _UNSAFE.search(value):
        return value
    return _UNSAFE.sub(lambda found: f"{_ESCAPE}{ord(found[0]):04x}", value)


def unescaped(value: str) -> str:
    """The text that `escaped` was given."""
    return value if _ESCAPE not in value else _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)


def word(of: type[E], value: str) -> E:
    """A member of a closed enum by its word. A word that is not of it was written by a newer version: SchemaError."""
    try:
        return of(value)
    except ValueError as fault:
        raise SchemaError(
            f"the store holds the {of.__name__.lower()} {value!r}, which this version does not "
            "know: use the version that wrote it, or a newer one"
        ) from fault


def flat_json(value: Mapping[str, str | int]) -> str:
    """A flat object as text. Not with escapes: two lone surrogates side by side would be read back as one character."""
    return json.dumps(dict(value), ensure_ascii=False)
