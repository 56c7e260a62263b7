"""Property: what is read from a column is what was written into it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, MetaData, Table, create_engine, insert, select
from sqlalchemy.types import TypeEngine

from tests.store.values import LATER
from trailwarden.errors import Reason, SchemaError
from trailwarden.store.columns import AnyText, Coordinates, Moment, Word

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
FAR = st.timedeltas(timedelta(days=-365_000), timedelta(days=365_000))
MOMENTS = st.builds(lambda far, zone: (LATER + far).astimezone(zone), FAR, ZONES)
STRINGS = st.text(st.characters(exclude_categories=()))
TROUBLE = st.text("\x00\x1a\ud800\udfff0af\u00e9")


def _through(kind: TypeEngine[Any], value: object) -> Any:
    table = Table("t", MetaData(), Column("value", kind))
    with create_engine("sqlite://").begin() as connection:
        table.create(connection)
        connection.execute(insert(table), {"value": value})
        read = connection.execute(select(table.c.value).where(table.c.value == value)).scalar_one()
    connection.engine.dispose()
    return read


@given(STRINGS | TROUBLE)
def test_any_text(value: str) -> None:
    assert _through(AnyText(), value) == value


@given(STRINGS | TROUBLE, STRINGS | TROUBLE)
def test_texts_that_differ_stay_different(one: str, two: str) -> None:
    written = AnyText().bind_processor(create_engine("sqlite://").dialect)
    assert (written(one) == written(two)) == (one == two)


@given(MOMENTS)
def test_moment(value: datetime) -> None:
    read = _through(Moment(), value)
    assert read == value
    assert read.tzinfo is UTC


@given(MOMENTS, MOMENTS)
def test_moments_sort_as_they_are_stored(one: datetime, two: datetime) -> None:
    written = Moment().bind_processor(create_engine("sqlite://").dialect)
    first, second = written(one), written(two)
    assert first is not None
    assert second is not None
    assert (first < second) == (one < two)


@given(st.dictionaries(STRINGS | TROUBLE, STRINGS | TROUBLE | st.integers()))
def test_coordinates(value: dict[str, str | int]) -> None:
    assert _through(Coordinates(), value) == value


@pytest.mark.parametrize("reason", Reason)
def test_word(reason: Reason) -> None:
    assert _through(Word(Reason), reason) is reason


def test_an_unknown_word_is_not_guessed_at() -> None:
    table = Table("t", MetaData(), Column("value", AnyText()))
    reading = Table("t", MetaData(), Column("value", Word(Reason)))
    with create_engine("sqlite://").begin() as connection:
        table.create(connection)
        connection.execute(insert(table), {"value": "of the future"})
        with pytest.raises(SchemaError, match="'of the future', which this version does not know: use"):
            connection.execute(select(reading.c.value)).all()
    connection.engine.dispose()
