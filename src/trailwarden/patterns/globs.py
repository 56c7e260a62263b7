"""Texts with `*` in them: their two readings, and matching in linear time.

Documents of up to about 2020 let `*` stand at the ends of a text only and took an inner one literally; later ones have
no such restriction. Keeps: what the narrow reading accepts, the wide one accepts.

Next: `trailwarden.patterns.predicate`.
"""

from __future__ import annotations

from collections.abc import Callable


def wide(text: str) -> tuple[str, ...]:
    """The pieces between the wildcards when each `*` is one. One piece: no wildcard."""
    return tuple(text.split("*"))


def narrow(text: str) -> tuple[str, ...]:
    """The pieces when only a `*` at an end is a wildcard."""
    opened = text.startswith("*")
    body = text[1:] if opened else text
    closed = body.endswith("*")
    body = body[:-1] if closed else body
    return ("",) * opened + (body,) + ("",) * closed


def glob(pieces: tuple[str, ...]) -> Callable[[str], bool]:
    """Whether a string is the pieces in their order with anything between them, first and last at its ends."""
    head, *inner, tail = pieces if len(pieces) > 1 else (pieces[0], "")
    if len(pieces) == 1:
        return head.__eq__
    if not inner and not tail:
        return lambda value: value.startswith(head)
    if not inner and not head:
        return lambda value: value.endswith(tail)
    shortest = len(head) + len(tail)

    def matches(value: str) -> bool:
        if len(value) < shortest or not value.startswith(head) or not value.endswith(tail):
            return False
        place, limit = len(head), len(value) - len(tail)
        for piece in inner:
            found = value.find(piece, place, limit)
            if found < 0:
                return False
            place = found + len(piece)
        return True

    return matches
