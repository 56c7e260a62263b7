"""Which texts can be meant for strings alone, and which could also be a number, true, false or null in an event.

Keeps: errs towards "could be": a text is `only_strings` only when no spelling of another JSON value has its pieces.

Next: `trailwarden.patterns.needles` and `trailwarden.patterns.predicate`, which treat the two kinds differently.
"""

from __future__ import annotations

from typing import Final

from trailwarden.patterns.globs import glob
from trailwarden.patterns.numbers import number_in_text

_WORDS: Final = ("null", "true", "false", "NaN", "Infinity", "-Infinity")
_NUMERIC: Final = frozenset("0123456789+-.e")
_MOST: Final = {".": 1, "e": 1, "+": 2, "-": 2}
"""What the spelling of one number contains at most: a sign, a period, an exponent with a sign."""


def only_strings(pieces: tuple[str, ...]) -> bool:
    """Whether a text with these pieces (see `globs.wide`) can be satisfied by nothing but a string."""
    if any(map(glob(pieces), _WORDS)):
        return False
    if len(pieces) == 1 and (not pieces[0] or number_in_text(pieces[0]) is not None):
        return not pieces[0]
    letters = "".join(pieces)
    numeric = set(letters) <= _NUMERIC and all(letters.count(sign) <= most for sign, most in _MOST.items())
    return not numeric
