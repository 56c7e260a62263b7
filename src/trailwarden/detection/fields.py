"""Reading fields of an event that may be of any type: nothing here raises for what an event holds.

Keeps: text that goes into an alert is bounded and holds no control, bidirectional or lone surrogate characters: part of it
is chosen by whoever made the call.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any, Final

MAX_TEXT: Final = 1024
"""Characters of a text that is taken from an event; CloudTrail itself cuts most of them at 1 KB."""
_LIST_WRAPPINGS: Final = 4
_UNWANTED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """A text that can be shown anywhere: unwanted characters become U+FFFD, what is too long is cut with an ellipsis."""
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join("\ufffd" if unicodedata.category(char) in _UNWANTED else char for char in shown)


def text(value: Any, *path: str) -> str | None:
    """The string at a path; None when there is none, or it is empty. Numbers are given as text: ids come as numbers at times."""
    found = at(value, *path)
    if isinstance(found, bool) or not isinstance(found, str | int):
        return None
    return clean(str(found)[: MAX_TEXT + 1]) or None


def account(value: Any, *path: str) -> str | None:
    """An account id: CloudTrail writes some as numbers, which loses leading zeros."""
    found = at(value, *path)
    if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 10**12:
        return f"{found:012d}"
    return text(value, *path)


def at(value: Any, *path: str) -> Any:
    """What stands at a path; names are compared without regard to case, since newer operations write VpcId for vpcId."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value[name] if name in value else _any_case(value, name)
    return value


def _any_case(value: dict[str, Any], name: str) -> Any:
    lowered = name.lower()
    return next(
        (inner for key, inner in value.items() if isinstance(key, str) and key.lower() == lowered), None
    )


def as_list(value: Any) -> list[Any]:
    """The elements of what CloudTrail writes for a list: an array, `{"items": …}`, `{"item": …}`, `""`, a single value."""
    for _ in range(_LIST_WRAPPINGS):
        if not isinstance(value, dict):
            break
        name = next((name for name in ("items", "item") if name in value), None)
        if name is None:
            break
        value = value[name]
    if value is None or value in ("", {}):
        return []
    elements = value if isinstance(value, list) else [value]
    return [element.get("content", element) if isinstance(element, dict) else element for element in elements]


def unwrapped(parameters: Any) -> Any:
    """`{"CreateFlowLogsRequest": {…}}` is what newer operations write: the inner object."""
    if isinstance(parameters, dict) and len(parameters) == 1:
        ((name, inner),) = parameters.items()
        if isinstance(name, str) and name.endswith(("Request", "Response")) and isinstance(inner, dict):
            return inner
    return parameters


def strings(value: Any, budget: int = 2000) -> Iterator[str]:
    """The strings in a value, at any depth, in order; at the most `budget` values are looked at."""
    waiting = [value]
    while waiting and budget > 0:
        budget -= 1
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting.extend(reversed(one.values()))
        elif isinstance(one, list):
            waiting.extend(reversed(one[:budget]))
