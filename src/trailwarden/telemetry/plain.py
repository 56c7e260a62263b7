"""Any value that is logged, as plain JSON values without secrets, and bounded.

Keeps: what comes out holds no value under a name that looks secret, no user information and no query string of a URL,
no whole event unless asked for, and is small. The `__str__` and `__repr__` of unknown classes are never called: they
may show what they should not, or fail.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import PurePath
from types import TracebackType
from typing import Any, Final
from uuid import UUID

REDACTED: Final = "[redacted]"
MAX_TEXT: Final = 2000
MAX_VALUES: Final = 200
MAX_DEPTH: Final = 5
MAX_FRAMES: Final = 12
_MAX_CAUSES: Final = 4

_NAMES: Final = r"secret|token|passw(?:or)?d|passphrase|authorization|signature|credential|cookie|(?:api|private)[-_ ]?key"
_SECRET_NAME: Final = re.compile(_NAMES, re.IGNORECASE)
_URL: Final = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,30}://)(\S+)")
_SECRET_PAIR: Final = re.compile(
    rf"""(?ix) ( (?:{_NAMES}) [\w-]{{0,30}} ["']? \s{{0,3}} [:=] \s{{0,3}} )
         (?: (?:bearer|basic|digest) \s+ )? (?: "[^"]*" | '[^']*' | [^\s,;]+ )"""
)
_WEBHOOK_KEY: Final = re.compile(r"whsec_\S+")
_RECORD_NAMES: Final = frozenset({"record", "records", "event_data", "payload", "document", "raw", "body"})
_AS_TEXT: Final = (PurePath, UUID, date, timedelta, Decimal)


def without_secrets(text: str) -> str:
    """The text without what looks secret, and not longer than MAX_TEXT characters."""
    length = len(text)
    text = text if length <= MAX_TEXT else _cut(text)
    text = _URL.sub(lambda found: found[1] + _bare(found[2]), text)
    text = _SECRET_PAIR.sub(lambda found: found[1] + REDACTED, text)
    text = _WEBHOOK_KEY.sub(REDACTED, text)
    return text if length <= MAX_TEXT else f"{text}... ({length} characters)"


def _cut(text: str) -> str:
    """The beginning, without a URL that the cut went through: what shows that its first part is a password may be gone."""
    text = text[:MAX_TEXT]
    last = text[text.rfind(" ") + 1 :]
    return text[: -len(last)] if "://" in last else text


def _bare(rest: str) -> str:
    """What follows `scheme://`, without user information and query. A stray `@` counts as user information: rather too much."""
    before, asked, _query = rest.partition("?")
    _user, at, host = before.rpartition("@")
    return (REDACTED if at else "") + at + host + (asked and asked + REDACTED)


def plain(fields: Mapping[str, Any], *, records: bool = False) -> dict[str, Any]:
    """The fields of a log line. records: whole events may be shown."""
    walk = _Walk(records)
    return {without_secrets(str.__str__(name)): walk.named(name, value, 0) for name, value in fields.items()}


@dataclass(slots=True)
class _Walk:
    """One pass over the fields of a line; `left` bounds the values of the whole line."""

    records: bool
    left: int = MAX_VALUES

    def named(self, name: str, value: object, depth: int) -> Any:
        if value is not None and not isinstance(value, bool) and _SECRET_NAME.search(name):
            return REDACTED
        if not self.records and name in _RECORD_NAMES and not isinstance(value, (bool, int, float)):
            return f"[left out: {type(value).__name__}]"
        return self.value(value, depth)

    def value(self, value: object, depth: int) -> Any:
        self.left -= 1
        if self.left < 0 or depth > MAX_DEPTH:
            return "..."
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return _number(value)
        if isinstance(value, str):
            return without_secrets(str.__str__(value))
        if isinstance(value, BaseException):
            return exception(value)
        if isinstance(value, _AS_TEXT):
            return without_secrets(str(value))
        return self._container(value, depth)

    def _container(self, value: object, depth: int) -> Any:
        if isinstance(value, Mapping):
            return self._mapping(value, depth)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return f"[{len(value)} bytes]"
        if isinstance(value, (Sequence, Set)):
            return [self.value(one, depth + 1) for one, _ in zip(value, range(self.left + 1), strict=False)]
        return REDACTED if hasattr(value, "get_secret_value") else f"<{type(value).__name__}>"

    def _mapping(self, value: Mapping[Any, Any], depth: int) -> Any:
        if not self.records and "eventID" in value and "eventName" in value:
            value = {name: value[name] for name in ("eventID", "eventName")}
        plain_names = {}
        for (name, inner), _ in zip(value.items(), range(self.left + 1), strict=False):
            text = name if isinstance(name, str) else f"<{type(name).__name__}>"
            plain_names[without_secrets(text)] = self.named(text, inner, depth + 1)
        return plain_names


def _number(value: float) -> int | float | str:
    """JSON has neither NaN nor infinity, and many readers have no more than 64 bits."""
    if isinstance(value, int):
        return int(value) if value.bit_length() <= 64 else f"[number of {value.bit_length()} bits]"
    return float(value) if math.isfinite(value) else f"[{float(value)}]"


def exception(fault: BaseException) -> dict[str, Any]:
    """An exception as one structured value: type, message, the innermost frames, and what it came from. No local variables."""
    shown = _one_exception(fault)
    inner, current = shown, fault
    for _ in range(_MAX_CAUSES):
        following = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
        if following is None:
            break
        inner["cause"] = _one_exception(following)
        inner, current = inner["cause"], following
    return shown


def _one_exception(fault: BaseException) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": type(fault).__name__, "message": without_secrets(_message(fault))}
    shown["frames"] = _frames(fault.__traceback__)
    if isinstance(fault, BaseExceptionGroup):
        shown["exceptions"] = [_one_exception(one) for one in fault.exceptions[:_MAX_CAUSES]]
    return shown


def _message(fault: BaseException) -> str:
    """From the arguments: the `__str__` of some libraries' exceptions shows statements with their parameters."""
    if isinstance(fault, OSError):
        return OSError.__str__(fault)
    return " ".join(str.__str__(arg) for arg in fault.args if isinstance(arg, str))


def _frames(trace: TracebackType | None) -> list[str]:
    """`file.py:12 in function`, innermost last; files by their last two parts, so that no machine's paths are told."""
    frames: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        file = "/".join(PurePath(code.co_filename).parts[-2:])
        frames.append(f"{file}:{trace.tb_lineno} in {code.co_name}")
        trace = trace.tb_next
    return frames[-MAX_FRAMES:]
