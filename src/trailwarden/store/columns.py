"""How our values are written into columns, the same in every database.

Keeps: what is read is what was written, for every value that can reach us; and times sort and compare as
numbers.

Next: `trailwarden.store.schema`, the tables made of these.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

from trailwarden.errors import SchemaError

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_ESCAPE = "\x1a"
_UNSAFE = re.compile("[\x00\x1a\ud800-\udfff]")
_ESCAPED = re.compile("\x1a([0-9a-f]{4})")


class Moment(TypeDecorator[datetime]):
    """A time as an integer: microseconds since 1970 in UTC.

    Read back timezone-aware; a naive time is refused (ValueError).
    """

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:  # noqa: ARG002 - SQLAlchemy's signature
        return _microseconds

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - likewise
        return None if value is None else _EPOCH + timedelta(microseconds=value)


class AnyText(TypeDecorator[str]):
    """Every Python string, those included that a database's text cannot hold.

    File names that are not UTF-8 and JSON with lone surrogates give strings that do not encode, and
    PostgreSQL takes no NUL. Such characters are written as U+001A and four hexadecimal digits, and U+001A
    itself likewise, so that it reverses exactly and stays unique.
    """

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:  # noqa: ARG002 - SQLAlchemy's signature
        return _escaped

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - likewise
        if value is None or _ESCAPE not in value:
            return value
        return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), value)


class Word(TypeDecorator[StrEnum]):
    """A member of a closed enum, as its word (which a StrEnum is already when it is written).

    A word that is not of the enum was written by a newer version: SchemaError.
    """

    impl = Text
    cache_ok = True

    def __init__(self, of: type[StrEnum]) -> None:
        super().__init__()
        self.of = of

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002 - SQLAlchemy's signature
        if value is None:
            return None
        try:
            return self.of(value)
        except ValueError as fault:
            raise SchemaError(
                f"the store holds the {self.of.__name__.lower()} {value!r}, which this version does not "
                "know: use the version that wrote it, or a newer one"
            ) from fault


class Coordinates(TypeDecorator[Mapping[str, str | int]]):
    """A flat JSON object, as text. Its strings come back like those of AnyText."""

    impl = AnyText
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, str | int] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        # As escapes, two lone surrogates side by side would be read back as one character.
        return None if value is None else json.dumps(dict(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, str | int] | None:  # noqa: ARG002 - likewise
        if value is None:
            return None
        loaded: dict[str, str | int] = json.loads(value)
        return loaded


# A commit writes thousands of values. SQLAlchemy calls these directly; around a `process_bind_param` it would put a call
# of its own for each value, which is a fifth of the commit.


def _microseconds(value: datetime | None) -> int | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(f"a time without a zone cannot be stored: {value.isoformat()}")
    return (value - _EPOCH) // _MICROSECOND


def _escaped(value: str | None) -> str | None:
    if value is None or not _UNSAFE.search(value):
        return value
    return _UNSAFE.sub(lambda found: f"{_ESCAPE}{ord(found[0]):04x}", value)
