"""Selectors compiled to functions that fetch values out of an event.

Keeps: what a selector names is what `reference` says it names; a step into a value of the wrong type leads nowhere.

Next: `trailwarden.patterns.predicate`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from trailwarden.patterns.syntax import EveryElement, EveryMember, Index, Name, Selector, Step

ABSENT: Final = object()
"""What a selector that leads nowhere gives; never a JSON value."""

_Fetch = Callable[[Any], Any]


def one_value(selector: Selector) -> _Fetch:
    """Event to the value of a selector without wildcards, or ABSENT."""
    fetches = tuple(map(_fetch, selector.steps))
    if len(fetches) == 1:
        return fetches[0]

    def find(event: Any) -> Any:
        value = event
        for fetch in fetches:
            value = fetch(value)
            if value is ABSENT:
                break
        return value

    return find


def all_values(selector: Selector) -> Callable[[Any], Iterable[Any]]:
    """Event to the values of any selector."""
    expansions = tuple(map(_expansion, selector.steps))

    def find(event: Any) -> Iterable[Any]:
        values: Iterable[Any] = (event,)
        for expand in expansions:
            values = expand(values)
        return values

    return find


def _fetch(step: Step) -> _Fetch:
    match step:
        case Name(name):
            return lambda value: value.get(name, ABSENT) if isinstance(value, dict) else ABSENT
        case Index(index):
            return lambda value: value[index] if isinstance(value, list) and index < len(value) else ABSENT
        case _:
            raise ValueError(f"{step} names more than one value")


def _expansion(step: Step) -> Callable[[Iterable[Any]], Iterator[Any]]:
    match step:
        case EveryMember():
            return lambda values: (
                inner for value in values if isinstance(value, dict) for inner in value.values()
            )
        case EveryElement():
            return lambda values: (inner for value in values if isinstance(value, list) for inner in value)
        case _:
            fetch = _fetch(step)
            return lambda values: (found for value in values if (found := fetch(value)) is not ABSENT)
