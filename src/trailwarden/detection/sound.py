"""A file of rules that is plainly as it should be, told without the models of `trailwarden.detection.rules`.

Keeps: what is sound here is accepted by the models, as it stands. The reverse is not promised: "not sound" means that the models
are asked, which take longer to load than a scan of a hundred files and say what is wrong. Texts beyond ASCII are left to them.

Next: `trailwarden.detection.mistakes`, which asks them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

_Check = Callable[[Any], bool]


def is_sound(document: dict[str, Any]) -> bool:
    """Whether the whole file is plainly as `PackText` says."""
    return _has(document, _PACK, frozenset({"pack", "title", "rules"}))


def _has(value: Any, members: Mapping[str, _Check], required: frozenset[str]) -> bool:
    return (
        isinstance(value, dict)
        and required <= value.keys() <= members.keys()
        and all(members[key](member) for key, member in value.items())
    )


def _text(least: int, most: int) -> _Check:
    return lambda value: isinstance(value, str) and least <= len(value) <= most and value.isascii()


def _like(expression: str) -> _Check:
    matches = re.compile(expression).fullmatch
    return lambda value: isinstance(value, str) and matches(value) is not None


def _list(of: _Check, least: int, most: int) -> _Check:
    return lambda value: isinstance(value, list) and least <= len(value) <= most and all(map(of, value))


def _is_example(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) and key.isascii() for key in value)


def _is_severity(value: Any) -> bool:
    return isinstance(value, str) and value in {"informational", "low", "medium", "high", "critical"}


_ID: Final = _like("[a-z0-9-]{1,64}")
_TITLE: Final = _text(1, 200)
_DESCRIPTION: Final = _text(0, 4000)
_ENTRIES: Final = _list(_text(1, 500), 0, 32)
_EXAMPLES: Final = _list(_is_example, 1, 1000)
_REFERENCES: Final[dict[str, _Check]] = {
    "cis": _ENTRIES,
    "security_hub": _ENTRIES,
    "cce": _ENTRIES,
    "mitre_attack": _list(_like(r"T[0-9]{4}(?:\.[0-9]{3})?"), 0, 32),
    "urls": _ENTRIES,
}
_RULE: Final[dict[str, _Check]] = {
    "id": _ID,
    "title": _TITLE,
    "severity": _is_severity,
    "pattern": _text(0, 1024 * 1024),
    "description": _DESCRIPTION,
    "references": lambda value: _has(value, _REFERENCES, frozenset()),
    "must_match": _EXAMPLES,
    "must_not_match": _EXAMPLES,
}
_RULE_REQUIRED: Final = frozenset({"id", "title", "severity", "pattern", "must_match", "must_not_match"})
_PACK: Final[dict[str, _Check]] = {
    "pack": _ID,
    "title": _TITLE,
    "description": _DESCRIPTION,
    "version": _TITLE,
    "rules": _list(lambda value: _has(value, _RULE, _RULE_REQUIRED), 1, 10_000),
}
