"""The members of an answer of AWS, each as what it must be. Pure.

Keeps: a member of another type raises ValueError, which names it; one that is left out is told apart from one that is wrong.
Optional strings and lists are left out of an answer rather than empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

Answer = Mapping[str, Any]


def members(answer: Answer, name: str, *, optional: bool = False) -> Sequence[Answer]:
    """A list of structures. Raises ValueError, also where it is left out, unless that may be."""
    value = answer.get(name)
    if value is None and optional:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise ValueError(f"an answer without {name}")
    return value


def words(answer: Answer, name: str) -> tuple[str, ...]:
    """A list of strings; empty where it is left out. Raises ValueError."""
    value = answer.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{name} is no list of strings")
    return tuple(value)


def word(answer: Answer, name: str) -> str:
    """A string; "" where it is left out. Raises ValueError."""
    value = answer.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name} is not a string")
    return value


def needed(answer: Answer, name: str) -> str:
    """A string that must be there. Raises ValueError."""
    value = word(answer, name)
    if not value:
        raise ValueError(f"an answer without {name}")
    return value


def number(answer: Answer, name: str) -> float | None:
    """A number; None where it is left out. Raises ValueError."""
    value = answer.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is not a number")
    return float(value)


def switch(answer: Answer, name: str, *, unsaid: bool) -> bool:
    """Yes or no; unsaid: what it means to leave it out. Raises ValueError."""
    value = answer.get(name)
    if value is None:
        return unsaid
    if not isinstance(value, bool):
        raise ValueError(f"{name} is neither true nor false")
    return value


def moment(answer: Answer, name: str) -> datetime | None:
    """A time, in UTC; None where it is left out. Raises ValueError."""
    value = answer.get(name)
    if value is None:
        return None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(f"{name} is not a time")
    return value.astimezone(UTC)
