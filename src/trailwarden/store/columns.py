"""Our values as column types of SQLAlchemy.

Keeps: what `trailwarden.store.values` keeps, which does the work.

Next: `trailwarden.store.schema`, the tables made of these.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

from trailwarden.store.values import escaped, flat_json, microseconds, moment, unescaped, word

# A commit writes thousands of values. SQLAlchemy calls what `bind_processor` returns directly; around a `process_bind_param`
# it would put a call of its own for each value, which is a fifth of the commit.


class Moment(TypeDecorator[datetime]):
    """A time as an integer: microseconds since 1970 in UTC.

    Read back timezone-aware; a naive time is refused (ValueError).
    """

    impl = BigInteger
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], int | None]:  # noqa: ARG002 - SQLAlchemy's signature
        return microseconds

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - likewise
        return None if value is None else moment(value)


class AnyText(TypeDecorator[str]):
    """Every Python string, those included that a database's text cannot hold."""

    impl = Text
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Callable[[str | None], str | None]:  # noqa: ARG002 - SQLAlchemy's signature
        return escaped

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - likewise
        return None if value is None else unescaped(value)


class Word(TypeDecorator[StrEnum]):
    """A member of a closed enum, as its word (which a StrEnum is already when it is written)."""

    impl = Text
    cache_ok = True

    def __init__(self, of: type[StrEnum]) -> None:
        super().__init__()
        self.of = of

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else word(self.of, value)


class Coordinates(TypeDecorator[Mapping[str, str | int]]):
    """A flat JSON object, as text. Its strings come back like those of AnyText."""

    impl = AnyText
    cache_ok = True

    def process_bind_param(self, value: Mapping[str, str | int] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else flat_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Mapping[str, str | int] | None:  # noqa: ARG002 - likewise
        if value is None:
            return None
        loaded: dict[str, str | int] = json.loads(value)
        return loaded
