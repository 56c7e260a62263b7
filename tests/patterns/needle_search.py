"""Whether a parsed event contains a needle, said as simply as possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trailwarden.patterns import Needle


def contains_one_of(event: object, needles: Iterable[Needle]) -> bool:
    """Whether at least one of the needles is in the event, at any depth."""
    places = list(_places(None, event))
    return any(_is_at(needle, key, value) for needle in needles for key, value in places)


def _places(key: str | None, value: object) -> Iterator[tuple[str | None, object]]:
    """Every value in the event with the name of the member that it is directly, if any."""
    yield key, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _places(None, inner)


def _is_at(needle: Needle, key: str | None, value: object) -> bool:
    if needle.key is not None and needle.key != key:
        return False
    if needle.text is None:
        return True
    if not isinstance(value, str):
        return False
    if needle.whole_start and needle.whole_end:
        return value == needle.text
    if needle.whole_start:
        return value.startswith(needle.text)
    return value.endswith(needle.text) if needle.whole_end else needle.text in value
