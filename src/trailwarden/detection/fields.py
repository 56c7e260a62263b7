"""Reading fields of an event that may be of any type: nothing here raises for what an event holds.

Keeps: text that goes into an alert is bounded and holds no control, bidirectional or lone surrogate characters: part of it
is chosen by whoever made the call.

Source of the shapes: CloudTrail records of EC2 calls, whose newer operations are converted from XML. Next:
`trailwarden.detection.resources`, which reads most.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field

from trailwarden.detection.spellings import INNER, surely_absent

MAX_TEXT: Final = 1024
"""Characters of a text that is taken from an event; CloudTrail itself cuts most of them at 1 KB."""
MAX_PLACE: Final = 4096
"""Characters of a text that says where bytes came from: as long as a path may be."""
MAX_DIGITS: Final = 40
"""Of a number that is taken as text. None of AWS's is as long; Python refuses to write those of several thousand."""

PART: Final = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)
"""Of every model that the document is made of: every field is always written, and the schema says so."""

Text = Annotated[str, Field(max_length=MAX_TEXT)]
AccountId = Annotated[str, Field(pattern=r"^[0-9]{12}$")]

_WRAPPINGS: Final = 8
_UNWANTED: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """A text that can be shown anywhere: unwanted characters become U+FFFD, what is too long is cut with an ellipsis."""
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text
    shown = text if len(text) <= limit else text[: limit - 1] + "…"
    if shown.isascii() and shown.isprintable():
        return shown
    return "".join("\ufffd" if unicodedata.category(char) in _UNWANTED else char for char in shown)


def text(value: Any, *path: str) -> str | None:
    """The string at a path; None when there is none, or it is empty. Numbers are given as text: ids come as numbers at times."""
    for name in path:  # as `at` does it: a call of its own would cost as much again, thirty times an alert
        if not isinstance(value, dict):
            return None
        value = value[name] if name in value else _any_case(value, name)
    if isinstance(value, str):
        plain = value.isascii() and value.isprintable() and len(value) <= MAX_TEXT
        return (value if plain else clean(value)) or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**MAX_DIGITS else None
    return None


def texts(values: Iterable[Any]) -> list[str | None]:
    """As `text` reads each: for several that every alert asks for."""
    return [
        one if isinstance(one, str) and one.isascii() and one.isprintable() and 0 < len(one) <= MAX_TEXT
        else None if one is None
        else text(one)
        for one in values
    ]  # fmt: skip


def member_of(value: Any) -> Callable[[str], Any]:
    """What stands under a name in an object inside a record, as `at` reads it: for who asks for several.

    The name must be no other spelling of one in `INNER`.
    """
    if not isinstance(value, dict):
        return _nothing
    # With these names alone none is there in another spelling.
    return value.get if value.keys() <= INNER else partial(at, value)


def _nothing(_name: str) -> None:
    return None


def account(value: Any, *path: str) -> str | None:
    """An account id, 12 digits: CloudTrail writes some as numbers, which loses leading zeros. None for anything else."""
    found = at(value, *path)
    if isinstance(found, str):
        return found if is_account(found) else None
    if isinstance(found, float) and found.is_integer():
        found = int(found)
    if isinstance(found, int) and not isinstance(found, bool):
        return f"{found:012d}" if 0 <= found < 10**12 else None
    return None


def is_account(value: str) -> bool:
    """Twelve ASCII digits."""
    return len(value) == 12 and value.isascii() and value.isdigit()


def at(value: Any, *path: str) -> Any:
    """What stands at a path; names are compared without regard to case, since newer operations write VpcId for vpcId."""
    for name in path:
        if not isinstance(value, dict):
            return None
        value = value[name] if name in value else _any_case(value, name)
    return value


def _any_case(value: dict[str, Any], name: str) -> Any:
    """name: ASCII, and not a key. A key that is the same but for its case is as long, which is seen sooner."""
    if surely_absent(value, name):
        return None
    length, lowered = len(name), name.lower()
    for key, inner in value.items():
        if len(key) == length and key.lower() == lowered:
            return inner
    return None


def as_list(value: Any) -> list[Any]:
    """The elements of whatever CloudTrail writes for a list.

    An array, `{"items": …}`, `{"item": …}`, `""` or `{}` for an empty one, a single value for one of one element; each element
    alone or as `{"tag": n, "content": value}`.
    """
    for _ in range(_WRAPPINGS):
        inner = at(value, "items")
        inner = at(value, "item") if inner is None else inner
        if inner is None:
            break
        value = inner
    if value is None or value in ("", {}):
        return []
    return [_content(element) for element in (value if isinstance(value, list) else [value])]


def _content(element: Any) -> Any:
    return element["content"] if isinstance(element, dict) and "content" in element else element


def unwrapped(parameters: Any) -> Any:
    """`{"CreateFlowLogsRequest": {…}}` is what newer operations write: the inner object."""
    if isinstance(parameters, dict) and len(parameters) == 1:
        ((name, inner),) = parameters.items()
        if name.endswith(("Request", "Response")) and isinstance(inner, dict):
            return inner
    return parameters


def strings(value: Any, budget: int = 2000) -> Iterator[str]:
    """The strings in a value, at any depth, in order; no more than `budget` values are looked at."""
    waiting = [value]
    while waiting and budget > 0:
        budget -= 1
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting.extend(reversed(list(one.values())[:budget]))
        elif isinstance(one, list):
            waiting.extend(reversed(one[:budget]))
