"""Account ids made unrecognizable, the same one always in the same way. Pure.

Keeps: after masking no twelve digits stand alone in any text, and no account that was audited anywhere; a masked id has twelve
characters, so that ARNs keep their form.

Next: the formats, which get the masked document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

_ID: Final = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")


class Mask:
    """Numbers accounts in the order in which they come. known: replaced wherever they stand, also within longer numbers."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._names: dict[str, str] = {}
        for account in known:
            self._name(account)
        self._known = re.compile("|".join(map(re.escape, self._names))) if self._names else None

    def text(self, text: str) -> str:
        """With every account id masked."""
        masked = (
            self._known.sub(lambda found: self._name(found[0]), text) if self._known is not None else text
        )
        return _ID.sub(lambda found: self._name(found[0]), masked)

    def value(self, value: Any) -> Any:
        """The same for every text in a JSON value, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.value(key): self.value(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        return value

    def _name(self, account: str) -> str:
        if account not in self._names:
            number = str(len(self._names) + 1)
            self._names[account] = number.rjust(12, "x")
        return self._names[account]
