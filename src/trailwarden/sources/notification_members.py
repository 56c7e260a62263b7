"""The members of a notification, each with the type that it must have.

Keeps: what is missing or of another type is NotANotification with a reason in one line; nothing foreign is shown at length.

Next: `trailwarden.sources.s3_notifications`, the forms that are read with these.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

MAX_OBJECTS: Final = 1000
"""Announcements in one message. S3 sends one; CloudTrail a handful."""

_SHOWN: Final = 60
"""Characters of a foreign text in a reason."""

_T = TypeVar("_T")


class NotANotification(ValueError):  # noqa: N818
    """The body announces nothing that is known here. The text is the reason, in one line."""


def member(where: dict[str, Any], name: str, kind: type[_T]) -> _T:
    """A member that must be there, of that type."""
    return typed(where.get(name), f"`{name}`", kind)


def typed(value: object, what: str, kind: type[_T]) -> _T:
    """The value, if it is of that type. what: its name in the reason."""
    if not isinstance(value, kind):
        raise NotANotification(f"{what} is {kind_of(value)}, not {_KINDS[kind]}")
    return value


def several(where: dict[str, Any], name: str, kind: type[_T]) -> list[_T]:
    """A list with something in it: an empty one announces nothing, and must not pass for a message read."""
    values = member(where, name, list)
    if not 0 < len(values) <= MAX_OBJECTS:
        raise NotANotification(f"`{name}` has {len(values)} entries, not 1 to {MAX_OBJECTS}")
    return [typed(value, f"an entry of `{name}`", kind) for value in values]


def text_of(where: dict[str, Any], name: str) -> str | None:
    """A member that may be missing; null and the empty text are the same as missing."""
    return None if where.get(name) is None else utf8(member(where, name, str), name) or None


def utf8(text: str, name: str) -> str:
    """The text, if it can leave Python again: JSON can spell half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotANotification(f"`{name}` is not Unicode text: {shown(text)}") from None
    return text


_KINDS: Final[dict[type, str]] = {dict: "an object", list: "a list", str: "a text"}


def kind_of(value: object) -> str:
    """The type of a JSON value, in words."""
    return "missing" if value is None else _KINDS.get(type(value), "a number or a boolean")


def shown(value: object) -> str:
    """A foreign value as one short line."""
    return ascii(value[:_SHOWN]) if isinstance(value, str) else kind_of(value)
